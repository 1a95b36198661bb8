"""Scans: each reading of a person's mailbox, from its beginning to its end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import F

from cmr.mailbox.recording import lock_mailbox, record_mails
from cmr.mailbox.signatures import verify_sender_blocks
from cmr.mailbox.wire import Batch
from cmr.models import Consumer, MailboxScan, ScanSource, Sender
from mailbox_reader import MailProviders

#: Signed header blocks that are verified in one scan. `mailbox-worker.js` sends no more.
MOST_SIGNED = 1_000


class ScanNotFound(LookupError):
    """The person has no such scan from a browser, or everything that was read is deleted."""


class ScanEnded(ValueError):
    """The scan is complete, so it takes no further batch."""


class BatchMissing(ValueError):
    """The batch before this one was not recorded."""


@dataclass(frozen=True, slots=True)
class ScanCounts:
    """What a scan found so far."""

    mails: int
    bulk: int
    new: int
    #: Organisations of all senders of the person, of earlier scans too.
    companies: int


def begin_scan(consumer: Consumer, source: ScanSource, *, now: datetime) -> MailboxScan:
    """Return a new scan, which counts nothing yet."""
    return MailboxScan.objects.create(consumer=consumer, source=source, started_at=now)


def find_browser_scan(consumer: Consumer, scan_id: int) -> MailboxScan:
    """Return the person's scan of files that their browser reads.

    Raises:
        ScanNotFound
    """
    mine = MailboxScan.objects.filter(consumer=consumer, source=ScanSource.BROWSER, pk=scan_id)
    if (scan := mine.first()) is None:
        raise ScanNotFound
    return scan


def record_batch(
    consumer: Consumer, scan_id: int, batch: Batch, providers: MailProviders, *, now: datetime
) -> ScanCounts:
    """Count the mails of a batch, once. Return what the scan found so far.

    A batch that was recorded before changes nothing: the browser sends it again if it got no
    answer.

    Raises:
        ScanNotFound, ScanEnded, BatchMissing
    """
    scan = find_browser_scan(consumer, scan_id)
    if batch.signed and batch.number > scan.batches:
        _verify_blocks(scan, batch.signed, now=now)
    with transaction.atomic():
        lock_mailbox(consumer)
        scan = find_browser_scan(consumer, scan_id)  # it may have been deleted meanwhile
        if batch.number > scan.batches:
            _check_next(scan, batch)
            record_mails(scan, batch.mails, providers, read=batch.read)
            MailboxScan.objects.filter(pk=scan.pk).update(batches=batch.number)
    return read_counts(scan)


def _verify_blocks(scan: MailboxScan, blocks: Sequence[bytes], *, now: datetime) -> None:
    """Verify header blocks, up to `MOST_SIGNED` in a scan.

    There is a limit because senders choose the names that we look up in DNS. Call it outside a
    transaction, because it waits for answers. The same blocks again change nothing.
    """
    room = MailboxScan.objects.filter(pk=scan.pk, signed__lte=MOST_SIGNED - len(blocks))
    if room.update(signed=F("signed") + len(blocks)):
        verify_sender_blocks(scan, blocks, now=now)


def _check_next(scan: MailboxScan, batch: Batch) -> None:
    if scan.ended_at is not None:
        raise ScanEnded
    if batch.number != scan.batches + 1:
        raise BatchMissing


def end_scan(scan: MailboxScan, *, now: datetime) -> None:
    """Mark the scan as complete."""
    MailboxScan.objects.filter(pk=scan.pk, ended_at=None).update(ended_at=now)


def read_counts(scan: MailboxScan) -> ScanCounts:
    """Return what the scan found so far."""
    row = MailboxScan.objects.filter(pk=scan.pk).values_list("mails", "bulk", "new").first()
    return ScanCounts(*(row or (0, 0, 0)), count_companies(scan.consumer))


def count_companies(consumer: Consumer) -> int:
    """Return how many organisations are seen in the person's mailbox."""
    return Sender.objects.filter(consumer=consumer).values("organisation").distinct().count()
