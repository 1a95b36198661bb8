"""Issuing and recognising a consumer's access tokens."""

from __future__ import annotations

from datetime import datetime

from brands import credentials
from cmr.models import AccessToken, Consumer

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


def recognise(text: str, *, now: datetime) -> AccessToken | None:
    """The usable token that *text* is, or None."""
    usable = AccessToken.objects.usable(now).select_related("consumer__user")
    return credentials.find(text, kind=KIND, usable=usable)


def revoke(token: AccessToken, *, now: datetime) -> bool:
    """Make *token* useless from *now* on; False when it already was."""
    return AccessToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=now) == 1
