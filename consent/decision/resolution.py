"""The rule that decides. Pure: the same choices, question and moment give the same answer.

"Your no stands until you yourself later say yes to the same thing or to something narrower."

Note [Traits]. A trait is a kind of profile data that a brand declares: its code belongs to the
brand, its kind says how the data came about, its category what it is about. A question about a use
names all three. So "nobody may use bought data about me" is a no with the kind alone, and "no
conclusions about my health" one with a kind and a category. A no about one trait names its code
alone, and so holds whatever kind the brand gives it later. A yes names the kind and the category as
well, as they were: it lifts a no about that kind, and stops to hold when the brand changes them.

The values are named tuples: a batch makes tens of thousands, at a third of a dataclass's cost.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

DecisionKind = Literal["grant", "deny", "pause", "limit", "clear"]
Maker = Literal["person", "brand"]
Basis = Literal["express", "implied"]
Regime = Literal["opt_in", "opt_out", "required"]


class Scope(NamedTuple):
    """Brand × purpose × channel × topic × contact point × trait; None is *any*.

    The trait has three parts: its kind, its category and its code. A question about a message
    names none, so what is about traits has no say in it. See Note [Traits].
    """

    brand: int | None = None
    purpose: str | None = None
    channel: str | None = None
    topic: str | None = None
    contact_point: int | None = None
    trait_kind: str | None = None
    trait_category: str | None = None
    trait: str | None = None

    @property
    def names_trait(self) -> bool:
        return (self.trait_kind, self.trait_category, self.trait) != (None, None, None)

    def covers(self, other: Scope) -> bool:
        """Whether *other* is equal to or narrower than this."""
        return (
            self.brand in (None, other.brand)
            and self.purpose in (None, other.purpose)
            and self.channel in (None, other.channel)
            and self.topic in (None, other.topic)
            and self.contact_point in (None, other.contact_point)
            and self.trait in (None, other.trait)
            and self.trait_kind in (None, other.trait_kind)
            and self.trait_category in (None, other.trait_category)
        )


class Limit(NamedTuple):
    """At most `max` messages per `per` ("day", "week", "month")."""

    max: int
    per: str

    @property
    def window(self) -> timedelta:
        return timedelta(days={"day": 1, "week": 7, "month": 30}[self.per])

    @property
    def per_day(self) -> float:
        return self.max / self.window.days


class Choice(NamedTuple):
    """What the rule has to know of one ledger entry."""

    entry: uuid.UUID
    seq: int
    scope: Scope
    decision: DecisionKind
    maker: Maker
    made_at: datetime
    basis: Basis = "express"
    until: datetime | None = None
    expires_at: datetime | None = None
    limit: Limit | None = None

    @property
    def age(self) -> tuple[datetime, int]:
        """Sorts older before newer: by the time it was made, then by the order of recording."""
        return (self.made_at, self.seq)

    @property
    def slot(self) -> tuple[Scope, str, str, str]:
        """Of the choices in one slot only the newest counts: see Note [Slots]."""
        return (self.scope, self.decision, self.maker, self.basis)

    def refuses(self, now: datetime) -> bool:
        if self.decision == "pause":
            return self.until is not None and now < self.until
        return self.decision == "deny"

    def permits(self, now: datetime) -> bool:
        unexpired = self.expires_at is None or now < self.expires_at
        return self.decision == "grant" and unexpired

    def lifts(self, denial: Choice) -> bool:
        """Whether this grant takes *denial* away: newer, as narrow, and by who may.

        What a brand records is about the one address that it named. The person's yes lifts it
        whatever the address, or their "yes, by email" would not lift the brand's "no, by email".
        """
        by_who_may = self.maker == "person" or (denial.maker == "brand" and self.basis == "express")
        if not by_who_may or self.age <= denial.age:
            return False
        no = denial.scope
        any_address = self.maker == "person" and denial.maker == "brand"
        return (no._replace(contact_point=None) if any_address else no).covers(self.scope)


class Question(NamedTuple):
    """May `scope.brand` use `scope.channel` for `scope.purpose`, whose regime is `regime`?"""

    scope: Scope
    regime: Regime


class Decision(NamedTuple):
    """The answer. `because` is the choice that decided, or None when a default did.

    `limits` are the limits in force that cover the question; `not_before` and `remaining` say what
    they and the quiet hours leave of a yes (`consent.checks.send_window`), None where nothing holds
    it up.
    """

    allowed: bool
    rule: str
    as_of: datetime
    because: Choice | None = None
    valid_until: datetime | None = None
    limits: tuple[Choice, ...] = ()
    not_before: datetime | None = None
    remaining: int | None = None
    #: Which relationship was asked about, where the asking brand has one.
    relationship_id: uuid.UUID | None = None

    @property
    def limit(self) -> Limit | None:
        """The one that allows the least per day."""
        said = (choice.limit for choice in self.limits if choice.limit)
        return min(said, key=lambda limit: limit.per_day, default=None)


def decide_without_relationship(now: datetime) -> Decision:
    """The answer to a brand that has no relationship with whoever it asked about."""
    return Decision(allowed=False, rule="no_relationship", as_of=now)


def fold_choices(choices: Iterable[Choice]) -> list[Choice]:
    """The newest choice of each slot: all that a decision needs of a whole ledger."""
    choices = list(choices)
    if len(choices) < 2:
        return choices
    newest: dict[tuple[Scope, str, str, str], Choice] = {}
    for choice in choices:
        held = newest.get(choice.slot)
        if held is None or choice.age > held.age:
            newest[choice.slot] = choice
    return list(newest.values())


def select_in_force(choices: Iterable[Choice]) -> list[Choice]:
    """What `fold` keeps and its own maker has not since cleared, the clears left out."""
    kept = fold_choices(choices)
    cleared = {(c.scope, c.maker): c.age for c in kept if c.decision == "clear"}
    if not cleared:
        return kept

    def stands(choice: Choice) -> bool:
        at = cleared.get((choice.scope, choice.maker))
        return choice.decision != "clear" and (at is None or choice.age > at)

    return [choice for choice in kept if stands(choice)]


def decide_by_choices(choices: Iterable[Choice], question: Question, now: datetime) -> Decision:
    """Apply steps 1 to 4 of the rule to one person's choices.

    `valid_until` is the first moment at which time alone changes the answer: a pause that ends,
    a consent that runs out.
    """
    if question.regime == "required":
        return Decision(allowed=True, rule="required", as_of=now)
    standing = [c for c in select_in_force(choices) if c.scope.covers(question.scope)]
    allowed, rule, because = _answer(standing, question, now)
    return Decision(
        allowed,
        rule,
        now,
        because,
        _next_turn(standing, question, now, allowed),
        tuple(choice for choice in standing if choice.limit),
    )


def read_verdict(covering: Sequence[Choice], now: datetime) -> bool | None:
    """Whether choices that all cover a question refuse or permit it; None where they do neither."""
    if _unlifted(covering, now):
        return False
    return True if any(choice.permits(now) for choice in covering) else None


def find_standing_refusal(choices: Iterable[Choice], scope: Scope, now: datetime) -> Choice | None:
    """The person's newest no that covers the whole of *scope* and that they have not lifted."""
    standing = [
        c for c in select_in_force(choices) if c.scope.covers(scope) and c.maker == "person"
    ]
    return _newest(_unlifted(standing, now))


