"""Ending a pause while others act: told once, and never after what replaced it."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection

from brands.models import Brand, Event
from cmr.choices import choose
from cmr.models import Consumer
from consent.brand_events import payloads
from consent.decision.resolution import Scope
from consent.ledger.recording import Actor
from consent.models import Relationship
from consent.propagation import expirations, propagate
from tests.factories import record_choice
from tests.races.together import together
from tests.replacing import replace_everywhere

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
END = NOW + timedelta(days=7)
PURPOSES = ["marketing", "research", "personalised_ads", "profiling"]


def pause(person: Consumer, purpose: str, until: datetime, at: datetime = NOW) -> None:
    record_choice(person, "pause", Scope(None, purpose), by=Actor("api"), now=at, until=until)


def read_event_types(brand: Brand) -> list[str]:
    events = Event.objects.filter(brand=brand, type__startswith="preference").order_by("sequence")
    return [event.type.partition(".")[2] for event in events]


@pytest.fixture
def companies(ana: Consumer, met: Relationship) -> list[Brand]:
    others = [Brand.objects.create(slug=f"b{n}", name=f"Brand {n}") for n in range(4)]
    for brand in others:
        choose.add_brand(ana, brand, by="api", now=NOW)
    return [met.brand, *others]


def test_expirations_by_many_workers_append_once_in_order(
    ana: Consumer, companies: list[Brand]
) -> None:
    for n, purpose in enumerate(PURPOSES):
        pause(ana, purpose, END - timedelta(hours=n))
    carry = partial(propagate.propagate_choices, ana.subject_id, now=END)
    counts = together(*[partial(expirations.tell_due_endings, END)] * 4, carry)
    assert sum(counts[:-1]) == len(companies) * len(PURPOSES)
    for brand in companies:
        ended = Event.objects.filter(brand=brand, type="preference.pause_ended")
        purposes = list(ended.order_by("sequence").values_list("purpose", flat=True))
        assert purposes == PURPOSES[::-1]
        assert read_event_types(brand) == ["paused"] * len(PURPOSES) + ["pause_ended"] * len(
            PURPOSES
        )


def test_expiration_and_renewal_concurrently_keep_order(
    ana: Consumer, met: Relationship, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The person renews it between the worker's look and its word to the brand."""
    pause(ana, "marketing", END)
    propagate.propagate_choices(ana.subject_id, now=NOW)
    renew = threading.Thread(target=_renew, args=[ana])
    of_ending = payloads.build_ending_event

    def take_long(*args: Any, **kwargs: Any) -> Any:
        renew.start()
        renew.join(0.5)  # longer than a renewal takes that nothing holds up
        return of_ending(*args, **kwargs)

    replace_everywhere(monkeypatch, payloads.build_ending_event, take_long)
    assert expirations.tell_due_endings(END) == 1
    renew.join()
    assert read_event_types(met.brand) == ["paused", "pause_ended", "paused"]


def _renew(person: Consumer) -> None:
    try:
        pause(person, "marketing", END + timedelta(days=7), at=END)
        propagate.propagate_choices(person.subject_id, now=END)
    finally:
        connection.close()
