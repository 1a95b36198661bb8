"""The key with which a brand's links are sealed: which it is, which still count, and a new one.

No key is kept. Each is made of `LINKS_KEY`, the brand's slug and a number that counts rotations.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from brands.models import Brand

#: A rotated key is accepted for so long. The law asks for 30 days (CAN-SPAM) or 60 (CASL) after a
#: mail; but people search old mails for a way out, and such a link can only say less.
OLD_KEYS_FOR = timedelta(days=365)
#: So many old keys of one brand are accepted at once: each costs time when a link is read.
MOST_OLD_KEYS = 10


class TooManyLinkKeys(Exception):
    """The brand has `MOST_OLD_KEYS` old keys that are still accepted."""


def derive_keys(purpose: str) -> list[bytes]:
    """Return the keys for *purpose*, of LINKS_KEY first and then of each of LINKS_OLD_KEYS."""
    roots = (settings.LINKS_KEY, *settings.LINKS_OLD_KEYS)
    return [hmac.digest(root.encode(), purpose.encode(), "sha256") for root in roots]


def derive_link_key(brand: Brand) -> bytes:
    """Return the key of today. Who has it can say no for the brand's people."""
    return derive_keys(_purpose(brand, brand.link_key))[0]


def list_accepted_link_keys(brand: Brand, *, now: datetime) -> Iterator[bytes]:
    """Yield the keys by which a link of the brand is known, that of today first."""
    yield from derive_keys(_purpose(brand, brand.link_key))
    old = brand.retired_link_keys.filter(accepted_until__gt=now).order_by("-number")
    for number in old.values_list("number", flat=True):
        yield from derive_keys(_purpose(brand, number))


def rotate_link_key(brand: Brand, *, revoke_old: bool, now: datetime) -> datetime:
    """Give the brand a new key; return until when its old one is accepted.

    With *revoke_old* no older key counts any more, and no link that was sealed with one.

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
            raise TooManyLinkKeys(f"{MOST_OLD_KEYS} old keys are accepted already")
        until = now if revoke_old else now + OLD_KEYS_FOR
        if not revoke_old:
            locked.retired_link_keys.create(number=locked.link_key, accepted_until=until)
        Brand.objects.filter(pk=brand.pk).update(link_key=locked.link_key + 1)
    brand.link_key = locked.link_key + 1
    return until


def _purpose(brand: Brand, number: int) -> str:
    """Return what a key is for; the first has no number, as before there were others."""
    return f"links of {brand.slug}" if number == 1 else f"links of {brand.slug} {number}"
