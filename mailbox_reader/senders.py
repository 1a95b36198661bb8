"""Senders: all mails of one list of one organisation, counted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mailbox_reader.mails import BulkMail, Route, SenderKey


@dataclass(slots=True)
class Sender:
    """The mails of one sender. The name and the route are those of the newest mail."""

    key: SenderKey
    name: str = ""
    route: Route = Route.NONE
    is_group: bool = False
    mails: int = 0
    junk: int = 0
    first: datetime | None = None
    last: datetime | None = None

    def add(self, mail: BulkMail) -> None:
        """Count a mail."""
        self.mails += 1
        self.junk += mail.is_junk
        self.is_group = self.is_group or mail.is_group
        is_newest = self.last is None or (mail.sent_at is not None and mail.sent_at >= self.last)
        if is_newest:
            self.name, self.route = mail.name, mail.route
        if mail.sent_at is not None:
            self.first = min(self.first or mail.sent_at, mail.sent_at)
            self.last = max(self.last or mail.sent_at, mail.sent_at)

    def to_json(self) -> dict[str, Any]:
        """Return the sender as `cmr scan --json` prints it."""
        return {
            "organisation": self.key.organisation,
            "list_id": self.key.list_id or None,
            "name": self.name,
            "mails": self.mails,
            "first": self.first.isoformat() if self.first else None,
            "last": self.last.isoformat() if self.last else None,
            "route": (Route.MAILTO if self._is_group_with_one_click else self.route).value,
            "group": self.is_group,
            "transactional": self.key.is_transactional,
        }

    @property
    def _is_group_with_one_click(self) -> bool:
        return self.is_group and self.route is Route.ONE_CLICK


class SenderCounts:
    """Counts mails by their sender. A mail that comes twice counts once."""

    def __init__(self) -> None:
        self._senders: dict[SenderKey, Sender] = {}
        self._seen: set[int] = set()

    def add(self, mail: BulkMail) -> bool:
        """Count a mail. Return False if it was counted before."""
        if mail.message_id:
            digest = hash(mail.message_id)
            if digest in self._seen:
                return False
            self._seen.add(digest)
        key = mail.sender_key
        self._senders.setdefault(key, Sender(key)).add(mail)
        return True

    def __iter__(self) -> Iterator[Sender]:
        """Yield the senders, most mails first."""
        return iter(sorted(self._senders.values(), key=lambda each: (-each.mails, each.key)))

    def __len__(self) -> int:
        return len(self._senders)
