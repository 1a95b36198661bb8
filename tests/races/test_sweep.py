"""The sweep does all that is due, woken by nobody, and one bad part does not stop the others."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest
from django.db import connection
from pytest_httpserver import HTTPServer

from brands import webhooks
from brands.models import Event, Subscription
from cmr.models import Consumer
from consent import tasks
from consent.decision.resolution import Scope
from consent.ledger.recording import Actor
from consent.models import DailyCount, LedgerEntry, Relationship
from tests.factories import create_subscription, record_choice
from tests.ownership import as_owner

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.fixture
def said(ana: Consumer, met: Relationship, httpserver: HTTPServer) -> LedgerEntry:
    """Ana said no to every brand, and acme listens."""
    httpserver.expect_request("/hook").respond_with_data("", status=204)
    url = httpserver.url_for("/hook")
    create_subscription(met.brand, url)
    return record_choice(ana, "deny", Scope(None, "marketing"), by=Actor("api"), now=NOW)


def test_sweep_propagates_delivers_and_counts(said: LedgerEntry, httpserver: HTTPServer) -> None:
    tasks.sweep()
    _finish_delivering()
    assert Event.objects.filter(cause=said.pk).count() == 1
    assert len(httpserver.log) == 1
    assert DailyCount.objects.get(purpose="marketing").opt_outs == 1


def test_sweep_failing_part_does_not_stop_others(
    said: LedgerEntry, httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    tasks.propagate(str(said.subject_id))

    def propagate_waiting() -> None:
        raise RuntimeError

    monkeypatch.setattr(tasks, "propagate_waiting", propagate_waiting)
    tasks.sweep()
    _finish_delivering()
    assert len(httpserver.log) == 1
    assert DailyCount.objects.get(purpose="marketing").opt_outs == 1


def _finish_delivering() -> None:
    """The sweep does not wait for its deliveries; a test has to, and closes what they opened."""
    for subscription_id in Subscription.objects.values_list("pk", flat=True):
        webhooks.get_worker().start_delivery(subscription_id).result(30)
    while webhooks.get_worker().active:
        time.sleep(0.01)
    webhooks.close_worker()


def test_verify_task_finds_tampering(said: LedgerEntry) -> None:
    assert tasks.verify_ledger() == 0
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE consent_ledgerentry DISABLE TRIGGER USER")
        cursor.execute("UPDATE consent_ledgerentry SET reason = 'privacy'")
        cursor.execute("ALTER TABLE consent_ledgerentry ENABLE TRIGGER USER")
    assert tasks.verify_ledger() == 1
