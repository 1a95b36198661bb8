"""Issuing and recognising a consumer's access tokens."""

from __future__ import annotations

from datetime import datetime

from brands import credentials
from brands.prepared import Statement, columns, made
from cmr.models import AccessToken, Consumer, User

KIND = "cmr_pat"


def issue(consumer: Consumer, *, name: str, expires_at: datetime | None = None) -> str:
    """Make a token and return its text, which is never to be had again."""
    made = credentials.mint(KIND)
    AccessToken.objects.create(
        consumer=consumer,
        name=name,
        prefix=made.prefix,
        digest=made.digest,
        expires_at=expires_at,
    )
    return made.text


BY_PREFIX = Statement(f"""
SELECT {columns(AccessToken, of="token")}, {columns(Consumer, of="consumer")},
       {columns(User, of="person")}
FROM cmr_accesstoken token
JOIN cmr_consumer consumer ON consumer.id = token.consumer_id
JOIN cmr_user person ON person.id = consumer.user_id
WHERE token.prefix = %(prefix)s AND token.revoked_at IS NULL AND person.is_active
    AND (token.expires_at IS NULL OR token.expires_at > %(now)s)
""")


def recognise(text: str, *, now: datetime) -> AccessToken | None:
    """The usable token that *text* is, with its consumer and their user, or None."""
    if (prefix := credentials.prefix_of(text, kind=KIND)) is None:
        return None
    for row in BY_PREFIX.ask({"prefix": prefix, "now": now}):
        values = iter(row)
        token, consumer, user = (
            made(AccessToken, values),
            made(Consumer, values),
            made(User, values),
        )
        if credentials.matches(text, bytes(token.digest)):
            token.consumer, consumer.user = consumer, user
            return token
    return None


def revoke(token: AccessToken, *, now: datetime) -> bool:
    """Make *token* useless from *now* on; False when it already was."""
    return AccessToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=now) == 1
