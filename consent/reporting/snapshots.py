"""Snapshots of brands' numbers that are recomputed when they are stale: `consent.models.snapshot`.

One worker recomputes a brand's snapshot at a time; the others leave it to that one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import Model

from brands.models import StreamHead

S = TypeVar("S", bound=Model)


def find_stale_brands(model: type[Model], *, before: datetime) -> Iterable[int]:
    """Return the ids of the live brands without a snapshot computed after *before*."""
    fresh = model._default_manager.filter(as_of__gt=before)
    stale = StreamHead.objects.live().exclude(brand__in=fresh.values("brand"))
    return stale.values_list("brand_id", flat=True)


def refresh_every_brand(refresh: Callable[[int], object]) -> Iterator[int]:
    """Call *refresh* with the id of each live brand. Yield each id when it is done."""
    for brand_id in (
        StreamHead.objects.live().order_by("brand_id").values_list("brand_id", flat=True)
    ):
        refresh(brand_id)
        yield brand_id


@contextmanager
def lock_brand_row(model: type[S], brand_id: int, **defaults: Any) -> Iterator[S | None]:
    """Yield the brand's row, locked until the end; None if another worker has it.

    A row that is missing is created from *defaults*.
    """
    rows = model._default_manager
    rows.get_or_create(brand_id=brand_id, defaults=defaults)
    with transaction.atomic():
        yield rows.select_for_update(skip_locked=True).filter(brand_id=brand_id).first()
