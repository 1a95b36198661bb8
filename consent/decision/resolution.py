"""The decision rule. It is pure: the same choices, question and moment give the same answer.

"Your no applies until you say yes to the same thing, or to a part of it."

Note [Traits]. A trait is a kind of profile data that a brand declares. Its code belongs to the
brand, its kind says how the data was obtained, and its category says what the data is about. A
question about a use of a trait names all three.

- "Nobody may use bought data about me" is a refusal that names the kind alone.
- "No conclusions about my health" is a refusal that names a kind and a category.
- A refusal of one trait names its code alone. So it holds whatever kind the brand assigns later.
- A grant for one trait also names the kind and the category of that time. So it lifts a refusal of
  that kind, and it stops applying when the brand changes them.

The values are named tuples, because a batch creates tens of thousands. They cost a third of a
dataclass.
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
    """Brand × purpose × channel × topic × contact point × trait; None means *any*.

    A trait has three parts: its kind, its category and its code. A question about a message names
    none of them, so choices about traits do not affect it. See Note [Traits].
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
        """Return whether *other* is equal to or narrower than this scope."""
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
    """The part of a ledger entry that the rule needs."""

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
        """The sort key from older to newer: the time it was made, then the order of recording."""
        return (self.made_at, self.seq)

    @property
    def slot(self) -> tuple[Scope, str, str, str]:
        """The slot of the choice. Only the newest choice in a slot counts: see Note [Slots]."""
        return (self.scope, self.decision, self.maker, self.basis)

    def refuses(self, now: datetime) -> bool:
        if self.decision == "pause":
            return self.until is not None and now < self.until
        return self.decision == "deny"

    def permits(self, now: datetime) -> bool:
        unexpired = self.expires_at is None or now < self.expires_at
        return self.decision == "grant" and unexpired

    def lifts(self, denial: Choice) -> bool:
        """Return whether this grant lifts *denial*.

        It must be newer and cover no more than *denial*, and its maker must be entitled to lift it.
        A brand's choice is about the one address that the brand named. The person's yes lifts it
        whatever the address. Otherwise their "yes, by email" would not lift the brand's "no, by
        email".
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
    """The answer. `because` is the choice that decided, or None if a default decided.

    `limits` are the limits in force that cover the question. `not_before` and `remaining` say how
    the limits and the quiet hours restrict a yes (`consent.checks.send_window`). They are None if
    nothing restricts it.
    """

    allowed: bool
    rule: str
    as_of: datetime
    because: Choice | None = None
    valid_until: datetime | None = None
    limits: tuple[Choice, ...] = ()
    not_before: datetime | None = None
    remaining: int | None = None
    #: The relationship that the question is about, if the asking brand has one.
    relationship_id: uuid.UUID | None = None

    @property
    def limit(self) -> Limit | None:
        """The strictest limit: the one that allows the fewest messages per day."""
        said = (choice.limit for choice in self.limits if choice.limit)
        return min(said, key=lambda limit: limit.per_day, default=None)


def decide_without_relationship(now: datetime) -> Decision:
    """Return the decision for a brand that has no relationship with the contact."""
    return Decision(allowed=False, rule="no_relationship", as_of=now)


def fold_choices(choices: Iterable[Choice]) -> list[Choice]:
    """Return the newest choice of each slot. A decision needs no more from a whole ledger."""
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
    """Return the newest choice of each slot, unless its maker has cleared it since.

    The result contains no `clear`.
    """
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

    `valid_until` is the first moment at which time alone changes the answer, because a pause or a
    consent ends. Worked example, with a no to marketing and a later yes to marketing by e-mail:

        marketing by e-mail   allowed   the yes is newer and narrower, so it lifts the no
        marketing by SMS      refused   only the no covers the question
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
    """Return False if choices that all cover a question refuse it, True if they permit it.

    Return None if they do neither. A refusal counts unless a grant has lifted it.
    """
    if _unlifted(covering, now):
        return False
    return True if any(choice.permits(now) for choice in covering) else None


def find_standing_refusal(choices: Iterable[Choice], scope: Scope, now: datetime) -> Choice | None:
    """Return the person's newest refusal that covers all of *scope* and has not been lifted."""
    standing = [
        c for c in select_in_force(choices) if c.scope.covers(scope) and c.maker == "person"
    ]
    return _newest(_unlifted(standing, now))


def _answer(
    standing: Sequence[Choice], question: Question, now: datetime
) -> tuple[bool, str, Choice | None]:
    """Return whether it is allowed, the rule, and the choice that decided."""
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
