"""What happens in the demo, and when."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta

#: A moment, and what happens then.
ScheduledAction = tuple[datetime, Callable[[datetime], object]]
#: Every brand's mailings: code, name, and from how many days ago on they were sent.
CAMPAIGNS = [("summer", "Summer sale", 90), ("autumn", "Autumn news", 42)]


def campaign_at(moment: datetime, now: datetime) -> str:
    """Return the code of the campaign that was being sent; empty for none."""
    sent = [code for code, _, days_ago in CAMPAIGNS if moment >= now - timedelta(days=days_ago)]
    return sent[-1] if sent else ""


def run_in_order(actions: Iterable[ScheduledAction]) -> Iterator[None]:
    """Do everything, oldest first; yields after each, for a progress bar."""
    for moment, action in sorted(actions, key=lambda each: each[0]):
        action(moment)
        yield
