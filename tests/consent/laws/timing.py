"""Laws of step 5: quiet hours, and what limits leave of a yes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import assume
from hypothesis import strategies as st

from consent.checks.frequency_caps import SendCount
from consent.decision.quiet_hours import QuietHours
from consent.decision.resolution import Choice, Decision, Limit, Question
from tests.consent.laws.drawn import (
    ASKED,
    DAY,
    HOUR,
    MINUTE,
    NOON,
    TICK,
    channels,
    every_question,
    few,
    leap_days,
    minutes,
    questions,
    quiet_hours,
    sends,
    spent,
    turned_nights,
    zones,
)
from tests.consent.laws.law import law
from tests.consent.laws.rule import Rule

YES = Decision(allowed=True, rule="person_granted", as_of=NOON)
DISTURBING = st.sampled_from(["email", "sms", "voice", "push", "in_app", "messaging"])


def is_quiet(quiet: QuietHours, at: datetime) -> bool:
    """In other words than the code's."""
    wall = at.astimezone(ZoneInfo(quiet.zone)).time()
    if quiet.start < quiet.end:
        return quiet.start <= wall < quiet.end
    return not quiet.end <= wall < quiet.start


def ends_first(quiet: QuietHours, now: datetime) -> None:
    """The end is not quiet, and everything from now to it is."""
    free = quiet.ends_after(now)
    assume(free)
    assert free and now < free <= now + timedelta(hours=27)
    assert not is_quiet(quiet, free) and is_quiet(quiet, free - TICK)
    assert all(is_quiet(quiet, at) for at in _minutes(now, free))


