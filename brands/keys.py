"""Issuing and recognising brand keys."""

from collections.abc import Iterable
from datetime import datetime

from brands import credentials
from brands.models import Brand, BrandKey

KIND = "cmr_live"

#: What a key may be allowed to do.
SCOPES = {
    "check": "ask whether the brand may reach a person",
    "events": "read the change feed",
    "ack": "confirm that changes were applied",
    "subscriptions": "manage webhooks",
    "relationships": "register people and record what they told the brand",
}


class UnknownScope(ValueError):
    """A key was asked for with a scope that does not exist."""


def issue(
    brand: Brand, *, name: str, scopes: Iterable[str] = SCOPES, expires_at: datetime | None = None
) -> str:
    """Make a key and return its text, which is never to be had again.

    Raises:
        UnknownScope: one of *scopes* is not in `SCOPES`.
    """
    wanted = sorted(set(scopes))
    if unknown := [scope for scope in wanted if scope not in SCOPES]:
        raise UnknownScope(", ".join(unknown))
    made = credentials.mint(KIND)
    BrandKey.objects.create(
        brand=brand,
        name=name,
        prefix=made.prefix,
        digest=made.digest,
        scopes=wanted,
        expires_at=expires_at,
    )
    return made.text


def recognise(text: str, *, now: datetime) -> BrandKey | None:
    """The usable key that *text* is, or None."""
    usable = BrandKey.objects.usable(now).select_related("brand")
    return credentials.find(text, kind=KIND, usable=usable)


def revoke(key: BrandKey, *, now: datetime) -> bool:
    """Make *key* useless from *now* on; False when it already was."""
    return BrandKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=now) == 1
