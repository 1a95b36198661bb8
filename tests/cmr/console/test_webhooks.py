"""Console pages: webhooks, against an endpoint that really answers."""

from __future__ import annotations

import re
import uuid
from datetime import datetime, timedelta

import pytest
import time_machine
from django.utils import timezone
from pytest_django import Settings
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from brands.models import Attempt, Brand, QuarantinedEvent, Subscription, Workspace
from brands.webhooks import signing_keys
from brands.webhooks.delivery.worker import DeliveryWorker
from tests.cmr.console.conftest import Browser
from tests.factories import create_subscription

FORM = {"event_types": ["*"], "batch": 1, "signature": "v1"}
#: The step of the overview, done.
HEARS = 'Done: </span>\n  <a href="/console/acme/test/webhooks">Hear of changes'
SAYS = {"address": "ana@example.org", "decision": "grant", "purpose": "marketing"}


@pytest.fixture
def hook(workspace: Workspace, dev: Browser, httpserver: HTTPServer) -> str:
    """Where the page of a webhook is, which starts with the whole stream."""
    answer = dev.post("acme/test/webhooks/new", url=httpserver.url_for("/hook"), after=0, **FORM)
    assert answer.status_code == 200, answer.content.decode()
    return f"acme/test/webhooks/{Subscription.objects.get().pk}"


def deliver(worker: DeliveryWorker) -> None:
    worker.start_delivery(Subscription.objects.get().pk).result(60)


def tokens(page: str) -> list[str]:
    return re.findall(r'<pre class="token code"[^>]*>([^<]+)</pre>', page)


# -- Making and changing --------------------------------------------------------------------------


def test_create_webhook_shows_secret_once(workspace: Workspace, dev: Browser) -> None:
    form = {**FORM, "purposes": ["marketing"], "channels": ["email"], "rate_limit": 5}
    page = dev.post("acme/test/webhooks/new", url="https://acme.example/h", **form)
    made = Subscription.objects.get(brand=workspace.test)
    assert tokens(page.content.decode()) == signing_keys.list_secrets(made, now=made.created_at)
    assert (made.purposes, made.channels, made.rate_limit) == (["marketing"], ["email"], 5)
    assert "whsec_" not in dev.text(f"acme/test/webhooks/{made.pk}")


def test_create_webhook_with_key_pair_shows_public_key(workspace: Workspace, dev: Browser) -> None:
    form = {**FORM, "signature": "v1a"}
    page = dev.post("acme/test/webhooks/new", url="https://acme.example/h", **form)
    assert tokens(page.content.decode())[0].startswith("whpk_")
    assert "whsk_" not in page.content.decode()


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": "ftp://acme.example"},
        {"after": 1},
        {"batch": 101},
        {"event_types": ["no.such"]},
        {"event_types": ["*", "preference.denied"]},
    ],
)
def test_create_webhook_invalid_form_keeps_input(
    wrong: dict[str, object], workspace: Workspace, dev: Browser
) -> None:
    form = {"url": "https://acme.example/h", **FORM, "rate_limit": 77, **wrong}
    answer = dev.post("acme/test/webhooks/new", **form)
    assert answer.status_code == 422 and 'value="77"' in answer.content.decode()
    assert not Subscription.objects.exists()


def test_edit_webhook_keeps_cursor(hook: str, dev: Browser) -> None:
    form = {"url": "https://acme.example/other", "event_types": ["preference.*"], "batch": 9}
    assert dev.post(f"{hook}/edit", **form).status_code == 302
    assert "preference.*" in dev.text(hook)
    assert re.search(r'value="preference\.\*"[^>]*checked', dev.text(f"{hook}/edit"))
    assert dev.post(f"{hook}/edit", **form | {"url": "nothing"}).status_code == 422
    changed = Subscription.objects.get()
    assert (changed.url, changed.batch, changed.cursor) == (form["url"], 9, 0)


