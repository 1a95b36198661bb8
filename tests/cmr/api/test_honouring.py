"""Propagation of a choice as the person sees it: recorded, delivered, applied, overdue."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from brands.events import stream
from brands.models import Attempt, Brand, Event
from cmr.models import Consumer
from consent.brand_events.entry_ids import build_entry_id
from consent.ledger.recording import Actor
from consent.models import HonourClock, Relationship
from consent.propagation import propagate
from consent.relationships import lifecycle
from consent.rules import deadlines
from consent.rules.deadlines import Clock
from tests.conftest import Api
from tests.factories import create_subscription

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("acme_key", "rival_key")]


def say_no(as_ana: Api, brand: str | None = "acme", channel: str | None = "email") -> str:
    scope: dict[str, Any] = {"purpose": "marketing", "channel": channel}
    if brand:
        scope["brand"] = brand
    answer = as_ana.post("me/choices", {"scope": scope, "decision": "deny"})
    assert answer.status_code == 201, answer.content
    entry: str = answer.json()["data"][0]["entry"]
    return entry


def fates(as_ana: Api, entry: str) -> list[dict[str, Any]]:
    answer = as_ana.get(f"me/history/{entry}/propagation")
    assert answer.status_code == 200
    data: list[dict[str, Any]] = answer.json()["data"]
    return data


def delivered(brand: Brand, sequence: int) -> None:
    subscription = create_subscription(brand, "https://acme.example/")
    Attempt.objects.create(
        brand=brand,
        subscription=subscription,
        sequence=sequence,
        message=subscription.pk,
        started_at=timezone.now(),
        latency_ms=3,
        outcome="delivered",
        status=204,
    )


def test_propagation_state_follows_delivery_and_ack(as_ana: Api, met: Relationship) -> None:
    entry = say_no(as_ana)
    (fate,) = fates(as_ana, entry)
    assert (fate["brand"], fate["state"], fate["delivered_at"]) == ("acme", "recorded", None)
    sequence = stream.read_last_sequence(met.brand_id)
    delivered(met.brand, sequence)
    assert fates(as_ana, entry)[0]["state"] == "delivered"
    stream.acknowledge(met.brand_id, through=sequence, now=timezone.now())
    (fate,) = fates(as_ana, entry)
    assert fate["state"] == "applied"
    assert fate["delivered_at"] < fate["applied_at"]


def test_propagation_lower_ack_is_ignored(as_ana: Api, met: Relationship) -> None:
    entry = say_no(as_ana)
    through = stream.read_last_sequence(met.brand_id) - 1
    stream.acknowledge(met.brand_id, through=through, now=timezone.now())
    assert fates(as_ana, entry)[0]["state"] == "recorded"


def test_propagation_ack_without_webhook_is_applied(as_ana: Api, met: Relationship) -> None:
    entry = say_no(as_ana)
    stream.acknowledge(met.brand_id, through=2, now=timezone.now())
    (fate,) = fates(as_ana, entry)
    assert fate["delivered_at"] == fate["applied_at"]


def entry_id(entry: str, relationship: Relationship) -> str:
    """The entry's id as the brand reads it."""
    return str(build_entry_id(uuid.UUID(entry), relationship.pk))


def test_propagation_past_due_is_overdue_until_applied(
    as_ana: Api, as_acme: Api, met: Relationship
) -> None:
    HonourClock.objects.update(days=0, business_days=False)
    entry = say_no(as_ana)
    assert fates(as_ana, entry)[0]["state"] == "overdue"
    late = as_acme.get("events/overdue").json()
    assert [event["data"]["entry"] for event in late["data"]] == [entry_id(entry, met)]
    as_acme.post("events/ack", {"through": late["data"][0]["sequence"]})
    assert fates(as_ana, entry)[0]["state"] == "applied"
    assert as_acme.get("events/overdue").json() == {"data": [], "next_cursor": None}


def test_overdue_list_is_paged(as_ana: Api, as_acme: Api, met: Relationship) -> None:
    HonourClock.objects.update(days=0, business_days=False)
    noes = [say_no(as_ana, channel=each) for each in ("email", "sms", "post")]
    entries = [entry_id(entry, met) for entry in noes]
    page = as_acme.get("events/overdue", limit=2).json()
    rest = as_acme.get("events/overdue", limit=2, after=page["next_cursor"]).json()
    shown = [event["data"]["entry"] for event in page["data"] + rest["data"]]
    assert shown == entries
    assert rest["next_cursor"] is None


def test_propagation_of_wide_choice_lists_each_brand(
    as_ana: Api, ana: Consumer, met: Relationship, rival: Brand
) -> None:
    lifecycle.start_relationship(ana.subject_id, rival, by=Actor("api"), now=timezone.now())
    entry = say_no(as_ana, brand=None)
    assert [(f["brand"], f["honour_by"]) for f in fates(as_ana, entry)] == [
        ("acme", None),
        ("rival", None),
    ]
    propagate.propagate_choices(ana.subject_id, now=timezone.now())
    assert all(fate["honour_by"] for fate in fates(as_ana, entry))


@pytest.mark.parametrize("entry", ["019a0000-0000-7000-8000-000000000000"])
def test_propagation_of_other_entry_is_not_found(entry: str, as_ana: Api, as_acme: Api) -> None:
    assert as_ana.get(f"me/history/{entry}/propagation").status_code == 404
    assert as_acme.get(f"me/history/{entry}/propagation").status_code == 401


def test_event_contains_honour_by(as_ana: Api, as_acme: Api, met: Relationship) -> None:
    say_no(as_ana)
    event = as_acme.get("events", after=1).json()["data"][0]
    kept = Event.objects.get(brand=met.brand, sequence=event["sequence"])
    assert kept.honour_by is not None
    assert kept.honour_by - kept.timestamp == timedelta(days=2)


@pytest.mark.parametrize(
    ("purpose", "channel", "days"),
    [
        ("marketing", "email", 2),
        ("marketing", None, 2),  # e-mail is among all channels
        ("marketing", "sms", 14),
        ("sale_or_sharing", "post", 14),
        ("research", "push", 14),
    ],
)
def test_honour_by_strictest_clock_applies(
    purpose: str, channel: str | None, days: int, acme: Brand
) -> None:
    start = timezone.now().replace(year=2026, month=6, day=1)  # a Monday
    ends = deadlines.compute_honour_by(purpose=purpose, channel=channel, start=start)
    assert ends == start + timedelta(days=days)


def test_honour_by_business_days_skip_weekends() -> None:
    friday = timezone.now().replace(year=2026, month=6, day=5)
    assert Clock(1, business_days=True).ends(friday) == friday + timedelta(days=3)
    assert Clock(1, business_days=False).ends(friday) == friday + timedelta(days=1)


def test_with_no_clock_there_is_no_time(as_ana: Api, met: Relationship) -> None:
    HonourClock.objects.all().delete()
    entry = say_no(as_ana)
    assert fates(as_ana, entry)[0]["honour_by"] is None
