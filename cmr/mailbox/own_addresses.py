"""Which of a mail's recipients are the person's own. Addresses of others are never stored."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from cmr.models import Consumer, ContactKind
from mailbox_reader import BulkMail, MailProviders, find_organisational_domain

#: Addresses of one mail that are kept.
MOST_OF_A_MAIL = 2
#: Domains whose mailboxes ignore dots before the @, and are the same one.
GMAIL = ("gmail.com", "googlemail.com")


@dataclass(frozen=True, slots=True)
class OwnAddresses:
    """The addresses that a person proved, and the domains of these that are no provider's."""

    proved: frozenset[str]
    domains: frozenset[str]

    @classmethod
    def from_consumer(cls, consumer: Consumer, providers: MailProviders) -> Self:
        """Return the person's addresses as they are now, by one query."""
        points = consumer.contact_points.filter(kind=ContactKind.EMAIL)
        return cls.from_proved(points.values_list("value", flat=True), providers)

    @classmethod
    def from_proved(cls, proved: Iterable[str], providers: MailProviders) -> Self:
        addresses = frozenset(each.lower() for each in proved)
        domains = {split_address(each)[2] for each in addresses}
        return cls(addresses, frozenset(each for each in domains if providers.is_own(each)))

    def select_own(self, mail: BulkMail) -> list[str]:
        """Return those of the mail's recipients that are the person's, at most two.

        These are:
        - addresses that the person proved, and others at a domain of one of these;
        - the address of the mailbox, as its own server wrote it;
        - these with a tag, such as ana+shop@example.org.

        All others may be a list's, or of somebody who passed the mail on. An address at the
        sender's own domain is the sender's, unless the person proved it.
        """
        mailbox = "" if self._is_senders(mail.mailbox, mail) else mail.mailbox
        bases = {find_base(each) for each in (*self.proved, mailbox) if each}
        own = [
            each
            for each in mail.recipients
            if each in self.proved
            or (
                not self._is_senders(each, mail)
                and (find_base(each) in bases or split_address(each)[2] in self.domains)
            )
        ]
        return own[:MOST_OF_A_MAIL]

    def _is_senders(self, address: str, mail: BulkMail) -> bool:
        domain = find_organisational_domain(split_address(address)[2])
        return address not in self.proved and domain == mail.organisation


def split_address(address: str) -> tuple[str, str, str]:
    """Return name, tag and domain: `ana`, `shop` and `example.org` of ana+shop@example.org."""
    local, _at, domain = address.lower().rpartition("@")
    name, _plus, tag = local.partition("+")
    return name, tag, domain


def find_base(address: str) -> str:
    """Return the address without its tag, so that spellings of one mailbox are equal."""
    name, _tag, domain = split_address(address)
    if domain in GMAIL:
        return f"{name.replace('.', '')}@{GMAIL[0]}"
    return f"{name}@{domain}"
