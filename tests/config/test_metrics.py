"""What Prometheus is answered, and who else is not."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
import threading
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from prometheus_client import generate_latest
from pytest_django import Settings
from pytest_httpserver import HTTPServer

from brands import recurring_jobs, webhooks
from brands.models import Attempt, AttemptCount, Brand
from brands.webhooks.delivery.worker import DeliveryWorker
from config.recurring import SWEEP
from config.web import Application, counts
from config.web.threads import SHOW, Threads
from consent.models import Relationship
from tests.brands.endpoints import Endpoint, happen, refuse
from tests.config.test_access_log import Handler
from tests.config.web.test_web_server import make_scope
from tests.ownership import as_owner

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def endpoint(httpserver: HTTPServer, acme: Brand, worker: DeliveryWorker) -> Endpoint:
    return Endpoint(httpserver, acme, worker)


def figures(endpoint: Endpoint) -> dict[str, float]:
    """By name and, where there is one, the last label: the figures of this subscription."""
    text = Client().get("/metrics").content.decode()
    line = re.compile(r"(\w+)\{(.*)\} (\S+)")
    found = {}
    for name, labels, value in (m.groups() for m in map(line.fullmatch, text.splitlines()) if m):
        if f'subscription="{endpoint.subscription.pk}"' in labels:
            last = re.search(r'(?:outcome|state)="(\w+)"', labels)
            found[f"{name} {last[1]}" if last else name] = float(value)
    return found


def test_an_endpoint_that_has_all_lags_by_nothing(endpoint: Endpoint) -> None:
    happen(endpoint.brand, 1, 2)
    endpoint.deliver()
    seen = figures(endpoint)
    assert seen["cmr_subscription_lag_seconds delivering"] == 0
    assert seen["cmr_subscription_behind_events"] == 0
    assert seen["cmr_delivery_attempts_total delivered"] == 2


def test_one_that_fails_lags_by_its_oldest_event_and_waits(endpoint: Endpoint) -> None:
    happen(endpoint.brand, 1, 2)
    endpoint.answers = lambda events: 500
    endpoint.deliver()
    seen = figures(endpoint)
    assert seen["cmr_subscription_lag_seconds waiting"] > 0
    assert seen["cmr_subscription_behind_events"] == 2
    assert seen["cmr_subscription_failures"] == 1
    assert seen["cmr_delivery_attempts_total refused"] >= 1


def test_what_it_did_not_ask_for_is_no_lag(
    httpserver: HTTPServer, acme: Brand, worker: DeliveryWorker
) -> None:
    endpoint = Endpoint(httpserver, acme, worker, event_types=["relationship.*"])
    happen(acme, 1)
    assert figures(endpoint)["cmr_subscription_lag_seconds delivering"] == 0
    happen(acme, 1, kind="relationship.ended")
    assert figures(endpoint)["cmr_subscription_lag_seconds delivering"] > 0


def test_parked_events_are_counted(endpoint: Endpoint) -> None:
    happen(endpoint.brand, 1, 1, 2)
    endpoint.answers = refuse(1)
    endpoint.deliver()
    endpoint.deliver_again()
    happen(endpoint.brand, 3)
    endpoint.deliver()
    endpoint.deliver_again()
    assert figures(endpoint)["cmr_subscription_parked_events"] == 2


@pytest.mark.parametrize(
    ("status", "headers", "outcome"),
    [
        (429, {}, "throttled"),
        (503, {"Retry-After": "5"}, "throttled"),
        (503, {}, "refused"),
        (422, {"Retry-After": "5"}, "refused"),
    ],
)
def test_throttled_is_counted_apart_from_refused(
    status: int, headers: dict[str, str], outcome: str, endpoint: Endpoint
) -> None:
    happen(endpoint.brand, 1)
    endpoint.answers, endpoint.headers = lambda events: status, headers
    endpoint.deliver()
    counted = dict(AttemptCount.objects.values_list("outcome", "tries"))
    assert counted.keys() == {outcome}


def test_series_of_a_deleted_subscription_end(endpoint: Endpoint, now: datetime) -> None:
    happen(endpoint.brand, 1)
    endpoint.deliver()
    assert figures(endpoint)
    webhooks.disable_subscription(endpoint.subscription, reason="removed", now=now)
    assert figures(endpoint) == {}


def test_test_mode_has_no_series(endpoint: Endpoint) -> None:
    happen(endpoint.brand, 1)
    endpoint.deliver()
    with as_owner():
        Brand.objects.filter(pk=endpoint.brand.pk).update(test=True)
    assert figures(endpoint) == {}


def test_the_counts_are_those_of_the_attempts(endpoint: Endpoint) -> None:
    happen(endpoint.brand, *range(40))
    endpoint.answers = refuse(7, 21, status=503)
    endpoint.deliver()
    endpoint.answers = lambda events: 204
    endpoint.deliver_again()
    counted = dict(AttemptCount.objects.values_list("outcome", "tries"))
    tried = list(Attempt.objects.values_list("outcome", flat=True))
    assert counted == {outcome: tried.count(outcome) for outcome in set(tried)}


def test_only_who_has_the_token_may_look(settings: Settings) -> None:
    settings.METRICS_TOKEN = "a-long-one"
    browser = Client()
    assert browser.get("/metrics").status_code == 401
    for wrong in ("Bearer a-long-on", "Bearer a-long-one2", "a-long-one", "Basic a-long-one"):
        assert browser.get("/metrics", headers={"Authorization": wrong}).status_code == 401
    right = {"Authorization": "Bearer a-long-one"}
    assert browser.get("/metrics", headers=right).status_code == 200


def test_without_a_token_it_is_not_there_in_production(settings: Settings) -> None:
    settings.METRICS_TOKEN, settings.DEVELOPMENT = "", False
    assert Client().get("/metrics").status_code == 404


# -- What web counts, and what waits ---------------------------------------------------------------


def read_figures(text: str) -> dict[str, float]:
    """All samples, each by its name with its labels."""
    samples = [line.rsplit(" ", 1) for line in text.splitlines() if line.startswith("cmr_")]
    return {name: float(value) for name, value in samples}


def scrape() -> str:
    return Client().get("/metrics").content.decode()


def call(path: str, method: str = "GET") -> None:
    """Call the application as the web server does."""

    async def receive() -> Mapping[str, Any]:
        return {"type": "http.request"}

    async def send(message: Mapping[str, Any]) -> None:
        pass

    headers = [(b"host", b"127.0.0.1")]
    scope = make_scope(path=path, method=method, headers=headers)
    asyncio.run(Application(Handler())(scope, receive, send))


@pytest.mark.parametrize(
    ("path", "method", "labels"),
    [
        ("/healthz", "GET", 'method="GET",route="/healthz",status="2xx"'),
        ("/p/a-secret", "GET", 'method="GET",route="/p/<str:token>",status="4xx"'),
        ("/healthz", "PUT", 'method="other",route="/healthz",status="4xx"'),
        ("/undo", "GET", 'method="other",route="/undo",status="4xx"'),
        ("/api/v1/check", "PATCH", 'method="other",route="/api/v1/check",status="4xx"'),
        ("/api/v1/check", "POST", 'method="POST",route="/api/v1/check",status="4xx"'),
        ("/ana@example.org", "ANA", 'method="other",route="(none)",status="4xx"'),
    ],
)
def test_request_is_counted_by_its_route(path: str, method: str, labels: str) -> None:
    name = f"cmr_http_requests_total{{{labels}}}"
    before = read_figures(scrape()).get(name, 0)
    call(path, method)
    text = scrape()
    assert read_figures(text)[name] == before + 1
    assert "ana@" not in text
    assert "a-secret" not in text


def test_latency_is_a_histogram() -> None:
    name = 'cmr_http_request_seconds_count{route="/healthz"}'
    before = read_figures(scrape()).get(name, 0)
    call("/healthz")
    assert read_figures(scrape())[name] == before + 1


def test_threads_are_busy_while_they_run_and_others_wait() -> None:
    seen: list[tuple[float, float]] = []

    def read() -> tuple[float, float]:
        found = read_figures(generate_latest(counts.REGISTRY).decode())
        return found["cmr_web_threads_busy"], found["cmr_web_requests_waiting"]

    async def wait_for(expected: tuple[float, float]) -> None:
        while read() != expected:
            await asyncio.sleep(SHOW / 10)
        seen.append(expected)

    async def run() -> None:
        may_end = threading.Event()
        threads = Threads(2, "test")
        futures = [threads.submit(may_end.wait) for _ in range(5)]
        async with asyncio.timeout(60):
            await wait_for((2, 3))
            may_end.set()
            await asyncio.gather(*futures)
            await wait_for((0, 0))

    asyncio.run(run())
    assert seen == [(2, 3), (0, 0)]


def test_backlogs_are_told(met: Relationship) -> None:
    assert read_figures(scrape())['cmr_backlog_items{work="counts"}'] == 1
    assert read_figures(scrape())['cmr_backlog_oldest_seconds{work="counts"}'] > 0


def test_connections_are_told() -> None:
    seen = read_figures(scrape())
    assert seen['cmr_database_connections{state="active"}'] >= 1
    assert seen["cmr_database_connections_limit"] > 1
    assert seen["cmr_database_up"] == 1


# -- Several processes -----------------------------------------------------------------------------

#: As a process of the web server does, with a database that is away.
PROCESS = """
from config import asgi, metrics
from config.web import counts
from django.test import RequestFactory
counts.count_request("/healthz", "GET", 200, 0.1)
counts.WAITING.set(7)
print(metrics.metrics(RequestFactory().get("/metrics")).content.decode())
"""
COUNTED = 'cmr_http_requests_total{method="GET",route="/healthz",status="2xx"}'


def run_process(folder: Path, *before: str) -> dict[str, float]:
    environment = {
        **os.environ,
        "CMR_ENVIRONMENT": "development",
        "CMR_FOLDER": str(folder),
        "DATABASE_URL": "postgres://cmr@127.0.0.1:1/cmr",
    }
    argv = [*before, sys.executable, "-c", PROCESS]
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, check=True)
    return read_figures(done.stdout)


def test_each_process_answers_for_all_of_the_server(tmp_path: Path) -> None:
    assert run_process(tmp_path)[COUNTED] == 1
    second = run_process(tmp_path)
    assert second[COUNTED] == 2
    assert second["cmr_web_requests_waiting"] == 7  # those of the first ended with it


def test_counts_of_a_server_that_ended_are_deleted(tmp_path: Path) -> None:
    ended = ["sh", "-c", '"$@"; true', "sh"]
    assert run_process(tmp_path, *ended)[COUNTED] == 1
    assert run_process(tmp_path)[COUNTED] == 1
    assert [each.name for each in (tmp_path / "counts").iterdir()] == [str(os.getpid())]


def test_without_a_database_web_still_answers(tmp_path: Path) -> None:
    seen = run_process(tmp_path)
    assert seen["cmr_database_up"] == 0
    assert not [name for name in seen if name.startswith("cmr_backlog")]


def test_what_is_no_process_s_is_left_alone(tmp_path: Path) -> None:
    for name in (".snapshot", "lost+found", "²", "9" * 30):
        (tmp_path / "counts" / name).mkdir(parents=True)
    assert run_process(tmp_path)[COUNTED] == 1
    left = {each.name for each in (tmp_path / "counts").iterdir()}
    assert left == {".snapshot", "lost+found", "²", str(os.getpid())}


def test_folder_that_cannot_be_written_is_done_without(tmp_path: Path) -> None:
    (tmp_path / "counts").write_text("no folder")
    assert run_process(tmp_path)[COUNTED] == 1


# -- The documentation -----------------------------------------------------------------------------

OPERATIONS = (Path(__file__).resolve().parents[2] / "docs" / "operations.md").read_text()


def test_documentation_lists_what_there_is_with_its_labels(endpoint: Endpoint) -> None:
    happen(endpoint.brand, 1)
    endpoint.deliver()
    recurring_jobs.record_run(SWEEP, began_at=timezone.now())
    call("/healthz")
    listed = dict(re.findall(r"^\| `(cmr_\w+)` \|([^|]*)\|", OPERATIONS, re.MULTILINE))
    families = dict(re.findall(r"^# TYPE (cmr_\w+) (\w+)$", scrape(), re.MULTILINE))
    assert listed.keys() == families.keys()
    for name, labels in listed.items():
        named = set(re.sub(r" \(.*\)", "", labels).strip().split(", ")) - {""}
        assert named in ({"the same"}, _labels_of(name)), name


def _labels_of(name: str) -> set[str]:
    """Return the labels of the family's samples; of a histogram without its own."""
    samples = re.findall(rf"^{name}(?:_bucket)?{{(.*)}} ", scrape(), re.MULTILINE)
    return {label for each in samples for label in re.findall(r'(\w+)="', each)} - {"le"}


def test_alarms_are_about_metrics_that_there_are() -> None:
    listed = set(re.findall(r"^\| `(cmr_\w+)` \|", OPERATIONS, re.MULTILINE))
    alarms = OPERATIONS.partition("Worth an alarm:")[2].partition("A brand's own trouble")[0]
    named = set(re.findall(r"cmr_[a-z_]+", alarms))
    assert len(named) > 8
    assert {name.removesuffix("_bucket") for name in named} <= listed