def _answer(
    standing: Sequence[Choice], question: Question, now: datetime
) -> tuple[bool, str, Choice | None]:
    """Yes or no, the rule, and the choice that decided."""
    if denial := _newest(_unlifted(standing, now)):
        return False, _refusal(denial), denial
    if grant := _newest([c for c in standing if c.permits(now)], first=_is_express):
        rule = "implied" if grant.basis == "implied" else f"{grant.maker}_granted"
        return True, rule, grant
    return question.regime == "opt_out", f"default_{question.regime}", None


def _refusal(denial: Choice) -> str:
    verb = "paused" if denial.decision == "pause" else "denied"
    return f"{denial.maker}_{verb}"


def _unlifted(standing: Sequence[Choice], now: datetime) -> list[Choice]:
    if not (denials := [c for c in standing if c.refuses(now)]):
        return denials
    grants = [c for c in standing if c.permits(now)]
    return [d for d in denials if not any(g.lifts(d) for g in grants)]


def _is_express(choice: Choice) -> bool:
    return choice.basis == "express"


def _newest(
    choices: Sequence[Choice], *, first: Callable[[Choice], bool] = lambda choice: True
) -> Choice | None:
    if len(choices) < 2:
        return choices[0] if choices else None
    return max(choices, key=lambda c: (first(c), c.age))


def _next_turn(
    standing: Sequence[Choice], question: Question, now: datetime, allowed: bool
) -> datetime | None:
    ends = {end for c in standing for end in (c.until, c.expires_at) if end and end > now}
    for end in sorted(ends):
        if _answer(standing, question, end)[0] != allowed:
            return end
    return None
