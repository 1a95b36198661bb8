"""Issue, recognise and revoke access tokens of consumers."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from django.utils import timezone

from brands import credentials
from cmr.models import AccessToken, Consumer, TokenScope, User
from core.db import Statement, build_instance, list_columns

KIND = "cmr_pat"
#: The default and the maximum lifetime of a token, in days.
DEFAULT_TOKEN_DAYS, MOST_TOKEN_DAYS = 90, 365


def issue_token(
    consumer: Consumer,
    *,
    name: str,
    scope: str = TokenScope.FULL,
    expires_at: datetime | None = None,
) -> str:
    """Create a token and return its text, which cannot be read again."""
    made = credentials.generate_credential(KIND)
    AccessToken.objects.create(
        consumer=consumer,
        name=name,
        scope=scope,
        prefix=made.prefix,
        digest=made.digest,
        expires_at=expires_at or timezone.now() + timedelta(days=DEFAULT_TOKEN_DAYS),
    )
    return made.text


BY_PREFIX = Statement(f"""
SELECT {list_columns(AccessToken, of="token")}, {list_columns(Consumer, of="consumer")},
       {list_columns(User, of="person")}
FROM cmr_accesstoken token
JOIN cmr_consumer consumer ON consumer.id = token.consumer_id
JOIN cmr_user person ON person.id = consumer.user_id
WHERE token.prefix = %(prefix)s AND token.revoked_at IS NULL AND person.is_active
    AND token.expires_at > %(now)s
""")


def recognise_token(text: str, *, now: datetime) -> AccessToken | None:
    """Return the usable token with this text, with its consumer and user; None if there is none."""
    if (prefix := credentials.read_credential_prefix(text, kind=KIND)) is None:
        return None
    for row in BY_PREFIX.ask({"prefix": prefix, "now": now}):
        values = iter(row)
        token, consumer, user = (
            build_instance(AccessToken, values),
            build_instance(Consumer, values),
            build_instance(User, values),
        )
        if credentials.matches_digest(text, bytes(token.digest)):
            _note_use(token, now=now)
            token.consumer, consumer.user = consumer, user
            return token
    return None


#: The day on which this process last recorded the use of each token, by prefix.
_seen: dict[str, date] = {}


def _note_use(token: AccessToken, *, now: datetime) -> None:
    """Store the day of the last use, at most once a day for each token and process."""
    today = now.astimezone(UTC).date()
    if token.last_used_on != today and _seen.get(token.prefix) != today:
        AccessToken.objects.filter(pk=token.pk).update(last_used_on=today)
        _seen[token.prefix] = today


def revoke_token(token: AccessToken, *, now: datetime) -> bool:
    """Revoke *token*. Return False if it was revoked before."""
    return AccessToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=now) == 1


def revoke_all_tokens(user: User, *, now: datetime) -> int:
    """Revoke all usable tokens of *user*. Return their number."""
    return AccessToken.objects.usable(now).filter(consumer__user=user).update(revoked_at=now)
