"""By when a brand must have applied a no. Engineering anchors, not legal advice.

Note [Clocks]. Of the rules that fit a change the strictest counts, wherever the person lives: what
satisfies it satisfies the others. The rules are rows (`HonourClock`), for an admin to change.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.apps import AppConfig

from consent.models import HonourClock
from core import db
from core.db import Plan, Statement


class Clock(NamedTuple):
    """A rule's time. None fits every purpose, or every channel."""

    days: int
    business_days: bool
    purpose: str | None = None
    channel: str | None = None

    def fits(self, purpose: str | None, channel: str | None) -> bool:
        """A no to any channel is also one to e-mail, so e-mail's clock fits it."""
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
    *, purpose: str | None, channel: str | None, start: datetime
) -> datetime | None:
    """The earliest end among the clocks that fit a no; None where an admin left none that does."""
    return find_earliest_end(
        map(Clock._make, ALL.ask({})), purpose=purpose, channel=channel, start=start
    )


def find_earliest_end(
    clocks: Iterable[Clock], *, purpose: str | None, channel: str | None, start: datetime
) -> datetime | None:
    fitting = [clock.ends(start) for clock in clocks if clock.fits(purpose, channel)]
    return min(fitting, default=None)


def install_clocks(sender: AppConfig, *, plan: Plan | None = None, **kwargs: Any) -> None:
    """The clocks that every installation starts with. Runs after each migrate."""
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
