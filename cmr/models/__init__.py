"""The models of this app, one noun per file."""

from cmr.models.consumer import Consumer, ContactKind, ContactPoint, PendingContact
from cmr.models.inlet import Inlet, InletCount, InletOutcome, UsedToken
from cmr.models.mailbox import (
    AddressUse,
    BrandMatch,
    CountedMails,
    ForwardingAddress,
    MailboxScan,
    MailProvider,
    ScanSource,
    Sender,
    SenderWeek,
    SignatureResult,
)
from cmr.models.member import Invitation, Member, Role
from cmr.models.outgoing import OutgoingMessage
from cmr.models.permission_request import Answer, PermissionRequest
from cmr.models.rate_limit import RateLimitCount
from cmr.models.removed_address import RemovedAddress
from cmr.models.test_mail import TestMail
from cmr.models.token import AccessToken, TokenScope
from cmr.models.used_link import UsedLink
from cmr.models.user import User

__all__ = [
    "AccessToken",
    "AddressUse",
    "Answer",
    "BrandMatch",
    "Consumer",
    "ContactKind",
    "ContactPoint",
    "CountedMails",
    "ForwardingAddress",
    "Inlet",
    "InletCount",
    "InletOutcome",
    "Invitation",
    "MailProvider",
    "MailboxScan",
    "Member",
    "OutgoingMessage",
    "PendingContact",
    "PermissionRequest",
    "RateLimitCount",
    "RemovedAddress",
    "Role",
    "ScanSource",
    "Sender",
    "SenderWeek",
    "SignatureResult",
    "TestMail",
    "TokenScope",
    "UsedLink",
    "UsedToken",
    "User",
]
