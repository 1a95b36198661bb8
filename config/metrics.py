"""What Prometheus reads: computed from the database when it asks, so processes share nothing."""

from __future__ import annotations

import hmac
from collections.abc import Iterator

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from brands import lag
from cmr import outbox

OF = ["brand", "subscription"]


class Deliveries(Collector):
    def collect(self) -> Iterator[Metric]:
        yield from _lags()
        yield from _tries()


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
    for each in lag.lags():
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
    for each in lag.tries():
        of = [each.brand, each.subscription, each.outcome]
        count.add_metric(of, each.tries)
        latency.add_metric(of, each.latency_ms / 1_000)
    yield from (count, latency)


class Messages(Collector):
    def collect(self) -> Iterator[Metric]:
        count = GaugeMetricFamily(
            "cmr_outgoing_messages", "Mails and text messages that wait.", labels=["kind"]
        )
        age = GaugeMetricFamily(
            "cmr_outgoing_oldest_seconds", "Age of the oldest that waits.", labels=["kind"]
        )
        for kind, (waiting, seconds) in outbox.measure(now=timezone.now()).items():
            count.add_metric([kind], waiting)
            age.add_metric([kind], seconds)
        yield from (count, age)


REGISTRY = CollectorRegistry()
REGISTRY.register(Deliveries())
REGISTRY.register(Messages())


def metrics(request: HttpRequest) -> HttpResponse:
    """For who has `METRICS_TOKEN`; without one set, for anybody in development and else nobody.

    Raises:
        Http404: no token is set, and this is no development.
    """
    if not settings.METRICS_TOKEN and not settings.DEVELOPMENT:
        raise Http404
    if settings.METRICS_TOKEN and not _has_token(request):
        return HttpResponse(status=401, headers={"WWW-Authenticate": "Bearer"})
    return HttpResponse(generate_latest(REGISTRY), content_type=CONTENT_TYPE_LATEST)


def _has_token(request: HttpRequest) -> bool:
    given = request.headers.get("Authorization", "").encode()
    return hmac.compare_digest(given, f"Bearer {settings.METRICS_TOKEN}".encode())
