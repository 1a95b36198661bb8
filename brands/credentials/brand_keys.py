"""API keys of brands: issue, verify, rotate and revoke them."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

from django.db import DEFAULT_DB_ALIAS, transaction

from brands.credentials import bearer
from brands.models import Brand, BrandKey
from core.db import Statement, fetch_rows
from core.errors import DomainError

LIVE_KEY, TEST = "cmr_live", "cmr_test"

#: The scopes that a key can have, with what each allows.
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
    """The requested scope does not exist."""


class KeyNotUsable(DomainError):
    """The key was revoked or has expired."""

    status = 409
    code = "key_not_usable"


def issue_key(
    brand: Brand,
    *,
    name: str,
    scopes: Iterable[str] = KEY_SCOPES,
    expires_at: datetime | None = None,
) -> str:
    """Create a key and return its text. The text is not stored, so it cannot be shown again.

    Raises:
        UnknownScope: one of *scopes* is not in `KEY_SCOPES`.
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
    """Return the public prefix of a live or test key; None for any other text."""
    return bearer.read_credential_prefix(text, kind=LIVE_KEY) or bearer.read_credential_prefix(
        text, kind=TEST
    )


USABLE = """
SELECT {columns}
FROM brands_brandkey key JOIN brands_brand brand ON brand.id = key.brand_id
WHERE key.prefix = %(prefix)s AND key.revoked_at IS NULL
    AND (key.expires_at IS NULL OR key.expires_at > %(now)s)
"""
#: The fields of the key and the brand that every API call needs, in the order of the models.
KEY_FIELDS = ["id", "brand_id", "name", "prefix", "digest", "scopes", "expires_at"]
BRAND_FIELDS = ["id", "slug", "name", "test", "link_key"]
BY_PREFIX = Statement(
    USABLE.format(
        columns=", ".join(
            [*(f"key.{each}" for each in KEY_FIELDS), *(f"brand.{each}" for each in BRAND_FIELDS)]
        )
    )
)
#: A subquery for statements that also verify the key: its digest and scopes, and its brand.
KEY_BRAND_QUERY = USABLE.format(columns="key.digest, key.scopes, brand.id, brand.slug")


def recognise_key(text: str, *, now: datetime) -> BrandKey | None:
    """Return the usable key with this *text* and its brand, or None. Record that it was used.

    Only `KEY_FIELDS` and `BRAND_FIELDS` are loaded; Django loads other fields on access.
    """
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


STILL_USABLE = """
SELECT 1 FROM brands_brandkey
WHERE id = %(id)s AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > %(now)s)
"""


def is_key_still_usable(key: BrandKey, *, now: datetime) -> bool:
    """Return whether *key* is still usable, by a new query.

    It may have been revoked or have expired since it was loaded.
    """
    return bool(fetch_rows(STILL_USABLE, {"id": key.pk, "now": now}))


#: The UTC date on which this process last saw each key used, by the key's prefix.
_seen: dict[str, date] = {}


def record_key_use(prefix: str, *, now: datetime) -> None:
    """Store today (UTC) as the last use of a key. Each process writes it once a day per key."""
    today = now.astimezone(UTC).date()
    if _seen.get(prefix) != today:
        BrandKey.objects.filter(prefix=prefix).update(last_used_on=today)
        _seen[prefix] = today


def is_key_usable(key: BrandKey, *, now: datetime) -> bool:
    """Return whether *key* is neither revoked nor expired."""
    return key.revoked_at is None and (key.expires_at is None or key.expires_at > now)


def rotate_key(key: BrandKey, *, overlap: timedelta, now: datetime) -> str:
    """Issue a new key with the same name and scopes. Return its text.

    The old key stays valid for *overlap*, unless it expires earlier.

    Raises:
        KeyNotUsable
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
    """Revoke *key*. Return False if it was revoked already."""
    return BrandKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=now) == 1
