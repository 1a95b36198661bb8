"""Issuing and recognising brand keys."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

from django.db import DEFAULT_DB_ALIAS, transaction

from brands.credentials import bearer
from brands.models import Brand, BrandKey
from core.db import Statement

LIVE_KEY, TEST = "cmr_live", "cmr_test"

#: What a key may be allowed to do.
KEY_SCOPES = {
    "check": "ask whether the brand may reach a person",
    "events": "read the change feed",
    "ack": "confirm that changes were applied",
    "subscriptions": "manage webhooks",
    "relationships": "register people and record what they told the brand",
    "imports": "import people and their consents",
    "exports": "take out a copy of what people said, and the hashes of their addresses",
    "ask": "ask people for a yes",
    "links": "make the links of its mails",
    "inbound": "hand on what people answered, and let mail providers tell us",
    "catalogue": "make, rename and retire topics, and write notices",
    "campaigns": "report what campaigns sent and brought",
    "reports": "read the brand's own numbers",
    "keys": "issue, rotate and revoke the brand's keys",
}


class UnknownScope(ValueError):
    """A key was asked for with a scope that does not exist."""


class KeyNotUsable(Exception):
    """This key was revoked or has expired."""


def issue_key(
    brand: Brand,
    *,
    name: str,
    scopes: Iterable[str] = KEY_SCOPES,
    expires_at: datetime | None = None,
) -> str:
    """Make a key and return its text, which is never to be had again.

    Raises:
        UnknownScope: one of *scopes* is not in `SCOPES`.
    """
    wanted = sorted(set(scopes))
    if unknown := [scope for scope in wanted if scope not in KEY_SCOPES]:
        raise UnknownScope(", ".join(unknown))
    made = bearer.generate_credential(TEST if brand.test else LIVE_KEY)
    BrandKey.objects.create(
        brand=brand,
        name=name,
        prefix=made.prefix,
        digest=made.digest,
        scopes=wanted,
        expires_at=expires_at,
    )
    return made.text


def read_key_prefix(text: str) -> str | None:
    """The public part of a key of either mode; None for any other text."""
    return bearer.read_credential_prefix(text, kind=LIVE_KEY) or bearer.read_credential_prefix(
        text, kind=TEST
    )


USABLE = """
SELECT {columns}
FROM brands_brandkey key JOIN brands_brand brand ON brand.id = key.brand_id
WHERE key.prefix = %(prefix)s AND key.revoked_at IS NULL
    AND (key.expires_at IS NULL OR key.expires_at > %(now)s)
"""
#: What each call needs of its key and its brand, in the order of their models.
KEY_FIELDS = ["id", "brand_id", "name", "prefix", "digest", "scopes", "expires_at"]
BRAND_FIELDS = ["id", "slug", "name", "test", "link_key"]
BY_PREFIX = Statement(
    USABLE.format(
        columns=", ".join(
            [*(f"key.{each}" for each in KEY_FIELDS), *(f"brand.{each}" for each in BRAND_FIELDS)]
        )
    )
)
#: The brand that asks, with what its key may do and is compared by, for statements that begin so.
KEY_BRAND_QUERY = USABLE.format(columns="key.digest, key.scopes, brand.id, brand.slug")


def recognise_key(text: str, *, now: datetime) -> BrandKey | None:
    """Return the usable key that *text* is, or None. What is not read here is read when needed."""
    if (prefix := read_key_prefix(text)) is None:
        return None
    asked = {"prefix": prefix, "now": now}
    for row in BY_PREFIX.ask(asked):
        of_key, of_brand = row[: len(KEY_FIELDS)], row[len(KEY_FIELDS) :]
        key = BrandKey.from_db(DEFAULT_DB_ALIAS, KEY_FIELDS, of_key)
        if bearer.matches_digest(text, bytes(key.digest)):
            record_key_use(prefix, now=now)
            key.brand = Brand.from_db(DEFAULT_DB_ALIAS, BRAND_FIELDS, of_brand)
            return key
    return None


STILL_USABLE = Statement("""
SELECT FROM brands_brandkey
WHERE id = %(id)s AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > %(now)s)
""")


def is_key_still_usable(key: BrandKey, *, now: datetime) -> bool:
    """Look again whether *key*, which was usable before, was revoked or has expired meanwhile."""
    return bool(STILL_USABLE.ask({"id": key.pk, "now": now}))


#: The day on which this process last saw each key used.
_seen: dict[str, date] = {}


def record_key_use(prefix: str, *, now: datetime) -> None:
    """Remember the day; a process writes it once a day for each key."""
    today = now.astimezone(UTC).date()
    if _seen.get(prefix) != today:
        BrandKey.objects.filter(prefix=prefix).update(last_used_on=today)
        _seen[prefix] = today


def is_key_usable(key: BrandKey, *, now: datetime) -> bool:
    """Whether *key* was neither revoked nor has expired."""
    return key.revoked_at is None and (key.expires_at is None or key.expires_at > now)


def rotate_key(key: BrandKey, *, overlap: timedelta, now: datetime) -> str:
    """A new key in place of *key*, which goes on working for the *overlap*; the new one's text.

    Raises:
        NotUsable
    """
    with transaction.atomic():
        old = BrandKey.objects.select_for_update().select_related("brand").get(pk=key.pk)
        if not is_key_usable(old, now=now):
            raise KeyNotUsable("this key was revoked or has expired")
        text = issue_key(old.brand, name=old.name, scopes=old.scopes)
        old.expires_at = min(filter(None, [old.expires_at, now + overlap]))
        old.save(update_fields=["expires_at"])
    return text


def revoke_key(key: BrandKey, *, now: datetime) -> bool:
    """Make *key* useless from *now* on; False when it already was."""
    return BrandKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=now) == 1
