"""Scans: each reading of a person's mailbox, from its beginning to its end."""

from __future__ import annotations

from datetime import datetime

from cmr.models import Consumer, MailboxScan, ScanSource


def begin_scan(consumer: Consumer, source: ScanSource, *, now: datetime) -> MailboxScan:
    """Return a new scan, which counts nothing yet."""
    return MailboxScan.objects.create(consumer=consumer, source=source, started_at=now)


def end_scan(scan: MailboxScan, *, now: datetime) -> None:
    """Mark the scan as complete."""
    MailboxScan.objects.filter(pk=scan.pk, ended_at=None).update(ended_at=now)
