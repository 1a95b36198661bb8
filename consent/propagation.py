"""Carrying a choice about any brand into each concerned brand's stream, brand by brand.

Small transactions, so that a person with hundreds of brands holds no lock for long. Each may be
repeated: a stream takes the same cause only once, and the person's row is locked while we look.
"""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import transaction

from brands import stream
from consent import ledger, notices
from consent.models import Propagation, Relationship


def waiting(limit: int = 200) -> list[uuid.UUID]:
    """The subjects with something pending, longest waiting first."""
    pending = Propagation.objects.filter(done_at=None).order_by("pk")
    return list(dict.fromkeys(pending.values_list("subject_id", flat=True)[:limit]))


def propagate(subject_id: uuid.UUID, *, now: datetime) -> int:
    """Tell every concerned brand what is pending for this person; return how many were told.

    The older choice goes into all streams before the newer one goes into any.
    """
    told = 0
    pending = Propagation.objects.filter(subject_id=subject_id, done_at=None)
    for each in pending.select_related("entry").order_by("subject_seq"):
        brands = Relationship.objects.active().filter(subject_id=subject_id)
        for brand_id in brands.order_by("brand_id").values_list("brand_id", flat=True):
            told += _tell(each, brand_id)
        Propagation.objects.filter(pk=each.pk).update(done_at=now)
    return told


def _tell(pending: Propagation, brand_id: int) -> bool:
    with transaction.atomic():
        ledger.lock(pending.subject_id)
        relationship = ledger.active_with(pending.subject_id, brand_id)
        if relationship and not stream.already_told(brand_id, pending.entry_id):
            ledger.tell([notices.of_entry(pending.entry, relationship)])
            return True
    return False
