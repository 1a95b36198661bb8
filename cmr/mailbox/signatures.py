"""Verification of signed header blocks, one for each mailing list."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from cmr.models import MailboxScan


def verify_sender_blocks(scan: MailboxScan, blocks: Sequence[bytes], *, now: datetime) -> None:
    """Verify the signature of each block, and note the result with its sender."""
