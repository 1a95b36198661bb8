"""Collecting bulk mail from header blocks, and recording it in batches."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from cmr.mailbox.providers import load_providers
from cmr.mailbox.recording import MOST_SENDERS, record_mails
from cmr.mailbox.scans import end_scan
from cmr.mailbox.signatures import MOST_BLOCK, MOST_BLOCKS, verify_sender_blocks
from cmr.models import MailboxScan
from mailbox_reader import BulkMail, Headers, SenderKey, describe_mail, is_bulk, read_headers

#: Mails of one batch, and bytes of their headers: what is in memory until it is recorded.
BATCH_MAILS, BATCH_BYTES = 2_000, 20_000_000
#: Bytes of all signed header blocks that wait to be verified.
SIGNED_BYTES = 8_000_000


@dataclass(frozen=True, slots=True)
class ScanResult:
    """What a scan found: mails, those of programs, those that are new, and their senders."""

    mails: int
    bulk: int
    new: int
    senders: int


@dataclass
class SignedBlocks:
    """The header block of the newest mail of each list, until it is verified."""

    _blocks: dict[SenderKey, tuple[datetime | None, bytes]] = field(default_factory=dict)
    _bytes: int = 0

    def add(self, mail: BulkMail, headers: Headers, block: bytes) -> None:
        """Keep the block if it is the newest of its list and there is room."""
        is_signed = headers.get("dkim-signature") and headers.get("list-unsubscribe")
        if not is_signed or len(block) > MOST_BLOCK:
            return
        key = mail.sender_key
        at, known = self._blocks.get(key, (None, b""))
        if known and not (mail.sent_at and (at is None or mail.sent_at > at)):
            return
        size = self._bytes + len(block) - len(known)
        if size <= SIGNED_BYTES and (known or len(self._blocks) < MOST_BLOCKS):
            self._blocks[key], self._bytes = (mail.sent_at, block), size

    def take_blocks(self) -> list[bytes]:
        """Return all blocks, and keep none."""
        blocks = [block for _, block in self._blocks.values()]
        self._blocks, self._bytes = {}, 0
        return blocks


class MailCollector:
    """Takes the header blocks of one scan, and records what programs sent.

    At most one batch of mails is in memory, and a bounded number of signed header blocks.
    """

    def __init__(
        self,
        scan: MailboxScan,
        *,
        now: datetime,
        are_blocks_whole: bool = True,
        wait: float = 0.0,
    ) -> None:
        """Collect for *scan*. Signatures are verified only if the blocks have all headers.

        The verification may wait for others up to *wait* seconds.
        """
        self._scan = scan
        self._now = now
        self._wait = wait
        self._providers = load_providers()
        self._signed = SignedBlocks() if are_blocks_whole else None
        self._batch: list[BulkMail] = []
        self._batch_bytes = self._batch_read = 0
        self._mails = self._bulk = self._new = 0
        self._senders: set[SenderKey] = set()

    def add_block(self, block: bytes) -> None:
        """Count a mail by its header block."""
        self._batch_read += 1
        headers = read_headers(block)
        if not is_bulk(headers):
            return
        if mail := describe_mail(headers, self._providers, now=self._now):
            if self._signed is not None:
                self._signed.add(mail, headers, block)
            self._collect(mail, size=len(block))

    def add_mail(self, mail: BulkMail) -> None:
        """Count a mail that was described without its headers."""
        self._batch_read += 1
        self._collect(mail, size=1_000)

    def _collect(self, mail: BulkMail, *, size: int) -> None:
        """Add a mail to the batch; *size* is about what it needs in memory, in bytes."""
        self._batch.append(mail)
        self._batch_bytes += size
        if len(self._batch) >= BATCH_MAILS or self._batch_bytes >= BATCH_BYTES:
            self.record_batch()

    def record_batch(self) -> None:
        """Record what was collected since the last time."""
        batch, read = self._batch, self._batch_read
        if not read and not batch:
            return
        self._new += record_mails(self._scan, batch, self._providers, read=read)
        self._mails += read
        self._bulk += len(batch)
        self._note_senders(batch)
        self._batch, self._batch_bytes, self._batch_read = [], 0, 0

    def finish(self) -> ScanResult:
        """Record the last batch, verify signatures, and end the scan."""
        self.record_batch()
        if self._signed is not None:
            blocks = self._signed.take_blocks()
            verify_sender_blocks(self._scan, blocks, now=self._now, wait=self._wait)
        end_scan(self._scan, now=self._now)
        return ScanResult(self._mails, self._bulk, self._new, len(self._senders))

    def _note_senders(self, batch: list[BulkMail]) -> None:
        for mail in batch:
            if len(self._senders) < MOST_SENDERS:
                self._senders.add(mail.sender_key)
