"""How many people read a mailbox, and have an organisation as a sender: for administrators.

No number from 1 to 9 is shown, and no organisation that fewer than ten people have: its name alone
could tell whose mailbox it was in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, QuerySet

from cmr.models import MailboxScan, Sender
from consent.reporting import SMALLEST_COUNT, mask_small_total

#: Organisations that are listed, those that most people have.
MOST_LISTED = 500


@dataclass(frozen=True, slots=True)
class MailboxCounts:
    """Numbers of people; None where fewer than ten would be shown."""

    with_scans: int | None
    with_senders: int | None
    #: Each organisation with the number of people who have it, the largest first.
    organisations: Sequence[tuple[str, int]]


def count_people_with_senders() -> MailboxCounts:
    """Return the numbers as they are now."""
    senders = Sender.objects.values("organisation").annotate(
        people=Count("consumer", distinct=True)
    )
    common = senders.filter(people__gte=SMALLEST_COUNT).order_by("-people", "organisation")
    return MailboxCounts(
        _count(MailboxScan.objects.filter(mails__gt=0)),
        _count(Sender.objects.all()),
        [(each["organisation"], each["people"]) for each in common[:MOST_LISTED]],
    )


def _count(rows: QuerySet[MailboxScan] | QuerySet[Sender]) -> int | None:
    return mask_small_total(rows.aggregate(people=Count("consumer", distinct=True))["people"])
