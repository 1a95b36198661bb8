"""By when a brand must have applied a no. Engineering anchors, not legal advice.

Note [Clocks]. Of the rules that fit a change the strictest counts, wherever the person lives: what
satisfies it satisfies the others.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Clock:
    """A rule and its time. None fits every purpose, or every channel."""

    rule: str
    days: int
    business_days: bool
    purpose: str | None = None
    channel: str | None = None

    def fits(self, purpose: str | None, channel: str | None) -> bool:
        return self.purpose in (None, purpose) and self.channel in (None, channel)

    def ends(self, start: datetime) -> datetime:
        if not self.business_days:
            return start + timedelta(days=self.days)
        end, left = start, self.days
        while left:
            end += timedelta(days=1)
            left -= end.weekday() < 5
        return end


CLOCKS = [
    Clock("gmail_yahoo_sender_rules", 2, business_days=False, channel="email"),
    Clock("tcpa", 10, business_days=True, channel="sms"),
    Clock("tcpa", 10, business_days=True, channel="voice"),
    Clock("ccpa_sale_or_sharing", 15, business_days=True, purpose="sale_or_sharing"),
    Clock("can_spam", 10, business_days=True),
]


def honour_by(*, purpose: str | None, channel: str | None, start: datetime) -> datetime:
    """The earliest end among the clocks that fit a no of this purpose and channel.

    A no to any channel is also one to e-mail, so e-mail's clock fits it.
    """
    fitting = [c for c in CLOCKS if c.fits(purpose, channel) or (channel is None and c.channel)]
    return min(clock.ends(start) for clock in fitting)
