"""After an undo, every question is answered as before."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from brands.models import Brand
from cmr.choices import undo
from consent.checks import permissions
from consent.decision.resolution import Decision, Limit, Scope
from consent.models import LedgerEntry, Relationship, Subject
from tests.factories import record_choice
from tests.trying import tries

HOUR = timedelta(hours=1)
SAID = st.tuples(
    st.sampled_from(["grant", "deny", "pause", "clear", "limit"]),
    st.booleans(),  # about acme, or any brand
    st.sampled_from([None, "marketing"]),
    st.sampled_from([None, "email"]),
)


def record(person: Subject, brand: Brand, said: tuple[Any, ...], at: datetime) -> LedgerEntry:
    decision, own, purpose, channel = said
    more: dict[str, Any] = {"until": at + 99 * HOUR} if decision == "pause" else {}
    more |= {"limit": Limit(3, "week")} if decision == "limit" else {}
    return record_choice(
        person.pk, decision, Scope(brand.pk if own else None, purpose, channel), now=at, **more
    )


def answers(person: Subject, brand: Brand, at: datetime) -> dict[Any, tuple[bool, Any]]:
    def short(decision: Decision) -> tuple[bool, Any]:
        return decision.allowed, decision.limit if decision.allowed else None

    known = Relationship(subject=person, person=person, brand=brand)  # as if there were one
    may = permissions.list_brand_permissions(person.pk, [known], now=at)[brand.pk]
    return {(each.purpose, each.channel): short(each.decision) for each in may}


@tries(30)
@given(said=st.lists(SAID, max_size=6), last=SAID)
def test_undo_random_choices_restores_every_answer(
    said: list[tuple[Any, ...]], last: tuple[Any, ...], acme: Brand, now: datetime
) -> None:
    person = Subject.objects.create()
    for nth, each in enumerate(said):
        record(person, acme, each, now + nth * HOUR)
    then = now + 10 * HOUR
    before = answers(person, acme, then)
    entry = record(person, acme, last, then)
    undo.undo_batch(person.pk, [entry], by="portal", now=then + HOUR)
    assert answers(person, acme, then + 2 * HOUR) == before


@tries(15)
@given(said=st.lists(SAID, max_size=6))
def test_clear_limit_keeps_grants_and_denials(
    said: list[tuple[Any, ...]], acme: Brand, now: datetime
) -> None:
    person = Subject.objects.create()
    for nth, each in enumerate(said):
        record(person, acme, each, now + nth * HOUR)
    then = now + 10 * HOUR
    before = answers(person, acme, then)
    undo.clear_choices(person.pk, [Scope(acme.pk)], ["limit"], by="portal", now=then)
    after = answers(person, acme, then + HOUR)
    assert {key: each[0] for key, each in after.items()} == {
        key: each[0] for key, each in before.items()
    }


def test_undo_does_not_restore_overruled_grant(acme: Brand, now: datetime) -> None:
    person = Subject.objects.create()
    mail = (True, "marketing", "email")
    record(person, acme, ("grant", *mail), now)
    record(person, acme, ("deny", True, None, None), now + HOUR)
    entry = record(person, acme, ("deny", *mail), now + 2 * HOUR)
    undo.undo_batch(person.pk, [entry], by="portal", now=now + 3 * HOUR)
    assert not answers(person, acme, now + 4 * HOUR)["marketing", "email"][0]
