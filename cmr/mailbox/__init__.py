"""Senders in a person's own mailbox: reading mail, and what is kept of it."""

from cmr.mailbox.address_trails import AddressTrail, LaterUser, list_trails
from cmr.mailbox.brand_matching import (
    find_brands_by_domain,
    link_to_brand,
    list_matching_brands,
    refuse_brands,
)
from cmr.mailbox.collecting import MailCollector, ScanResult
from cmr.mailbox.companies import Company, MailingList, delete_company, list_companies, read_company
from cmr.mailbox.forwarding import (
    ForwardedMail,
    Forwarding,
    find_forwarding,
    record_forwarded_mail,
    replace_forwarding_address,
)
from cmr.mailbox.imap import (
    BadCertificate,
    BrokenMailServer,
    ImapProblem,
    MailServerAccess,
    NoConnection,
    NoSuchHost,
    ReadPosition,
    ReadProgress,
    WrongPassword,
    read_mail_server,
)
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
from cmr.mailbox.stored_texts import reencrypt_texts
from cmr.mailbox.uploads import FileProblem, FormBody, MailboxUpload
from cmr.mailbox.weekly_mails import OTHERS, WeeklyMails, WeeklySeries, count_weekly_mails
from cmr.mailbox.wire import MOST_MAILS, Batch, InvalidBatch, parse_batch

__all__ = [
    "MOST_MAILS",
    "OTHERS",
    "AddressTrail",
    "BadCertificate",
    "Batch",
    "BatchMissing",
    "BrokenMailServer",
    "Company",
    "FileProblem",
    "FormBody",
    "ForwardedMail",
    "Forwarding",
    "ImapProblem",
    "InvalidBatch",
    "LaterUser",
    "MailCollector",
    "MailServerAccess",
    "MailboxCounts",
    "MailboxUpload",
    "MailingList",
    "NoConnection",
    "NoSuchHost",
    "ReadPosition",
    "ReadProgress",
    "ScanCounts",
    "ScanEnded",
    "ScanNotFound",
    "ScanResult",
    "WeeklyMails",
    "WeeklySeries",
    "WrongPassword",
    "begin_scan",
    "count_companies",
    "count_people_with_senders",
    "count_weekly_mails",
    "delete_company",
    "delete_everything_read",
    "end_scan",
    "find_brands_by_domain",
    "find_browser_scan",
    "find_forwarding",
    "install_providers",
    "link_to_brand",
    "list_companies",
    "list_matching_brands",
    "list_trails",
    "load_providers",
    "parse_batch",
    "read_company",
    "read_counts",
    "read_mail_server",
    "record_batch",
    "record_forwarded_mail",
    "record_mails",
    "reencrypt_texts",
    "refuse_brands",
    "replace_forwarding_address",
    "verify_sender_blocks",
]
