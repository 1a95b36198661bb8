"""Many reserve at once: a budget is spent to the last one, and not beyond it."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from functools import partial

import pytest

from brands.models import Brand
from cmr.choices import choose
from cmr.models import Consumer
from consent.checks import sends
from consent.checks.single import Asked
from consent.decision.resolution import Limit, Scope
from consent.identity.identifiers import Contact
from consent.ledger import recording
from consent.ledger.recording import Actor, ChoiceTerms, NewChoice
from consent.models import Relationship, Send, Subject
from tests.factories import open_account
from tests.races.together import together
from tests.replacing import replace_everywhere

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


def allow(person: Consumer, most: int) -> None:
    wide = Scope(purpose="marketing")
    said = [
        NewChoice(wide, ChoiceTerms("grant")),
        NewChoice(wide, ChoiceTerms("limit", limit=Limit(most, "week"))),
    ]
    recording.record_choices(person.subject_id, said, by=Actor("api"), now=NOW)


def reserve(brand: Brand, key: str | None = None, email: str = "ana@example.org") -> object:
    asked = Asked(brand.pk, Contact(email=email), "marketing", "email")
    return sends.reserve_send(asked, now=NOW, key=key).send


def reserve_many(brand: Brand, times: int) -> int:
    return sum(reserve(brand) is not None for _ in range(times))


def test_reserve_concurrently_grants_exactly_the_limit(ana: Consumer, met: Relationship) -> None:
    """16 senders want 10 each."""
    allow(ana, 100)
    granted = together(*[partial(reserve_many, met.brand, 10)] * 16)
    assert sum(granted) == Send.objects.count() == 100


def test_reserve_by_two_brands_shares_wide_limit(
    ana: Consumer, met: Relationship, rival: Brand
) -> None:
    choose.add_brand(ana, rival, by="api", now=NOW)
    allow(ana, 10)
    granted = together(*[partial(reserve_many, brand, 5) for brand in (met.brand, rival)] * 2)
    assert sum(granted) == 10


def test_reserve_with_denial_before_lock_is_refused(
    ana: Consumer, met: Relationship, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ana's no is answered while the reserving has read what stood before it."""
    allow(ana, 5)
    lock = recording.lock_subject

    def deny() -> object:
        no = NewChoice(Scope(met.brand_id), ChoiceTerms("deny"))
        return recording.record_choices(ana.subject_id, [no], by=Actor("api"), now=NOW)

    def deny_and_lock(subject_id: uuid.UUID) -> Subject:
        replace_everywhere(monkeypatch, recording.lock_subject, lock)
        together(deny)
        return lock(subject_id)

    replace_everywhere(monkeypatch, recording.lock_subject, deny_and_lock)
    assert reserve(met.brand) is None
    assert not Send.objects.exists()


def test_reserve_same_key_concurrently_stores_one_send(ana: Consumer, met: Relationship) -> None:
    """The last of the budget, too: the losers are told what the winner is."""
    allow(ana, 1)
    answers = together(*[partial(reserve, met.brand, "k-1")] * 8)
    assert answers == [Send.objects.get().pk] * 8


def test_reserve_same_key_for_two_people_stores_one_send(ana: Consumer, met: Relationship) -> None:
    """They lock different rows, so it is the constraint that decides."""
    ben = open_account("ben@example.org", now=NOW)
    choose.add_brand(ben, met.brand, by="api", now=NOW)
    for person in (ana, ben):
        allow(person, 50)

    def try_it(key: str, email: str) -> object:
        try:
            return reserve(met.brand, key, email)
        except sends.KeyReused:
            return None

    for n in range(10):
        mails = ("ana@example.org", "ben@example.org")
        answers = together(*[partial(try_it, f"k-{n}", mail) for mail in mails])
        assert len([each for each in answers if isinstance(each, uuid.UUID)]) == 1
    assert Send.objects.count() == 10


def test_cancel_and_reserve_concurrently_keeps_count(ana: Consumer, met: Relationship) -> None:
    allow(ana, 8)

    def reserve_and_return() -> int:
        taken = [send for _ in range(5) if (send := reserve(met.brand))]
        for send in taken:
            assert isinstance(send, uuid.UUID)
            sends.cancel_send(met.brand_id, send, now=NOW)
        return 0

    together(*[reserve_and_return] * 6)
    assert reserve_many(met.brand, 10) == 8
