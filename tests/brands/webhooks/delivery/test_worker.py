"""Delivery from the stream to a real endpoint: signed, in order, once, with retries."""

from __future__ import annotations

import asyncio
import uuid
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import OperationalError
from django.utils import timezone
from pytest_httpserver import HTTPServer
from standardwebhooks import Webhook

from brands import webhooks
from brands.events import stream
from brands.models import Attempt, Brand, Outcome, Subscription
from brands.webhooks import leases, signing_keys
from brands.webhooks.delivery import prepare, results, retries
from brands.webhooks.delivery.prepare import Round
from brands.webhooks.delivery.worker import DeliveryWorker
from brands.webhooks.leases import Lease
from core.http.outbound import Answer
from tests.brands.endpoints import Endpoint, happen

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def endpoint(httpserver: HTTPServer, acme: Brand, worker: DeliveryWorker) -> Endpoint:
    return Endpoint(httpserver, acme, worker)


def test_deliver_event_verifies_with_public_library(endpoint: Endpoint) -> None:
    happen(endpoint.brand, 1)
    assert endpoint.deliver() == 1
    headers, body, _ = endpoint.requests[0]
    event = Webhook(endpoint.secret).verify(body, headers)
    assert (event["type"], event["sequence"]) == ("preference.denied", 1)


def test_deliver_sends_each_event_once_and_moves_cursor(endpoint: Endpoint) -> None:
    happen(endpoint.brand, *range(30))
    assert endpoint.deliver() == 30
    assert endpoint.deliver() == 0
    assert sorted(endpoint.sequences) == list(range(1, 31))
    assert endpoint.fresh().cursor == 30


def test_deliver_keeps_order_per_person(endpoint: Endpoint) -> None:
    happen(endpoint.brand, *(n % 4 for n in range(80)))
    endpoint.deliver()
    for person in range(4):
        own = [e["sequence"] for e in endpoint.received if e["data"]["person"] == person]
        assert own == sorted(own)
        assert len(own) == 20


def test_deliver_after_failure_sends_same_ids(endpoint: Endpoint) -> None:
    happen(endpoint.brand, 1, 1)
    endpoint.answers = lambda events: 500
    endpoint.deliver()
    held = endpoint.fresh()
    assert (held.cursor, held.failures) == (0, 1)
    assert held.next_try_at > timezone.now()
    assert endpoint.deliver() == 0  # not due yet
    endpoint.answers = lambda events: 204
    endpoint.is_due_again()
    assert endpoint.deliver() == 2
    ids = [headers["Webhook-Id"] for headers, _, _ in endpoint.requests]
    bodies = [body for _, body, _ in endpoint.requests]
    assert ids[0] == ids[1] != ids[2]
    assert bodies[0] == bodies[1]
    assert endpoint.fresh().failures == 0


def test_deliver_after_failure_skips_delivered_events(endpoint: Endpoint) -> None:
    happen(endpoint.brand, 1, 2, 3)
    endpoint.answers = lambda events: 500 if events[0]["sequence"] == 1 else 204
    endpoint.deliver()
    assert endpoint.fresh().cursor == 0
    beyond = list(endpoint.sequences)
    endpoint.answers = lambda events: 204
    endpoint.is_due_again()
    endpoint.deliver()
    assert sorted(endpoint.sequences) == [1, 2, 3]
    assert endpoint.sequences[: len(beyond)] == beyond
    assert endpoint.fresh().cursor == 3


def test_deliver_failed_event_holds_later_events_of_person(endpoint: Endpoint) -> None:
    happen(endpoint.brand, 1, 1, 1)
    endpoint.answers = lambda events: 500 if events[0]["sequence"] == 2 else 204
    endpoint.deliver()
    assert endpoint.sequences == [1]


def test_deliver_unwanted_events_moves_cursor(endpoint: Endpoint) -> None:
    terms = webhooks.SubscriptionTerms(
        url=endpoint.subscription.url, event_types=["relationship.*"]
    )
    webhooks.change_subscription(endpoint.subscription, terms, now=timezone.now())
    happen(endpoint.brand, 1)
    happen(endpoint.brand, 1, kind="relationship.ended")
    assert endpoint.deliver() == 1
    assert endpoint.sequences == [2]
    assert endpoint.fresh().cursor == 2


def test_deliver_gone_disables_and_enable_continues(endpoint: Endpoint) -> None:
    happen(endpoint.brand, 1, 1)
    endpoint.answers = lambda events: 410
    endpoint.deliver()
    assert endpoint.fresh().disabled_reason == "gone"
    endpoint.answers = lambda events: 204
    assert endpoint.deliver() == 0
    webhooks.enable_subscription(endpoint.fresh(), now=timezone.now())
    assert endpoint.deliver() == 2


def test_deliver_failing_for_five_days_disables(endpoint: Endpoint) -> None:
    happen(endpoint.brand, 1)
    endpoint.answers = lambda events: 500
    long_ago = timezone.now() - retries.GIVE_UP_AFTER - timedelta(minutes=1)
    Subscription.objects.update(failures=9, failing_since=long_ago)
    endpoint.deliver()
    assert endpoint.fresh().disabled_reason == "failing"


