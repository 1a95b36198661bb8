"""Senders in a person's own mailbox: reading mail, and what is kept of it."""

from cmr.mailbox.address_trails import AddressTrail, LaterUser, list_trails
from cmr.mailbox.brand_matching import find_brands_by_domain
from cmr.mailbox.encrypted_fields import reencrypt_mailboxes
from cmr.mailbox.people_counts import MailboxCounts, count_people_with_senders
from cmr.mailbox.providers import install_providers, load_providers
from cmr.mailbox.recording import delete_everything_read, record_mails
from cmr.mailbox.scans import begin_scan, end_scan

__all__ = [
    "AddressTrail",
    "LaterUser",
    "MailboxCounts",
    "begin_scan",
    "count_people_with_senders",
    "delete_everything_read",
    "end_scan",
    "find_brands_by_domain",
    "install_providers",
    "list_trails",
    "load_providers",
    "record_mails",
    "reencrypt_mailboxes",
]
