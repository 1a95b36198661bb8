"""Permissions of one person, as in their newest event or in your export.

Store them in place of the person's earlier ones, and answer questions from them without a call.
They do not include quiet hours and limits: use `Client.sends.reserve` for those.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, overload

import msgspec

from cmr_client.answers import Event
from cmr_client.problems import CMRError

#: What holds for a purpose while a person has said nothing.
REGIMES = ("opt_in", "opt_out", "required")


class PermissionsLeftOut(CMRError):
    """An event has too many `permissions` to include them. Read the person from an export."""

    def __init__(self) -> None:
        super().__init__(
            "permissions_left_out",
            "The event has no permissions, for there are too many rows",
            "Read this person from GET exports/preferences?since=, or ask with a check.",
        )


@dataclass(frozen=True, kw_only=True)
class Turn:
    """A change of a row's answer, from `at` on. None means the purpose's default."""

    at: datetime
    allowed: bool | None


@dataclass(frozen=True, kw_only=True)
class PermissionRow:
    """The answer for the questions that a row covers, unless a more specific row covers them.

    A part that is None means any. `allowed` is None if the purpose's default decides. `then` lists
    changes that happen without a new choice.
    """

    purpose: str | None
    channel: str | None
    topic: str | None
    allowed: bool | None
    then: tuple[Turn, ...] = ()

    def covers(self, *, purpose: str, channel: str | None, topic: str | None) -> bool:
        """Return whether each part of this row is any, or equals the one asked about."""
        return (
            self.purpose in (None, purpose)
            and self.channel in (None, channel)
            and self.topic in (None, topic)
        )

    def read_allowed(self, at: datetime) -> bool | None:
        """Return the answer of this row at a time, which must have a time zone."""
        passed = (turn.allowed for turn in reversed(self.then) if turn.at <= at)
        return next(passed, self.allowed)

    @property
    def specificity(self) -> int:
        """Return the number of parts that are not any."""
        return sum(part is not None for part in (self.purpose, self.channel, self.topic))


@dataclass(frozen=True, kw_only=True)
class Permissions:
    """What you may do with one person.

    The most specific row that covers a question decides, or else the purpose's default. After the
    end of the relationship nothing is allowed.
    """

    rows: tuple[PermissionRow, ...] = ()
    active: bool = True

    @classmethod
    def from_event(cls, event: Event) -> Permissions:
        """Return the permissions in an event about a person.

        Raises:
            PermissionsLeftOut: there are too many rows for an event.
        """
        if event.type == "relationship.ended":
            return cls(active=False)
        return cls.from_rows(event.data.get("permissions"))

    @classmethod
    def from_export(cls, line: Mapping[str, Any]) -> Permissions:
        """Return the permissions in a line of `GET exports/preferences`, which has all rows."""
        if line["ended_at"] is not None:
            return cls(active=False)
        return cls.from_rows(line["permissions"])

    @classmethod
    def from_rows(cls, rows: Sequence[Mapping[str, Any]] | None) -> Permissions:
        """Return the permissions in JSON rows of an active relationship.

        Raises:
            PermissionsLeftOut: they are null.
        """
        if rows is None:
            raise PermissionsLeftOut
        return cls(rows=msgspec.convert(rows, tuple[PermissionRow, ...]))

    @overload
    def allows(
        self,
        *,
        purpose: str,
        channel: str | None = None,
        topic: str | None = None,
        at: datetime | None = None,
        regime: None = None,
    ) -> bool | None: ...

    @overload
    def allows(
        self,
        *,
        purpose: str,
        channel: str | None = None,
        topic: str | None = None,
        at: datetime | None = None,
        regime: str,
    ) -> bool: ...

    def allows(
        self,
        *,
        purpose: str,
        channel: str | None = None,
        topic: str | None = None,
        at: datetime | None = None,
        regime: str | None = None,
    ) -> bool | None:
        """Return whether something is allowed, at a time with its zone (default: now).

        None means that there is no choice, and the purpose's default decides. With the purpose's
        `regime` from `Client.purposes`, the answer is never None. Without it, a `required` purpose
        is answered like any other, although nobody can refuse it.

        Raises:
            ValueError: this client does not know the regime.
        """
        if regime not in (None, *REGIMES):
            raise ValueError(f"{regime!r} is no regime: there are {', '.join(REGIMES)}")
        if not self.active:
            return False
        if regime == "required":
            return True
        allowed = self._read_allowed(purpose, channel, topic, at or datetime.now(UTC))
        return regime == "opt_out" if allowed is None and regime else allowed

    def _read_allowed(
        self, purpose: str, channel: str | None, topic: str | None, at: datetime
    ) -> bool | None:
        covering = [
            row for row in self.rows if row.covers(purpose=purpose, channel=channel, topic=topic)
        ]
        if not covering:
            return None
        return max(covering, key=lambda row: row.specificity).read_allowed(at)
