"""Read mailboxes: find bulk mail by its headers, and group it into senders.

Pure Python, without Django, network or files that it keeps. The server uses it for uploads, and the
command `cmr scan` on a person's own machine. Bodies of mails are skipped and never kept.
"""

from mailbox_reader.files import (
    MailFileScanner,
    NoMailbox,
    TooCompressed,
    TruncatedFile,
    UnreadableFile,
    UnsupportedZip,
)
from mailbox_reader.headers import WANTED, Headers, clean_value, get_first, parse_time, read_headers
from mailbox_reader.mails import (
    TRANSACTIONAL_WORDS,
    BulkMail,
    Route,
    SenderKey,
    Signature,
    describe_mail,
    find_manual_route,
    is_bulk,
    is_one_click,
    read_unsubscribe_links,
)
from mailbox_reader.organisations import (
    DEFAULT_PROVIDERS,
    MailProviders,
    ProviderKind,
    find_organisational_domain,
)
from mailbox_reader.senders import Sender, SenderCounts

__all__ = [
    "DEFAULT_PROVIDERS",
    "TRANSACTIONAL_WORDS",
    "WANTED",
    "BulkMail",
    "Headers",
    "MailFileScanner",
    "MailProviders",
    "NoMailbox",
    "ProviderKind",
    "Route",
    "Sender",
    "SenderCounts",
    "SenderKey",
    "Signature",
    "TooCompressed",
    "TruncatedFile",
    "UnreadableFile",
    "UnsupportedZip",
    "clean_value",
    "describe_mail",
    "find_manual_route",
    "find_organisational_domain",
    "get_first",
    "is_bulk",
    "is_one_click",
    "parse_time",
    "read_headers",
    "read_unsubscribe_links",
]
