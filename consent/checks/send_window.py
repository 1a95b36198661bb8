"""Step 5 of the rule: yes, but not before, and only so many more. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from brands.models import Channel
from consent.checks.frequency_caps import SendCount
from consent.decision import Decision, Question, QuietHours

#: The channels that disturb. A letter lies in its box until it is fetched.
DISTURBING = frozenset(Channel.values) - {Channel.POST}


def apply_send_window(
    decision: Decision,
    question: Question,
    *,
    quiet_hours: QuietHours | None,
    spent: Sequence[SendCount],
    now: datetime,
) -> Decision:
    """Say of a yes from when on it holds, and for how many sends.

    *spent* has one for each of the decision's limits. A budget may be free again in the middle of
    the night: then the night's end counts.
    """
    if not decision.allowed:
        return decision
    free = max((each.gives_back for each in spent if each.gives_back), default=None)
    return decision._replace(
        not_before=find_quiet_end(question, quiet_hours, free or now) or free,
        remaining=min((n for each in spent if (n := each.remaining) is not None), default=None),
    )


def find_quiet_end(
    question: Question, quiet_hours: QuietHours | None, moment: datetime
) -> datetime | None:
    """When the quiet hours at *moment* end; None where there are none, or they do not count."""
    counts = question.scope.channel in DISTURBING and question.regime != "required"
    return quiet_hours.ends_after(moment) if quiet_hours and counts else None
