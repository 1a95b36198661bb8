"""Detection of connected brands, as opposed to mere entries of the directory."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import QuerySet

from brands.models import Brand, BrandKey, Subscription, Workspace


def find_connected_brands(brand_ids: Iterable[int], *, now: datetime) -> set[int]:
    """Return the ids of the connected brands: they can learn of changes now.

    They have a usable key, an enabled webhook or a workspace.
    """
    valid = BrandKey.objects.filter(revoked_at=None).exclude(expires_at__lte=now)
    return _find(brand_ids, valid, Subscription.objects.filter(disabled_at=None))


def find_ever_connected_brands(brand_ids: Iterable[int]) -> set[int]:
    """Return the ids of the brands that ever had a key, a webhook or a workspace."""
    return _find(brand_ids, BrandKey.objects.all(), Subscription.objects.all())


def _find(
    brand_ids: Iterable[int], keys: QuerySet[BrandKey], hooks: QuerySet[Subscription]
) -> set[int]:
    """Return the ids of the brands that have one of *keys* or *hooks*, or a workspace."""
    if not (ids := set(brand_ids)):
        return set()
    with_key = keys.filter(brand__in=ids).order_by().values_list("brand_id", flat=True)
    with_hook = hooks.filter(brand__in=ids).order_by().values_list("brand_id", flat=True)
    owned = Workspace.objects.filter(live__in=ids).order_by().values_list("live_id", flat=True)
    return set(with_key.union(with_hook, owned))


def is_brand_connected(brand: Brand, *, now: datetime) -> bool:
    """Return whether *brand* is connected: see `find_connected_brands`."""
    return brand.pk in find_connected_brands([brand.pk], now=now)
