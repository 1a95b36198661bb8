"""What the laws are tried on: ledgers, words said after them, questions, nights and sends."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from functools import cache
from itertools import product
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from brands.models import Channel
from consent.checks.frequency_caps import SendCount
from consent.decision.quiet_hours import QuietHours, list_time_zones
from consent.decision.resolution import Basis, Choice, DecisionKind, Limit, Maker, Question, Scope

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
HOUR, DAY, MINUTE = timedelta(hours=1), timedelta(days=1), timedelta(minutes=1)
TICK = timedelta(microseconds=1)
#: The parts of a scope that a question about a message names, and those that name a trait.
PARTS = ("brand", "purpose", "channel", "topic", "contact_point")
TRAIT_PARTS = ("trait_kind", "trait_category", "trait")
ASKED = Scope(1, "marketing", "email", "weekly", 7)
OTHER: dict[str, Any] = {
    "brand": 2,
    "purpose": "research",
    "channel": "sms",
    "topic": "daily",
    "contact_point": 8,
}

# -- Scopes and questions ----------------------------------------------------------------------

#: All that cover the question: each part as asked, or any.
COVERING = [Scope(*parts) for parts in product(*((getattr(ASKED, p), None) for p in PARTS))]
#: Each misses the question in one part.
MISSING = [scope._replace(**{part: OTHER[part]}) for scope in COVERING for part in PARTS]
covering = st.sampled_from(COVERING)
scopes = covering | covering | st.sampled_from(sorted(set(MISSING), key=repr))
questions = st.sampled_from([Question(ASKED, "opt_in"), Question(ASKED, "opt_out")])
every_question = questions | st.just(Question(ASKED, "required"))

#: A question about the use of one trait.
USED = Scope(1, "profiling", None, None, 7, "inferred", "health", "pregnancy")
OF_TRAITS = ("brand", "purpose", "contact_point", *TRAIT_PARTS)
OTHER_TRAIT: dict[str, Any] = {
    "brand": 2,
    "purpose": "research",
    "contact_point": 8,
    "trait_kind": "bought",
    "trait_category": "income",
    "trait": "salary",
}
#: All that cover the use.
COVERING_USE = [
    Scope(**dict(zip(OF_TRAITS, parts, strict=True)))
    for parts in product(*((getattr(USED, part), None) for part in OF_TRAITS))
]
#: Those of them that name a trait, its kind or its category.
OF_USE = [scope for scope in COVERING_USE if any(scope[5:])]
MISSING_USE = [
    scope._replace(**{part: OTHER_TRAIT[part]}) for scope in COVERING_USE for part in OF_TRAITS
]
covering_use = st.sampled_from(COVERING_USE)
scopes_of_use = covering_use | covering_use | st.sampled_from(sorted(set(MISSING_USE), key=repr))
uses = st.sampled_from([Question(USED, "opt_in"), Question(USED, "opt_out")])

# -- Choices -----------------------------------------------------------------------------------

#: Few enough that two choices are often made at one time.
moments = st.sampled_from([NOON + hours * HOUR for hours in range(-20, 0)])
ends = st.sampled_from([NOON + hours * HOUR for hours in range(-6, 13)])
to_come = st.sampled_from([NOON + hours * HOUR for hours in range(1, 13)])
gone = st.sampled_from([NOON + hours * HOUR for hours in range(-3, 1)])
limits = st.sampled_from([Limit(n, per) for n in range(1, 41) for per in ("day", "week", "month")])
makers = st.sampled_from(["person", "brand"])


def word(
    decision: DecisionKind,
    maker: Maker = "person",
    *,
    scope: st.SearchStrategy[Scope] = covering,
    made_at: st.SearchStrategy[datetime] | None = None,
    seq: int = 99,
    **more: st.SearchStrategy[Any],
) -> st.SearchStrategy[Choice]:
    """One choice; made now unless told otherwise."""
    parts = {"until": st.none(), "expires_at": st.none(), "limit": st.none()} | more
    return st.builds(
        Choice,
        entry=st.just(uuid.UUID(int=seq)),
        seq=st.just(seq),
        scope=scope,
        decision=st.just(decision),
        maker=st.just(maker),
        made_at=st.just(NOON) if made_at is None else made_at,
        basis=parts.pop("basis", st.just("express")),
        **parts,
    )


Kind = tuple[DecisionKind, Maker, Basis]
#: Of a choice in a ledger how often which kind.
KINDS: list[Kind] = [
    ("grant", "person", "express"),
    ("grant", "person", "express"),
    ("deny", "person", "express"),
    ("deny", "person", "express"),
    ("pause", "person", "express"),
    ("pause", "person", "express"),
    ("limit", "person", "express"),
    ("clear", "person", "express"),
    ("grant", "brand", "express"),
    ("grant", "brand", "implied"),
    ("deny", "brand", "express"),
    ("clear", "brand", "express"),
]


def said(
    where: st.SearchStrategy[Scope], when: st.SearchStrategy[datetime]
) -> st.SearchStrategy[Choice]:
    """A choice that has no number yet. Drawn in one go: ledgers are what the laws' time goes to."""
    parts = st.tuples(st.sampled_from(KINDS), where, when, ends, st.booleans(), limits)
    return parts.map(_choice)


