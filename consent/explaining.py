"""Saying why, after it is done. An opt-out waits for no reason, so the reason comes by itself."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from consent import ledger, notices
from consent.models import Explanation, LedgerEntry


class NothingToExplain(ValueError):
    """Only a no, a pause or a limit has a reason."""


def explain(entry: LedgerEntry, reason: str, *, now: datetime) -> bool:
    """Keep *reason* beside the entry and tell its brand; False where a reason is known already.

    A choice about any brand is explained to nobody: which brand made the person say it is their
    own affair.

    Raises:
        NothingToExplain
    """
    if entry.decision not in notices.TAKES_AWAY:
        raise NothingToExplain(f"a {entry.decision} needs no reason")
    with transaction.atomic():
        person = ledger.lock(entry.subject_id)
        row = {"reason": reason, "given_at": now}
        _, is_new = Explanation.objects.get_or_create(entry=entry, defaults=row)
        if entry.reason or not is_new:
            return False
        ledger.tell(
            [
                notices.of_explanation(entry, each, reason, now=now, seq=person.last_seq)
                for each in ledger.active_with(person.pk, entry.brand_id)
            ]
        )
    return True