def _minutes(since: datetime, until: datetime) -> Iterator[datetime]:
    return (since + n * MINUTE for n in range(-((since - until) // MINUTE)))


@law(
    "Quiet hours apply from their start until just before their end, and at no other time.",
    quiet=quiet_hours(),
    now=minutes,
    edge=st.sampled_from([None, "start", "end"]),
    before=st.booleans(),
)
def quiet(rule: Rule, quiet: QuietHours, now: datetime, edge: str | None, before: bool) -> None:
    if edge:
        wall = getattr(quiet, edge)
        now = now.astimezone(ZoneInfo(quiet.zone)).replace(hour=wall.hour, minute=wall.minute)
    now -= TICK if before else timedelta(0)
    assert (quiet.ends_after(now) is not None) == is_quiet(quiet, now)


@law(
    "Quiet hours end at the first moment from now that is not quiet.",
    quiet=quiet_hours(),
    now=minutes,
)
def quiet_end(rule: Rule, quiet: QuietHours, now: datetime) -> None:
    ends_first(quiet, now)


@law(
    "Quiet hours end at the right moment when the clocks change at night, in any zone.",
    night=turned_nights.map(list),
)
def turned_clock(rule: Rule, night: Any) -> None:
    now, quiet = night
    ends_first(quiet, now)


@law("Quiet hours end at the right moment around a leap day.", quiet=quiet_hours(), now=leap_days)
def leap_day(rule: Rule, quiet: QuietHours, now: datetime) -> None:
    ends_first(quiet, now)


def timed(
    rule: Rule, question: Question, quiet: QuietHours | None, spent: Sequence[SendCount]
) -> Decision:
    done: Decision = rule.timing.apply_send_window(
        YES, question, quiet_hours=quiet, spent=spent, now=NOON
    )
    return done


@law(
    "Quiet hours and limits never turn a yes into a no, and do not change a no.",
    quiet=st.none() | quiet_hours(),
    spent=spent,
    question=every_question,
    allowed=st.booleans(),
)
def only_a_yes(
    rule: Rule, quiet: QuietHours | None, spent: Any, question: Question, allowed: bool
) -> None:
    answer = YES._replace(allowed=allowed)
    done = rule.timing.apply_send_window(answer, question, quiet_hours=quiet, spent=spent, now=NOON)
    assert done._replace(not_before=None, remaining=None) == answer
    assert allowed or done == answer
    assert not spent or not allowed or done.remaining is not None


@law(
    "A yes applies from the first moment that is not quiet and has a send left.",
    quiet=st.none() | quiet_hours(),
    spent=spent,
    question=questions,
    channel=DISTURBING,
)
def not_before(
    rule: Rule, quiet: QuietHours | None, spent: Any, question: Question, channel: str
) -> None:
    question = question._replace(scope=question.scope._replace(channel=channel))
    done = timed(rule, question, quiet, spent)
    free = max([NOON, *(_free(each) for each in spent)])
    assume(free > NOON or (quiet and is_quiet(quiet, NOON)))
    assert done.not_before and done.not_before >= free
    assert not (quiet and is_quiet(quiet, done.not_before))
    if done.not_before > free:
        assert quiet and is_quiet(quiet, free) and is_quiet(quiet, done.not_before - TICK)


@law(
    "If there are no quiet hours now and no limit is used up, a yes applies at once.",
    quiet=st.none() | quiet_hours(),
    spent=spent,
    question=questions,
)
def at_once(rule: Rule, quiet: QuietHours | None, spent: Any, question: Question) -> None:
    left = [each for each in spent if each.count < each.limit.max]
    quiet = quiet if quiet and not is_quiet(quiet, NOON) else None
    assert timed(rule, question, quiet, left).not_before is None


@law(
    "A letter, and a message of a required purpose, do not wait for quiet hours.",
    zone=zones,
    letter=st.booleans(),
    channel=channels,
    spent=spent,
)
def letter(rule: Rule, zone: str, letter: bool, channel: str, spent: Any) -> None:
    always = rule.own(QuietHours(NOON.astimezone(ZoneInfo(zone)).time(), _before_noon(zone), zone))
    scope = ASKED._replace(channel="post" if letter else channel)
    question = rule.own(Question(scope, "opt_in" if letter else "required"))
    free = [_free(each) for each in spent if each.count >= each.limit.max]
    assert timed(rule, question, always, spent).not_before == max(free, default=None)


@law(
    "What is left of a limit is its number minus the sends, and never below zero.",
    limit=few,
    count=st.integers(0, 9),
)
def left(rule: Rule, limit: Limit, count: int) -> None:
    used = rule.budgets.SendCount(limit, count, NOON)
    assert used.remaining >= 0
    assert used.remaining == limit.max - min(count, limit.max)


@law(
    "Of several limits, the one with the least left counts. Without any, `remaining` is null.",
    spent=spent,
    question=every_question,
)
def least_left(rule: Rule, spent: Any, question: Question) -> None:
    done = timed(rule, question, None, spent)
    assert done.remaining == min((s.limit.max - s.count for s in spent), default=None)


@law(
    "A used-up limit has room again at the first moment at which its window allows a send.",
    limit=few,
    sent=sends,
    now=st.integers(0, 10).map(lambda days: NOON + days * DAY),
)
def gives_back(rule: Rule, limit: Limit, sent: list[datetime], now: datetime) -> None:
    sent = [*sent, *(now - n * MINUTE for n in range(1, limit.max))]
    used = _counted(rule, limit, sent, now)
    assume(_room(limit, sent, now) <= 0)
    free = used.gives_back
    assert free and free > now
    assert _room(limit, sent, free) > 0 >= _room(limit, sent, free - TICK)


@law("A limit with sends left delays no message.", limit=few, count=st.integers(0, 3))
def room_left(rule: Rule, limit: Limit, count: int) -> None:
    assume(count < limit.max)
    assert rule.budgets.SendCount(limit, count, NOON if count else None).gives_back is None


@law(
    "A limit on all brands shows no number left, and has room again on a full hour.",
    limit=few,
    minutes=st.integers(0, 23 * 60),
)
def shared_limit(rule: Rule, limit: Limit, minutes: int) -> None:
    oldest = NOON - minutes * MINUTE
    used = rule.budgets.SendCount(limit, limit.max, oldest, shared=True)
    free = oldest + limit.window
    assert used.remaining is None
    assert used.gives_back.minute == 0 and timedelta(0) <= used.gives_back - free < HOUR


@law(
    "A brand without a relationship gets the same no, whatever the regime and the hours.",
    question=every_question,
    quiet=st.none() | quiet_hours(),
)
def stranger(rule: Rule, question: Question, quiet: QuietHours | None) -> None:
    nothing: list[Choice] = []
    known = rule.checks.Known(None, question, quiet, nothing)
    told = Decision(allowed=False, rule="no_relationship", as_of=NOON)
    assert rule.checks.decide_known_contact(known, now=NOON) == told


def _free(spent: SendCount) -> datetime:
    """When one is free again by the numbers alone; now, if one is."""
    days = {"day": 1, "week": 7, "month": 30}[spent.limit.per]
    if spent.count < spent.limit.max or spent.oldest is None:
        return NOON
    return spent.oldest + days * DAY


def _before_noon(zone: str) -> Any:
    return (NOON - MINUTE).astimezone(ZoneInfo(zone)).time()


def _counted(rule: Rule, limit: Limit, sent: Sequence[datetime], now: datetime) -> Any:
    """As the query counts: of those in the window the newest, as many as the limit allows."""
    inside = sorted(at for at in sent if now - limit.window < at <= now)[-limit.max :]
    return rule.budgets.SendCount(limit, len(inside), min(inside, default=None))


def _room(limit: Limit, sent: Sequence[datetime], at: datetime) -> int:
    days = {"day": 1, "week": 7, "month": 30}[limit.per]
    return limit.max - sum(at - days * DAY < each <= at for each in sent)
