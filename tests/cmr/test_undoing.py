"""After an Undo every question is answered as it was before; whatever else had been said."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from brands.models import Brand
from cmr.choices import undo
from consent.checks import permissions
from consent.decision.resolution import Decision, Limit, Scope
from consent.ledger import recording
from consent.ledger.recording import Actor, NewChoice
from consent.models import LedgerEntry, Relationship, Subject
from tests.trying import tries

HOUR = timedelta(hours=1)
SAID = st.tuples(
    st.sampled_from(["grant", "deny", "pause", "clear", "limit"]),
    st.booleans(),  # about acme, or any brand
    st.sampled_from([None, "marketing"]),
    st.sampled_from([None, "email"]),
)


def say(person: Subject, brand: Brand, said: tuple[Any, ...], at: datetime) -> LedgerEntry:
    decision, own, purpose, channel = said
    more: dict[str, Any] = {"until": at + 99 * HOUR} if decision == "pause" else {}
    more |= {"limit": Limit(3, "week")} if decision == "limit" else {}
    choice = NewChoice(Scope(brand.pk if own else None, purpose, channel), decision, **more)
    return recording.record_choices(person.pk, [choice], by=Actor("portal"), now=at)[0]


def answers(person: Subject, brand: Brand, at: datetime) -> dict[Any, tuple[bool, Any]]:
    def short(decision: Decision) -> tuple[bool, Any]:
        return decision.allowed, decision.limit if decision.allowed else None

    known = Relationship(subject=person, person=person, brand=brand)  # as if there were one
    may = permissions.list_brand_permissions(person.pk, [known], now=at)[brand.pk]
    return {(each.purpose, each.channel): short(each.decision) for each in may}


@tries(30)
@given(said=st.lists(SAID, max_size=6), last=SAID)
def test_every_answer_is_as_before(
    said: list[tuple[Any, ...]], last: tuple[Any, ...], acme: Brand, now: datetime
) -> None:
    person = Subject.objects.create()
    for nth, each in enumerate(said):
        say(person, acme, each, now + nth * HOUR)
    then = now + 10 * HOUR
    before = answers(person, acme, then)
    entry = say(person, acme, last, then)
    undo.undo_batch(person.pk, [entry], by="portal", now=then + HOUR)
    assert answers(person, acme, then + 2 * HOUR) == before


@tries(15)
@given(said=st.lists(SAID, max_size=6))
def test_taking_the_limit_back_changes_no_yes_and_no_no(
    said: list[tuple[Any, ...]], acme: Brand, now: datetime
) -> None:
    person = Subject.objects.create()
    for nth, each in enumerate(said):
        say(person, acme, each, now + nth * HOUR)
    then = now + 10 * HOUR
    before = answers(person, acme, then)
    undo.clear_choices(person.pk, [Scope(acme.pk)], ["limit"], by="portal", now=then)
    after = answers(person, acme, then + HOUR)
    assert {key: each[0] for key, each in after.items()} == {
        key: each[0] for key, each in before.items()
    }


def test_a_yes_that_a_later_no_overruled_does_not_come_back(acme: Brand, now: datetime) -> None:
    person = Subject.objects.create()
    mail = (True, "marketing", "email")
    say(person, acme, ("grant", *mail), now)
    say(person, acme, ("deny", True, None, None), now + HOUR)
    entry = say(person, acme, ("deny", *mail), now + 2 * HOUR)
    undo.undo_batch(person.pk, [entry], by="portal", now=now + 3 * HOUR)
    assert not answers(person, acme, now + 4 * HOUR)["marketing", "email"][0]
