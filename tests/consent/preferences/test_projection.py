"""The projection decides as the whole ledger does, and can be rebuilt."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from brands.models import Brand
from cmr.models import Consumer
from consent.decision import resolution
from consent.decision.resolution import Question, Scope
from consent.ledger import recording
from consent.ledger.recording import Actor, ChoiceTerms, ExpiresTooSoon, LiftRefused, NewChoice
from consent.models import LedgerEntry, Relationship, Subject
from consent.preferences import projection
from tests.trying import tries

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
hours = st.integers(-60, 0).map(lambda h: NOW + timedelta(hours=h))
ends = st.integers(-30, 30).map(lambda h: NOW + timedelta(hours=h))


@st.composite
def spoken(draw: st.DrawFn, brand: int) -> tuple[NewChoice, Actor]:
    """A choice by the person, or by the brand as far as it may speak."""
    of_brand = draw(st.booleans())
    decision = draw(st.sampled_from(["grant", "grant", "deny", "pause", "clear"]))
    implied = of_brand and decision == "grant" and draw(st.booleans())
    expires = decision == "grant" and (implied or draw(st.booleans()))
    choice = NewChoice(
        scope=Scope(
            brand if of_brand else draw(st.sampled_from([None, brand])),
            draw(st.sampled_from([None, "marketing", "research"])),
            draw(st.sampled_from([None, "email", "sms"])),
        ),
        terms=ChoiceTerms(
            decision=decision,  # type: ignore[arg-type]
            until=draw(ends) if decision == "pause" else None,
            expires_at=draw(ends) if expires else None,
            basis="implied" if implied else "express",
            ground=draw(st.sampled_from(["purchase", "inquiry"])) if implied else None,
            evidence="a form" if of_brand else "",
            made_at=draw(hours),
        ),
    )
    return choice, Actor("brand_api", brand) if of_brand else Actor("api")


@tries(20)
@given(st.data())
def test_projection_random_choices_decides_as_ledger(
    ana: Consumer, met: Relationship, data: st.DataObject
) -> None:
    with transaction.atomic():
        for choice, by in data.draw(st.lists(spoken(met.brand_id), max_size=8)):
            _record(ana, choice, by)
        _same_answers(ana, met.brand)
        projection.rebuild_preferences(Subject.objects.get(pk=ana.subject_id))
        _same_answers(ana, met.brand)
        transaction.set_rollback(True)


def _record(person: Consumer, choice: NewChoice, by: Actor) -> None:
    try:
        recording.record_choices(person.subject_id, [choice], by=by, now=NOW)
    except LiftRefused:
        assert by.brand_id  # only a brand's yes is ever refused
    except ExpiresTooSoon:
        assert choice.scope.brand is None


def _same_answers(person: Consumer, brand: Brand) -> None:
    entries = LedgerEntry.objects.filter(subject=person.subject_id)
    said = projection.build_choices_from_ledger(entries)
    held = projection.read_choices_about_brand(person.subject_id, brand.pk)
    for channel in ("email", "sms", "post"):
        question = Question(Scope(brand.pk, "marketing", channel), "opt_in")
        for days in (-1, 0, 1, 2):
            at = NOW + timedelta(days=days)
            assert resolution.decide_by_choices(held, question, at) == resolution.decide_by_choices(
                said, question, at
            )
