"""Metrics for Prometheus: counts of the web processes, and the current state of the database.

The counts cover the web processes of one server (`config.web.counts`). The database's state is the
same on every server.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from prometheus_client import CollectorRegistry, generate_latest, values
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from brands import recurring_jobs, webhooks
from cmr import messages
from config.postgres import sessions
from config.recurring import JOBS, SWEEP
from config.web import counts
from consent import backlogs

OF = ["brand", "subscription"]


class FromDatabase(Collector):
    """Collects all metrics from the database; if it is down, only that fact."""

    def collect(self) -> Iterator[Metric]:
        up = GaugeMetricFamily("cmr_database_up", "1 if the database answers, else 0.")
        try:
            found = [*_lags(), *_tries(), *_messages(), *_backlogs(), *_jobs(), *_sessions()]
        except (OperationalError, InterfaceError):
            found = []
        up.add_metric([], float(bool(found)))
        yield from (up, *found)


def _lags() -> Iterator[Metric]:
    age = GaugeMetricFamily(
        "cmr_subscription_lag_seconds",
        "Age of the oldest event that it wants and has not got.",
        labels=[*OF, "state"],
    )
    behind = GaugeMetricFamily(
        "cmr_subscription_behind_events", "Events of the stream after its place.", labels=OF
    )
    failures = GaugeMetricFamily("cmr_subscription_failures", "Failures in a row.", labels=OF)
    parked = GaugeMetricFamily(
        "cmr_subscription_parked_events", "Refused events that wait for a replay.", labels=OF
    )
    for each in webhooks.measure_lags():
        of = [each.brand, each.subscription]
        age.add_metric([*of, each.state], float(each.seconds))
        behind.add_metric(of, each.behind)
        failures.add_metric(of, each.failures)
        parked.add_metric(of, each.parked)
    yield from (age, behind, failures, parked)


def _tries() -> Iterator[Metric]:
    count = CounterMetricFamily(
        "cmr_delivery_attempts", "Tries to deliver an event.", labels=[*OF, "outcome"]
    )
    latency = CounterMetricFamily(
        "cmr_delivery_latency_seconds", "What those tries took, together.", labels=[*OF, "outcome"]
    )
    for each in webhooks.count_attempts():
        of = [each.brand, each.subscription, each.outcome]
        count.add_metric(of, each.tries)
        latency.add_metric(of, each.latency_ms / 1_000)
    yield from (count, latency)


def _messages() -> Iterator[Metric]:
    count = GaugeMetricFamily(
        "cmr_outgoing_messages", "Mails and text messages that wait.", labels=["kind"]
    )
    age = GaugeMetricFamily(
        "cmr_outgoing_oldest_seconds", "Age of the oldest that waits.", labels=["kind"]
    )
    for kind, (waiting, seconds) in messages.measure_waiting_messages(now=timezone.now()).items():
        count.add_metric([kind], waiting)
        age.add_metric([kind], seconds)
    yield from (count, age)


def _backlogs() -> Iterator[Metric]:
    items = GaugeMetricFamily("cmr_backlog_items", "What waits for a worker.", labels=["work"])
    age = GaugeMetricFamily(
        "cmr_backlog_oldest_seconds", "Age of the oldest that waits.", labels=["work"]
    )
    for work, each in backlogs.measure_backlogs(now=timezone.now()).items():
        items.add_metric([work], each.items)
        age.add_metric([work], each.seconds)
    yield from (items, age)


def _jobs() -> Iterator[Metric]:
    age = GaugeMetricFamily(
        "cmr_job_age_seconds", "Since its last run that did not fail.", labels=["job"]
    )
    period = GaugeMetricFamily("cmr_job_period_seconds", "How often it is due.", labels=["job"])
    failures = GaugeMetricFamily(
        "cmr_job_failures", "Runs in a row that failed, or are not through.", labels=["job"]
    )
    for each in recurring_jobs.measure_job_ages((*JOBS, SWEEP), now=timezone.now()):
        age.add_metric([each.name], each.seconds)
        period.add_metric([each.name], each.period)
        failures.add_metric([each.name], each.failures)
    yield from (age, period, failures)


def _sessions() -> Iterator[Metric]:
    count = GaugeMetricFamily(
        "cmr_database_connections", "Connections of the application's role.", labels=["state"]
    )
    for state, number in sessions.count_sessions().items():
        count.add_metric([state], number)
    limit = GaugeMetricFamily(
        "cmr_database_connections_limit", "Connections that PostgreSQL takes, of all roles."
    )
    limit.add_metric([], sessions.read_limit())
    yield from (count, limit)


DATABASE = CollectorRegistry()
DATABASE.register(FromDatabase())


def _find_counts() -> CollectorRegistry:
    """Return the metrics of this server's web processes, or of this one if they share none."""
    if values.ValueClass is values.MutexValue:
        return counts.REGISTRY
    shared = CollectorRegistry()
    MultiProcessCollector(shared)  # type: ignore[no-untyped-call]
    return shared


def metrics(request: HttpRequest) -> HttpResponse:
    """Return all metrics to callers with `METRICS_TOKEN`.

    Without a token in the settings, they are public in development.

    Raises:
        Http404: no token is set outside development.
    """
    if not settings.METRICS_TOKEN and not settings.DEVELOPMENT:
        raise Http404
    if settings.METRICS_TOKEN and not _has_token(request):
        return HttpResponse(status=401, headers={"WWW-Authenticate": "Bearer"})
    text = generate_latest(_find_counts()) + generate_latest(DATABASE)
    return HttpResponse(text, content_type=CONTENT_TYPE_LATEST)


def _has_token(request: HttpRequest) -> bool:
    given = request.headers.get("Authorization", "").encode()
    return hmac.compare_digest(given, f"Bearer {settings.METRICS_TOKEN}".encode())
