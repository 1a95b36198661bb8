"""Which brands have somebody behind them, and which are only names in the directory."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from brands.models import Brand, BrandKey, Subscription, Workspace


def find_connected(brand_ids: Iterable[int], *, now: datetime) -> set[int]:
    """Return those of the brands that can hear of a change: by a key, a webhook or a workspace."""
    if not (ids := set(brand_ids)):
        return set()
    valid = BrandKey.objects.filter(brand__in=ids, revoked_at=None).exclude(expires_at__lte=now)
    hooks = Subscription.objects.filter(brand__in=ids, disabled_at=None)
    owned = Workspace.objects.filter(live__in=ids)
    return set(
        valid.values_list("brand_id", flat=True)
        .order_by()
        .union(hooks.values_list("brand_id", flat=True), owned.values_list("live_id", flat=True))
    )


def find_ever_connected(brand_ids: Iterable[int]) -> set[int]:
    """Return those of the brands that ever had a key, a webhook or a workspace."""
    if not (ids := set(brand_ids)):
        return set()
    keys = BrandKey.objects.filter(brand__in=ids).values_list("brand_id", flat=True)
    hooks = Subscription.objects.filter(brand__in=ids).values_list("brand_id", flat=True)
    owned = Workspace.objects.filter(live__in=ids).values_list("live_id", flat=True)
    return set(keys.order_by().union(hooks.order_by(), owned.order_by()))


def is_connected(brand: Brand, *, now: datetime) -> bool:
    """Return whether *brand* can hear of a change."""
    return brand.pk in find_connected([brand.pk], now=now)
