"""Issuing and recognising brand keys."""

from collections.abc import Iterable
from datetime import datetime

from brands import credentials
from brands.models import Brand, BrandKey
from brands.prepared import Statement

KIND = "cmr_live"

#: What a key may be allowed to do.
SCOPES = {
    "check": "ask whether the brand may reach a person",
    "events": "read the change feed",
    "ack": "confirm that changes were applied",
    "subscriptions": "manage webhooks",
    "relationships": "register people and record what they told the brand",
    "imports": "import people and their consents",
    "exports": "take out a copy of what people said, and the hashes of their addresses",
    "ask": "ask people for a yes",
    "links": "make the links of its mails",
    "campaigns": "report what campaigns sent and brought",
    "reports": "read the brand's own numbers",
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


USABLE = """
SELECT {columns}
FROM brands_brandkey key JOIN brands_brand brand ON brand.id = key.brand_id
WHERE key.prefix = %(prefix)s AND key.revoked_at IS NULL
    AND (key.expires_at IS NULL OR key.expires_at > %(now)s)
"""
BY_PREFIX = Statement(
    USABLE.format(
        columns="key.id, key.name, key.prefix, key.digest, key.scopes, key.expires_at, "
        "brand.id, brand.slug, brand.name"
    )
)
#: The brand that asks, with what its key may do and is compared by, for statements that begin so.
ASKER = USABLE.format(columns="key.digest, key.scopes, brand.id, brand.slug")


def recognise(text: str, *, now: datetime) -> BrandKey | None:
    """The usable key that *text* is, or None. Its brand has its id, slug and name, no more."""
    if (prefix := credentials.prefix_of(text, kind=KIND)) is None:
        return None
    for pk, name, public, digest, scopes, ends, brand_id, slug, called in BY_PREFIX.ask(
        {"prefix": prefix, "now": now}
    ):
        if credentials.matches(text, bytes(digest)):
            brand = Brand(id=brand_id, slug=slug, name=called)
            return BrandKey(
                id=pk, name=name, prefix=public, scopes=scopes, expires_at=ends, brand=brand
            )
    return None


def is_usable(key: BrandKey, *, now: datetime) -> bool:
    """Whether *key* was neither revoked nor has expired."""
    return key.revoked_at is None and (key.expires_at is None or key.expires_at > now)


def revoke(key: BrandKey, *, now: datetime) -> bool:
    """Make *key* useless from *now* on; False when it already was."""
    return BrandKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=now) == 1
