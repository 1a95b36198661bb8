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
from mailbox_reader.headers import Headers, parse_time, read_headers
from mailbox_reader.mails import (
    TRANSACTIONAL_WORDS,
    BulkMail,
    Route,
    describe_mail,
    is_bulk,
)
from mailbox_reader.organisations import (
    DEFAULT_PROVIDERS,
    MailProviders,
    ProviderKind,
    find_organisational_domain,
)
from mailbox_reader.senders import Sender, SenderCounts, SenderKey

__all__ = [
    "DEFAULT_PROVIDERS",
    "TRANSACTIONAL_WORDS",
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
    "TooCompressed",
    "TruncatedFile",
    "UnreadableFile",
    "UnsupportedZip",
    "describe_mail",
    "find_organisational_domain",
    "is_bulk",
    "parse_time",
    "read_headers",
]
