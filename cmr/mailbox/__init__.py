"""Senders in a person's own mailbox: reading mail, and what is kept of it."""

from cmr.mailbox.address_trails import AddressTrail, LaterUser, list_trails
from cmr.mailbox.brand_matching import find_brands_by_domain
from cmr.mailbox.encrypted_fields import reencrypt_mailboxes
from cmr.mailbox.people_counts import MailboxCounts, count_people_with_senders
from cmr.mailbox.providers import install_providers, load_providers
from cmr.mailbox.recording import delete_everything_read, record_mails
from cmr.mailbox.scans import (
    BatchMissing,
    ScanCounts,
    ScanEnded,
    ScanNotFound,
    begin_scan,
    count_companies,
    end_scan,
    find_browser_scan,
    read_counts,
    record_batch,
)
from cmr.mailbox.signatures import verify_sender_blocks
from cmr.mailbox.wire import MOST_MAILS, Batch, InvalidBatch, parse_batch

__all__ = [
    "MOST_MAILS",
    "AddressTrail",
    "Batch",
    "BatchMissing",
    "InvalidBatch",
    "LaterUser",
    "MailboxCounts",
    "ScanCounts",
    "ScanEnded",
    "ScanNotFound",
    "begin_scan",
    "count_companies",
    "count_people_with_senders",
    "delete_everything_read",
    "end_scan",
    "find_brands_by_domain",
    "find_browser_scan",
    "install_providers",
    "list_trails",
    "load_providers",
    "parse_batch",
    "read_counts",
    "record_batch",
    "record_mails",
    "reencrypt_mailboxes",
    "verify_sender_blocks",
]