def test_delete_webhook_needs_confirmation(hook: str, dev: Browser) -> None:
    assert "Delete this webhook?" in dev.text(f"{hook}/delete")
    assert Subscription.objects.get().enabled
    dev.post(f"{hook}/delete")
    assert Subscription.objects.get().disabled_reason == "removed"
    assert dev.get(hook).status_code == 404
    assert "There is none yet" in dev.text("acme/test/webhooks")


def test_rotate_secret_of_webhook_keeps_old_one(hook: str, dev: Browser, now: datetime) -> None:
    (old,) = signing_keys.list_secrets(Subscription.objects.get(), now=now)
    (new,) = tokens(dev.post(f"{hook}/rotate").content.decode())
    assert signing_keys.list_secrets(Subscription.objects.get(), now=now) == [new, old]


# -- Its endpoint ---------------------------------------------------------------------------------


def test_ping_page_shows_answer(hook: str, dev: Browser, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/hook").respond_with_data("<b>nobody home</b>", status=503)
    page = dev.post(f"{hook}/ping").content.decode()
    assert "refused with 503" in page and "&lt;b&gt;nobody home" in page


def test_ping_page_without_answer_explains(hook: str, dev: Browser, now: datetime) -> None:
    for outcome in ("unreachable", "timed_out"):
        sent = Subscription.objects.get()
        Attempt.objects.create(
            brand_id=sent.brand_id, subscription=sent, sequence=1, message=uuid.uuid4(),
            started_at=now, latency_ms=9, outcome=outcome,
        )  # fmt: skip
    page = dev.text(hook)
    assert "no connection, or it broke off" in page and "no whole answer in time" in page
    assert "Pings and challenges are not listed." in page


def test_enable_unverified_webhook_verifies_it(
    workspace: Workspace, dev: Browser, httpserver: HTTPServer, settings: Settings
) -> None:
    settings.WEBHOOK_PROOF = True
    url = httpserver.url_for("/hook")
    page = dev.post("acme/test/webhooks/new", url=url, **FORM)
    assert "Nothing is sent yet" in page.content.decode()
    hook = f"acme/test/webhooks/{Subscription.objects.get().pk}"
    answer = dev.post(f"{hook}/enable")
    assert answer.status_code == 422 and "did not accept the challenge" in answer.content.decode()

    def echo(request: Request) -> Response:
        assert request.json
        return Response(request.json["data"]["challenge"])

    httpserver.expect_request("/hook").respond_with_handler(echo)
    assert dev.post(f"{hook}/enable").status_code == 302
    assert "no delivery yet" in dev.text(hook)


def test_disable_and_enable_webhook_continues(hook: str, dev: Browser) -> None:
    dev.post(f"{hook}/disable")
    assert "you disabled it" in dev.text("acme/test/webhooks")
    dev.post(f"{hook}/enable")
    assert "you disabled it" not in dev.text("acme/test/webhooks")


def test_webhook_without_delivery_is_not_called_working(hook: str, dev: Browser) -> None:
    for page in (dev.text(hook), dev.text("acme/test/webhooks")):
        assert "no delivery yet" in page and "working" not in page
    assert HEARS not in dev.text("acme/test/")


@pytest.mark.django_db(transaction=True)
def test_webhook_page_after_failure_shows_next_try(
    hook: str, dev: Browser, worker: DeliveryWorker, httpserver: HTTPServer
) -> None:
    httpserver.expect_request("/hook").respond_with_data("on fire", status=500)
    dev.post("acme/test/events/happen", **SAYS)
    deliver(worker)
    page = dev.text(hook)
    assert "waiting" in page and "1 failure in a row" in page and "on fire" in page
    assert "through event 0 of 2" in page
    httpserver.clear()
    httpserver.expect_request("/hook").respond_with_data("")
    assert "Try now" in page
    dev.post(f"{hook}/enable")
    deliver(worker)
    page = dev.text(hook)
    assert "working" in page and "through event 2 of 2" in page and "Try now" not in page
    assert HEARS in dev.text("acme/test/")


@pytest.mark.django_db(transaction=True)
def test_replay_parked_page_sends_again(
    hook: str, dev: Browser, worker: DeliveryWorker, httpserver: HTTPServer
) -> None:
    httpserver.expect_request("/hook").respond_with_data("")
    dev.post("acme/test/events/happen", **SAYS)
    deliver(worker)
    assert "through event 2 of 2" in dev.text(hook)
    held = Subscription.objects.get()
    QuarantinedEvent.objects.create(
        brand_id=held.brand_id, subscription=held, sequence=2, subject=uuid.uuid4(),
        quarantined_at=held.created_at, refusals=3, status=422,
    )  # fmt: skip
    assert "1 parked" in dev.text("acme/test/webhooks")
    assert "Quarantine" in dev.text(hook) and "parked" in dev.text(hook)
    assert "Parked: it was refused with 422" in dev.text("acme/test/events/2")
    dev.post(f"{hook}/replay-parked")
    deliver(worker)
    assert not QuarantinedEvent.objects.exists() and len(httpserver.log) == 3


@pytest.mark.django_db(transaction=True)
def test_replay_and_seek_forms_work(
    hook: str, dev: Browser, worker: DeliveryWorker, httpserver: HTTPServer
) -> None:
    httpserver.expect_request("/hook").respond_with_data("")
    dev.post("acme/test/events/happen", **SAYS)
    deliver(worker)
    assert dev.post(f"{hook}/replay", first=1, last=2).status_code == 302
    deliver(worker)
    assert len(httpserver.log) == 4
    assert dev.post(f"{hook}/seek", after=1).status_code == 302
    deliver(worker)
    assert len(httpserver.log) == 5
    for path, form in [
        ("seek", {"after": 3}),
        ("replay", {"first": 3}),
        ("replay", {"first": 2, "last": 1}),
        ("replay", {"first": 1, "last": 20_000}),
        ("replay", {}),
    ]:
        assert dev.post(f"{hook}/{path}", **form).status_code == 422, form


# -- Who may --------------------------------------------------------------------------------------

ACTS = ["", "/edit", "/delete", "/ping", "/enable", "/disable", "/rotate", "/seek", "/replay"]


def test_webhooks_of_viewer_are_read_only(hook: str, vera: Browser) -> None:
    page = vera.text(hook)
    assert "Rotate" not in page and "Delete" not in page
    assert vera.post("acme/test/webhooks/new", url="https://x.example/", **FORM).status_code == 403
    for act in ACTS[1:]:
        assert vera.post(f"{hook}{act}").status_code == 403, act
    assert Subscription.objects.get().enabled


@pytest.mark.parametrize("act", [*ACTS, "/replay-parked"])
def test_webhook_page_of_other_brand_is_not_found(
    act: str, is_live: Workspace, olga: Browser, rival: Brand, now: datetime
) -> None:
    """Nor is one of the other mode."""
    for brand in (rival, is_live.test):
        theirs = create_subscription(brand, "https://rival.example/h", now=now)
        path = f"acme/live/webhooks/{theirs.pk}{act}"
        statuses = {olga.get(path).status_code, olga.post(path).status_code}
        assert statuses <= {404, 405} and 404 in statuses
    assert "rival.example" not in olga.text("acme/live/webhooks")


# -- Who gets in ----------------------------------------------------------------------------------


def test_change_live_webhook_needs_fresh_session(
    is_live: Workspace, dev: Browser, acme: Brand, now: datetime
) -> None:
    made = create_subscription(acme, "https://acme.example/h", now=now)
    path, form = f"acme/live/webhooks/{made.pk}/edit", {**FORM, "url": "https://thief.example/h"}
    with time_machine.travel(timezone.now() + timedelta(minutes=16)):
        answer = dev.post(path, **form)
    assert answer.headers["Location"].startswith("/you/confirm?next=")  # has no password
    made.refresh_from_db()
    assert made.url == "https://acme.example/h"
    assert dev.post(path, **form).status_code == 302
    made.refresh_from_db()
    assert made.url == "https://thief.example/h"
