"""Step 5 of the rule: when a yes takes effect, and how many sends it allows. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from brands.models import Channel
from consent.checks.frequency_caps import SendCount
from consent.decision import Decision, Question, QuietHours

#: The channels that disturb. A letter waits in the letter box until it is fetched.
DISTURBING = frozenset(Channel.values) - {Channel.POST}


def apply_send_window(
    decision: Decision,
    question: Question,
    *,
    quiet_hours: QuietHours | None,
    spent: Sequence[SendCount],
    now: datetime,
) -> Decision:
    """Set on a yes from when it applies (`not_before`) and for how many sends (`remaining`).

    *spent* has one item for each of the decision's limits. If a budget becomes free during quiet
    hours, the end of the quiet hours counts.
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
    """Return when the quiet hours at *moment* end.

    Return None if *moment* is not quiet, or if quiet hours do not apply to this channel or purpose.
    """
    counts = question.scope.channel in DISTURBING and question.regime != "required"
    return quiet_hours.ends_after(moment) if quiet_hours and counts else None