def test_deliver_logs_every_attempt(endpoint: Endpoint) -> None:
    happen(endpoint.brand, 1)
    endpoint.answers = lambda events: 503
    endpoint.deliver()
    endpoint.answers = lambda events: 200
    endpoint.is_due_again()
    endpoint.deliver()
    tries = Attempt.objects.order_by("pk").values_list("sequence", "outcome", "status")
    assert list(tries) == [(1, "refused", 503), (1, "delivered", 200)]


def test_deliver_leased_subscription_waits_for_end_of_lease(endpoint: Endpoint) -> None:
    happen(endpoint.brand, 1)
    assert leases.take_lease(endpoint.subscription.pk)
    assert endpoint.deliver() == 0
    past = timezone.now() - timedelta(seconds=1)
    Subscription.objects.update(leased_until=past)
    assert endpoint.deliver() == 1


def test_handle_result_after_lost_lease_changes_nothing(endpoint: Endpoint) -> None:
    """It was stopped, and another has taken over: the late one's cursor must not count."""
    happen(endpoint.brand, 1)
    round_ = prepare.take_round(endpoint.subscription.pk)
    assert round_
    Subscription.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    other = leases.take_lease(endpoint.subscription.pk)
    assert other
    sent = asyncio.run_coroutine_threadsafe(endpoint.worker._send(round_), endpoint.worker.loop)
    assert not results.handle_result(sent.result(60)[0])
    held = endpoint.fresh()
    assert (held.cursor, held.lease_token) == (0, other.token)
    assert Attempt.objects.count() == 1  # it happened, so it is on record


def test_worker_lost_database_after_round_saves_it_once(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    happen(endpoint.brand, 1)
    prepare_round, away = prepare.prepare_round, iter([False, True, False])

    def prepare_when_back(lease: Lease) -> Round | None:
        if next(away, False):
            raise OperationalError("the connection is lost")
        return prepare_round(lease)

    monkeypatch.setattr(prepare, "prepare_round", prepare_when_back)
    assert endpoint.deliver() == 1
    assert Attempt.objects.count() == 1
    assert endpoint.fresh().lease_token is None


def test_list_secrets_after_rotation_drops_old_at_its_end(endpoint: Endpoint) -> None:
    now = timezone.now()
    new = webhooks.rotate_secret(endpoint.subscription, now=now)
    held = endpoint.fresh()
    assert signing_keys.list_secrets(held, now=now) == [new, endpoint.secret]
    assert signing_keys.list_secrets(held, now=now + signing_keys.ROTATION) == [new]


def test_create_subscription_stores_secret_encrypted(endpoint: Endpoint) -> None:
    assert endpoint.secret.removeprefix("whsec_").encode() not in bytes(endpoint.fresh().secret)


@pytest.mark.parametrize(
    ("failures", "status", "after", "least", "most"),
    [
        (0, 500, "", 4, 6),
        (1, 500, "", 240, 360),
        (99, None, "", 69_120, 103_680),
        (0, 429, "60", 60, 60),
        (5, 503, "0", 1, 1),
        (0, 429, "999999", 3_600, 3_600),
        (0, 429, "Wed, 41 Oct 2026 07:28:00 GMT", 4, 6),
        (0, 500, "60", 4, 6),
        (0, 429, "-5", 4, 6),
        (0, 429, "９", 4, 6),
    ],
)
def test_choose_wait_by_failures_and_retry_after_is_bounded(
    failures: int, status: int | None, after: str, least: int, most: int
) -> None:
    answer = Answer(Outcome.REFUSED, status, "", 1, after)
    assert least <= retries.choose_wait(failures, answer).total_seconds() <= most


@pytest.mark.parametrize(
    ("ahead", "least", "most"), [(600, 598, 600), (-600, 1, 1), (7_200, 3_600, 3_600)]
)
@pytest.mark.parametrize("form", ["%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT"])
def test_choose_wait_retry_after_date_is_bounded(
    form: str, ahead: int, least: int, most: int
) -> None:
    now = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
    text = (now + timedelta(seconds=ahead)).strftime(form)
    with time_machine.travel(now, tick=False):
        wait = retries.choose_wait(0, Answer(Outcome.REFUSED, 429, "", 1, text))
    assert least <= wait.total_seconds() <= most


def test_deliver_event_holds_current_reference(endpoint: Endpoint) -> None:
    """Also a quarantined one, after the reference was taken away."""
    acme = endpoint.brand
    happen(acme, 1, 2, ref="C-1009")
    endpoint.answers = lambda events: 422 if events[0]["data"]["person"] == 1 else 204
    endpoint.deliver()
    stream.set_references(acme.pk, {uuid.UUID(int=2): None, uuid.UUID(int=3): None})
    endpoint.answers = lambda events: 204
    endpoint.deliver_again()
    refs = [event["data"]["subject"]["ref"] for event in endpoint.received]
    assert refs == ["C-1009", None]


def test_attempt_log_masks_addresses_in_answers(endpoint: Endpoint) -> None:
    endpoint.says = '{"error": "chloe@example.org is unknown, call +49 151 98237654"}'
    endpoint.answers = lambda events: 500
    happen(endpoint.brand, 1)
    endpoint.deliver()
    answers = set(Attempt.objects.values_list("answer", flat=True))
    assert answers == {'{"error": "[address] is unknown, call [address]"}'}
