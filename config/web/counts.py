"""Metrics of each web process: requests, their duration, and its threads.

The processes of one server share these counts (`config.counts_folder`), so that each can report all
of them. Labels are routes, methods and classes of status, never text from a caller.
"""

from __future__ import annotations

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
)

disable_created_metrics()  # type: ignore[no-untyped-call]  # a series more for each, of no use
REGISTRY = CollectorRegistry()
REQUESTS = Counter(
    "cmr_http_requests",
    "Requests that were answered or given up.",
    ["route", "method", "status"],
    registry=REGISTRY,
)
SECONDS = Histogram(
    "cmr_http_request_seconds",
    "From the head of a request to the last byte of its answer.",
    ["route"],  # with the method, a stranger could create thousands of series
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
    registry=REGISTRY,
)


def _make_gauge(name: str, text: str) -> Gauge:
    return Gauge(name, text, registry=REGISTRY, multiprocess_mode="livesum")


THREADS = _make_gauge("cmr_web_threads", "Threads for requests; each keeps a connection.")
BUSY = _make_gauge("cmr_web_threads_busy", "Those of them that run a request.")
WAITING = _make_gauge("cmr_web_requests_waiting", "Requests that wait for a thread.")


def count_request(route: str, method: str, status: int, seconds: float) -> None:
    """Count one request: *status* by its class, and a refused method as other."""
    method = "other" if status == 405 else method
    REQUESTS.labels(route, method, f"{status // 100}xx").inc()
    SECONDS.labels(route).observe(seconds)
