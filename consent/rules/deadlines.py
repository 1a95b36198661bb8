"""Deadlines by which a brand must have applied a refusal. Engineering anchors, not legal advice.

Note [Clocks]. Of the rules that fit a change, the strictest applies, wherever the person lives: who
complies with it complies with the others. The rules are rows (`HonourClock`), so an admin can
change them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.apps import AppConfig

from consent.models import HonourClock
from core import db
from core.db import Call, Plan, Row, Statement


class Clock(NamedTuple):
    """The time that a rule allows. None matches every purpose or every channel."""

    days: int
    business_days: bool
    purpose: str | None = None
    channel: str | None = None

    def fits(self, purpose: str | None, channel: str | None) -> bool:
        """Return whether the clock applies to a refusal of this purpose and channel.

        A refusal of every channel includes e-mail, so the clock of e-mail applies to it, too.
        """
        return self.purpose in (None, purpose) and (
            self.channel in (None, channel) or channel is None
        )

    def ends(self, start: datetime) -> datetime:
        if not self.business_days:
            return start + timedelta(days=self.days)
        end, left = start, self.days
        while left:
            end += timedelta(days=1)
            left -= end.weekday() < 5
        return end


#: Rule, days, whether business days, purpose, channel.
CLOCKS: list[tuple[str, int, bool, str | None, str | None]] = [
    ("Gmail and Yahoo sender rules", 2, False, None, "email"),
    ("CAN-SPAM", 10, True, None, None),
    ("TCPA", 10, True, None, "sms"),
    ("TCPA", 10, True, None, "voice"),
    ("CASL", 10, True, None, "email"),
    ("CCPA, sale or sharing", 15, True, "sale_or_sharing", None),
]

ALL = Statement("SELECT days, business_days, purpose, channel FROM consent_honourclock")


def compute_honour_by(
    *,
    purpose: str | None,
    channel: str | None,
    start: datetime,
    clocks: Sequence[Clock] | None = None,
) -> datetime | None:
    """Return the earliest end among the clocks that fit a refusal; None if none fits.

    Pass all *clocks* if they were read before.

    For example, a refusal of e-mail on Friday 12:00 must be applied by Sunday 12:00: the clock of 2
    days ends before those of 10 business days.
    """
    held = build_clocks_call().ask() if clocks is None else clocks
    return min((clock.ends(start) for clock in held if clock.fits(purpose, channel)), default=None)


def build_clocks_call() -> Call:
    """Return the call for all clocks."""
    return Call(ALL, {}, _read_clocks)


def _read_clocks(rows: list[Row]) -> list[Clock]:
    return [Clock(*row) for row in rows]


def install_clocks(sender: AppConfig, *, plan: Plan | None = None, **kwargs: Any) -> None:
    """Insert the clocks that every installation starts with. Runs after each migrate."""
    if not db.are_seed_rows_due(sender.label, plan):
        return
    HonourClock.objects.bulk_create(
        [
            HonourClock(
                rule=rule, days=days, business_days=business_days, purpose=purpose, channel=channel
            )
            for rule, days, business_days, purpose, channel in CLOCKS
        ],
        ignore_conflicts=True,
    )
