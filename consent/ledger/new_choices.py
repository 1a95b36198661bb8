"""Choices before they are recorded: what was chosen, by whom, and how a shared choice ends."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from consent import brand_events
from consent.decision import Basis, Choice, DecisionKind, Limit, Maker, Scope
from core.errors import DomainError


@dataclass(frozen=True, slots=True)
class Actor:
    """The author of a choice, and the `source` it came through. A brand sets `brand_id`."""

    source: str
    brand_id: int | None = None

    @property
    def maker(self) -> Maker:
        return "person" if self.brand_id is None else "brand"


@dataclass(frozen=True, slots=True)
class ChoiceTerms:
    """What was decided, whatever it is about. `made_at` is when; None means now.

    Terms with a `ground` are an implied consent, which the law limits in time: see Note [Terms].
    """

    decision: DecisionKind
    reason: str = ""
    until: datetime | None = None
    limit: Limit | None = None
    expires_at: datetime | None = None
    basis: Basis = "express"
    ground: str | None = None
    evidence: str = ""
    notice: str = ""
    #: The campaign that the choice answers, if it is known for certain.
    campaign: str = ""
    made_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class NewChoice:
    """A choice to be recorded: the terms, and the scope that they are about."""

    scope: Scope
    terms: ChoiceTerms


class ExpiresTooSoon(DomainError):
    """A yes to several brands that would end before the next full hour.

    Such a yes ends on the hour, and there is no full hour between now and its end.
    """

    code = "expires_too_soon"
    field = "expires_at"


def concerns_several_brands(choices: Sequence[NewChoice]) -> bool:
    """Return whether *choices* are about several brands, so that their end times are rounded."""
    return len({choice.scope.brand for choice in choices}) > 1


def end_on_the_hour(choice: NewChoice, now: datetime) -> NewChoice:
    """Round the end of a shared choice to the hour: a pause ends later, a yes ends earlier.

    Raises:
        ExpiresTooSoon: the rounded end of a yes is not after *now*.
    """
    terms = choice.terms
    until = terms.until and brand_events.ceil_to_hour(terms.until)
    expires_at = terms.expires_at and brand_events.floor_to_hour(terms.expires_at)
    if expires_at and expires_at <= now:
        raise ExpiresTooSoon("a yes to several brands ends on the hour: let it end an hour later")
    return replace(choice, terms=replace(terms, until=until, expires_at=expires_at))


#: Replaces an entry's id in a hypothetical choice, which has no ledger entry.
SUPPOSED_ENTRY_ID = uuid.UUID(int=0)


def suppose_choices(choices: Sequence[NewChoice], *, now: datetime) -> list[Choice]:
    """Return the choices as if the person made them now, one after another. Record nothing.

    Raises:
        ExpiresTooSoon: as for `record_choices`.
    """
    is_shared = concerns_several_brands(choices)
    # These numbers are above those of any entry and rise with the list. So each choice counts as
    # newer than the one before it.
    first = sys.maxsize - len(choices)
    return [
        _suppose(
            end_on_the_hour(each, now) if is_shared or each.scope.brand is None else each,
            seq=first + number,
            now=now,
        )
        for number, each in enumerate(choices)
    ]


def _suppose(choice: NewChoice, *, seq: int, now: datetime) -> Choice:
    return Choice(
        entry=SUPPOSED_ENTRY_ID,
        seq=seq,
        scope=choice.scope,
        decision=choice.terms.decision,
        maker="person",
        made_at=now,
        until=choice.terms.until,
        expires_at=choice.terms.expires_at,
        limit=choice.terms.limit,
    )