def _choice(drawn: tuple[Kind, Scope, datetime, datetime, bool, Limit]) -> Choice:
    (decision, maker, basis), scope, made_at, end, endless, limit = drawn
    expires = decision == "grant" and (basis == "implied" or not endless)
    return Choice(
        entry=uuid.UUID(int=0),
        seq=0,
        scope=scope,
        decision=decision,
        maker=maker,
        made_at=made_at,
        basis=basis,
        until=end if decision == "pause" else None,
        expires_at=end if expires else None,
        limit=limit if decision == "limit" else None,
    )


def numbered(ledger: Sequence[Choice]) -> list[Choice]:
    """In the order of recording."""
    return [c._replace(seq=n, entry=uuid.UUID(int=n)) for n, c in enumerate(ledger, 1)]


ledgers = st.lists(said(scopes, moments), max_size=8).map(numbered)
ledgers_of_use = st.lists(said(scopes_of_use, moments), max_size=8).map(numbered)
ledgers_of_some = st.lists(said(scopes, moments), min_size=2, max_size=8).map(numbered)
#: Many choices on one scope.
crowded = st.lists(said(st.just(ASKED), moments), min_size=4, max_size=10).map(numbered)
#: No two choices made at one time.
ledgers_apart = st.lists(
    said(scopes, moments), min_size=2, max_size=8, unique_by=lambda choice: choice.made_at
).map(numbered)
#: What a person says once everything else is said.
no = word("deny")
yes = word("grant")
#: What the brand says once everything else is said, one thing after the other.
brands_words = st.lists(
    word("deny", "brand", scope=scopes)
    | word("grant", "brand", scope=scopes)
    | word("clear", "brand", scope=scopes)
    | word("grant", "brand", scope=scopes, basis=st.just("implied"), expires_at=ends),
    min_size=1,
    max_size=4,
)


def after(ledger: Sequence[Choice], *words: Choice) -> list[Choice]:
    """The ledger, then the words in their order, the last of them now."""
    first = NOON - len(words) * TICK
    said = (
        each._replace(made_at=first + n * TICK, seq=100 + n, entry=uuid.UUID(int=100 + n))
        for n, each in enumerate(words, 1)
    )
    return [*ledger, *said]


# -- Nights ------------------------------------------------------------------------------------

of_the_day = st.integers(0, 24 * 60 - 1).map(lambda n: time(n // 60, n % 60))
zones = st.sampled_from(sorted(list_time_zones()))
#: Any minute of eight years, two of them leap years.
minutes = st.integers(0, 8 * 365 * 24 * 60).map(
    lambda n: datetime(2023, 1, 1, tzinfo=UTC) + n * MINUTE
)
leap_days = st.builds(
    lambda year, n: datetime(year, 2, 28, tzinfo=UTC) + n * MINUTE,
    st.sampled_from([2024, 2028, 2096]),
    st.integers(0, 3 * 24 * 60),
)


@st.composite
def quiet_hours(draw: st.DrawFn, zone: st.SearchStrategy[str] = zones) -> QuietHours:
    start = draw(of_the_day)
    end = draw(of_the_day.filter(lambda end: end != start))
    return QuietHours(start, end, draw(zone))


@cache
def turns(zone: str, year: int) -> list[datetime]:
    """The hours of that year before which the zone's clock is turned."""
    hours = [datetime(year, 1, 1, tzinfo=UTC) + n * HOUR for n in range(366 * 24)]
    offsets = [hour.astimezone(ZoneInfo(zone)).utcoffset() for hour in hours]
    turned = zip(hours[1:], offsets, offsets[1:], strict=False)
    return [hour for hour, before, since in turned if before != since]


@cache
def turning_zones() -> list[str]:
    return [zone for zone in sorted(list_time_zones()) if _has_summer_time(zone)]


def _has_summer_time(zone: str) -> bool:
    seasons = (datetime(2026, month, 1, tzinfo=UTC) for month in (1, 7))
    return len({season.astimezone(ZoneInfo(zone)).utcoffset() for season in seasons}) > 1


@st.composite
def _turned_nights(draw: st.DrawFn) -> tuple[datetime, QuietHours]:
    """Quiet hours, and a moment in them less than a day before the clock is turned."""
    zone = draw(st.sampled_from(turning_zones()))
    turn = draw(st.sampled_from(turns(zone, draw(st.sampled_from([2026, 2028])))))
    now = turn - draw(st.integers(1, 20 * 60)) * MINUTE
    wall = now.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    start = (wall - draw(st.integers(0, 120)) * MINUTE).time()
    end = (wall + draw(st.integers(1, 21 * 60)) * MINUTE).time()
    return now, QuietHours(start, end, zone)


turned_nights = _turned_nights()

# -- Sends -------------------------------------------------------------------------------------

sends = st.lists(
    st.integers(0, 40 * 24 * 3600).map(lambda seconds: NOON - timedelta(seconds=seconds)),
    max_size=12,
)
few = st.sampled_from([Limit(n, per) for n in range(1, 5) for per in ("day", "week", "month")])
channels = st.sampled_from(sorted(Channel.values))


@st.composite
def _spent(draw: st.DrawFn) -> SendCount:
    limit = draw(few)
    count = draw(st.integers(0, limit.max) | st.just(limit.max))
    age = draw(st.integers(0, int(limit.window.total_seconds()) - 1))
    return SendCount(limit, count, NOON - timedelta(seconds=age) if count else None)


spent = st.lists(_spent(), max_size=4)
