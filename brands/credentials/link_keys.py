"""Keys that seal the links in a brand's mails: the current key, accepted old keys, rotation.

No key is stored. Each is derived from `LINKS_KEY`, the brand's slug and a rotation counter.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from brands.models import Brand
from core.errors import DomainError

#: How long a rotated key is accepted. Unsubscribe links must work for 30 days (CAN-SPAM) or 60 days
#: (CASL) after a mail. We accept them longer because people unsubscribe by links in old mails, and
#: such a link can only reduce what a brand may send.
OLD_KEYS_FOR = timedelta(days=365)
#: The maximum of accepted old keys per brand, because each costs time when a link is verified.
MOST_OLD_KEYS = 10


class TooManyLinkKeys(DomainError):
    """The brand has `MOST_OLD_KEYS` old keys that are still accepted."""

    status = 409
    code = "too_many_link_keys"


def derive_keys(purpose: str) -> list[bytes]:
    """Return the keys for *purpose*: derived from LINKS_KEY, then from each of LINKS_OLD_KEYS."""
    roots = (settings.LINKS_KEY, *settings.LINKS_OLD_KEYS)
    return [hmac.digest(root.encode(), purpose.encode(), "sha256") for root in roots]


def derive_link_key(brand: Brand) -> bytes:
    """Return the brand's current key.

    Keep it secret: it can seal links that record refusals in the name of the brand's people.
    """
    return derive_keys(_purpose(brand, brand.link_key))[0]


def list_accepted_link_keys(brand: Brand, *, now: datetime) -> Iterator[bytes]:
    """Yield the keys that a link of the brand may be sealed with, the current one first."""
    yield from derive_keys(_purpose(brand, brand.link_key))
    old = brand.retired_link_keys.filter(accepted_until__gt=now).order_by("-number")
    for number in old.values_list("number", flat=True):
        yield from derive_keys(_purpose(brand, number))


def rotate_link_key(brand: Brand, *, revoke_old: bool, now: datetime) -> datetime:
    """Give the brand a new key. Return until when its old one is accepted.

    With *revoke_old*, no older key is accepted, so all links in mails already sent stop working.

    Raises:
        TooManyLinkKeys
    """
    with transaction.atomic():
        locked = Brand.objects.select_for_update(no_key=True).get(pk=brand.pk)
        accepted = locked.retired_link_keys.filter(accepted_until__gt=now)
        locked.retired_link_keys.filter(accepted_until__lte=now).delete()
        if revoke_old:
            accepted.delete()
        elif accepted.count() >= MOST_OLD_KEYS:
            raise TooManyLinkKeys(
                f"{MOST_OLD_KEYS} old keys are still valid; wait until one expires, or revoke them"
            )
        until = now if revoke_old else now + OLD_KEYS_FOR
        if not revoke_old:
            locked.retired_link_keys.create(number=locked.link_key, accepted_until=until)
        Brand.objects.filter(pk=brand.pk).update(link_key=locked.link_key + 1)
    brand.link_key = locked.link_key + 1
    return until


def _purpose(brand: Brand, number: int) -> str:
    """Return the purpose to derive a key for.

    The first key has no number, so that links from before keys could be rotated stay valid.
    """
    return f"links of {brand.slug}" if number == 1 else f"links of {brand.slug} {number}"
