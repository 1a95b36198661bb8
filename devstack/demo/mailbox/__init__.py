"""A made-up mailbox of a person with many companies, as it is and with the truth about it."""

from devstack.demo.mailbox.companies import Company, MailingList, Provider, invent_companies
from devstack.demo.mailbox.making import (
    OWNER,
    MadeMail,
    MadeMailbox,
    PassedOn,
    Truth,
    make_mailbox,
)
from devstack.demo.mailbox.shapes import Variant, build_newsletter, build_receipt
from devstack.demo.mailbox.writing import FILE, RECORDS_FILE, write_mailbox

__all__ = [
    "FILE",
    "OWNER",
    "RECORDS_FILE",
    "Company",
    "MadeMail",
    "MadeMailbox",
    "MailingList",
    "PassedOn",
    "Provider",
    "Truth",
    "Variant",
    "build_newsletter",
    "build_receipt",
    "invent_companies",
    "make_mailbox",
    "write_mailbox",
]
