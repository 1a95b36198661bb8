"""Steps 2 to 4 of docs/precedence.md read word by word over a whole ledger: slow, and plain."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from consent.decision.resolution import Choice, Question, Scope
from tests.consent.laws.drawn import PARTS, TRAIT_PARTS


def covers(wide: Scope, narrow: Scope) -> bool:
    """Each part is *any* or the same."""
    pairs = ((getattr(wide, part), getattr(narrow, part)) for part in (*PARTS, *TRAIT_PARTS))
    return all(this is None or this == that for this, that in pairs)


def when(choice: Choice) -> tuple[datetime, int]:
    return choice.made_at, choice.seq


def slot(choice: Choice) -> tuple[Any, ...]:
    return choice.scope, choice.decision, choice.maker, choice.basis


def stands(choice: Choice, ledger: Sequence[Choice]) -> bool:
    """Nobody replaced it, and its maker did not clear it."""
    later = [other for other in ledger if when(other) > when(choice)]
    replaced = any(slot(other) == slot(choice) for other in later)
    cleared = any(
        (other.decision, other.scope, other.maker) == ("clear", choice.scope, choice.maker)
        for other in later
    )
    return not replaced and not cleared


def answer(ledger: Sequence[Choice], question: Question, now: datetime) -> tuple[bool, str]:
    said = [c for c in ledger if covers(c.scope, question.scope) and stands(c, ledger)]
    grants = [c for c in said if c.decision == "grant" and not _is_past(c.expires_at, now)]
    paused = [c for c in said if c.decision == "pause" and not _is_past(c.until, now)]
    refusing = [c for c in said if c.decision == "deny"] + paused
    if left := [no for no in refusing if not any(_lifts(grant, no) for grant in grants)]:
        no = max(left, key=when)
        return False, f"{no.maker}_paused" if no.decision == "pause" else f"{no.maker}_denied"
    if express := [grant for grant in grants if grant.basis == "express"]:
        return True, f"{max(express, key=when).maker}_granted"
    if grants:
        return True, "implied"
    return question.regime == "opt_out", f"default_{question.regime}"


def _is_past(end: datetime | None, now: datetime) -> bool:
    return end is not None and end <= now


def _lifts(grant: Choice, no: Choice) -> bool:
    if when(grant) < when(no):
        return False
    if grant.maker == "person":
        # What a brand recorded of one address the person's yes lifts whatever the address.
        scope = no.scope._replace(contact_point=None) if no.maker == "brand" else no.scope
        return covers(scope, grant.scope)
    return no.maker == "brand" and grant.basis == "express" and covers(no.scope, grant.scope)
