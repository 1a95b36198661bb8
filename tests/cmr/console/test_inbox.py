"""Console pages: the brand's events, and creating some in test mode."""

from __future__ import annotations

import html
import io
import re
from datetime import datetime

import pytest
from pytest_httpserver import HTTPServer
from standardwebhooks import Webhook

from brands import webhooks
from brands.events import stream
from brands.models import Brand, Event, Subscription, Topic, Workspace
from brands.webhooks import SubscriptionTerms
from brands.webhooks.delivery.worker import DeliveryWorker
from cmr.models import TestMail
from consent.identity.identifiers import Contact
from consent.imports import jobs, receiving
from consent.models import Relationship
from consent.relationships import lifecycle
from tests import mails
from tests.cmr.console.conftest import Browser

SAYS = {"address": "ana@example.org", "decision": "grant", "purpose": "marketing"}


def happen(browser: Browser, **says: object) -> int:
    return browser.post("acme/test/events/happen", **SAYS | says).status_code


def rows(page: str) -> list[int]:
    return [int(each) for each in re.findall(r'<th scope="row"><a href="[^"]*/events/(\d+)"', page)]


# -- Making something happen ----------------------------------------------------------------------


def test_happen_creates_event_of_synthetic_person(workspace: Workspace, dev: Browser) -> None:
    Topic.objects.create(brand=workspace.test, code="news", name="News", purpose_id="marketing")
    assert happen(dev, channel="email", topic="news") == 302
    assert happen(dev, decision="deny", address="+4915112345678") == 302
    assert happen(dev, decision="pause", days=3) == 302
    assert happen(dev, decision="limit", times=2) == 302
    assert happen(dev, decision="clear") == 302
    told = Event.objects.filter(brand=workspace.test).order_by("sequence")
    assert [each.type.partition(".")[2] for each in told] == [
        "started", "granted", "started", "denied", "paused", "limited", "cleared",
    ]  # fmt: skip
    assert (told[1].topic, told[1].channel, told[1].source) == ("news", "email", "portal")
    assert Relationship.objects.filter(brand=workspace.test).count() == 2
    assert mails.sent() == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"address": "nobody"},
        {"address": "+1"},
        {"decision": "perhaps"},
        {"decision": "pause", "days": ""},
        {"decision": "deny", "purpose": "service"},
        {"purpose": "nothing"},
        {"purpose": "mark\0eting"},
        {"topic": "theirs"},
    ],
)
def test_happen_invalid_form_is_refused(
    wrong: dict[str, object], workspace: Workspace, dev: Browser, rival: Brand
) -> None:
    Topic.objects.create(brand=rival, code="theirs", name="Theirs", purpose_id="marketing")
    answer = dev.post("acme/test/events/happen", **SAYS | {"times": 77} | wrong)
    assert answer.status_code == 422 and 'value="77"' in answer.content.decode()
    assert not Event.objects.exists()


def test_happen_in_live_mode_is_refused(is_live: Workspace, olga: Browser, vera: Browser) -> None:
    assert olga.post("acme/live/events/happen", **SAYS).status_code == 404
    assert olga.get("acme/live/mails").status_code == 404
    assert "Make something happen" not in olga.text("acme/live/events")
    assert "Mails" not in olga.text("acme/live/events")
    assert happen(vera) == 403
    assert not Event.objects.exists()


# -- The inbox ------------------------------------------------------------------------------------


def test_events_page_lists_newest_first(workspace: Workspace, dev: Browser) -> None:
    for n in range(16):
        happen(dev, address=f"p{n}@example.org")
    page = dev.text("acme/test/events")
    assert rows(page) == list(range(32, 2, -1))
    assert "before=3" in page
    assert rows(dev.text("acme/test/events", before=3)) == [2, 1]
    starts = dev.text("acme/test/events", type="relationship.started")
    assert rows(starts) == list(range(31, 0, -2))
    assert rows(dev.text("acme/test/events", type="relationship.started", before=5)) == [3, 1]


def test_events_page_filters_rare_type_in_steps(
    workspace: Workspace, dev: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "FAR", 3)
    happen(dev)
    for decision in ("deny", "grant", "deny"):
        happen(dev, decision=decision)
    page = dev.text("acme/test/events", type="relationship.started")
    assert rows(page) == [] and "There may be older ones" in page and "before=3&" in page
    assert rows(dev.text("acme/test/events", type="relationship.started", before=3)) == [1]


@pytest.mark.parametrize("before", ["x", "-1", "9" * 30, "1" * 19, "²", ""])
def test_events_page_invalid_position_is_first_page(
    before: str, workspace: Workspace, dev: Browser
) -> None:
    happen(dev)
    assert rows(dev.text("acme/test/events", before=before)) == [2, 1]


def test_events_of_other_brand_are_not_found(
    is_live: Workspace, olga: Browser, dev: Browser
) -> None:
    happen(dev)
    assert olga.get("acme/test/events/1").status_code == 200
    for path in ("acme/live/events/1", "acme/test/events/3", f"acme/test/events/{10**30}"):
        assert olga.get(path).status_code == 404
    assert "There is none yet" in olga.text("acme/live/events")


# -- One event ------------------------------------------------------------------------------------


def subscribe(brand: Brand, url: str, now: datetime, **terms: object) -> tuple[Subscription, str]:
    return webhooks.create_subscription(brand, SubscriptionTerms(url, **terms), now=now, after=0)  # type: ignore[arg-type]


def blocks(page: str) -> tuple[dict[str, str], str]:
    """The headers and the very bytes that a page shows."""
    (lines,) = re.findall(r'aria-label="Headers">([^<]+)</pre>', page)
    (raw,) = re.findall(r'<pre class="token"[^>]*>([^<]+)</pre>', page)
    pairs = [line.split(": ", 1) for line in html.unescape(lines).strip().splitlines()]
    return dict(pairs), html.unescape(raw)


@pytest.mark.parametrize("batch", [1, 10])
def test_event_page_shows_delivered_body(
    batch: int, workspace: Workspace, dev: Browser, now: datetime
) -> None:
    _, secret = subscribe(workspace.test, "https://acme.example/h", now, batch=batch)
    happen(dev)
    headers, raw = blocks(dev.text("acme/test/events/2"))
    told = Webhook(secret).verify(raw, headers)
    assert told["type"] == ("preference.granted" if batch == 1 else "events.batch")
    assert secret not in dev.text("acme/test/events/2")


def test_event_page_shows_reference(is_live: Workspace, olga: Browser, now: datetime) -> None:
    assert is_live.live is not None
    contact = Contact(email="dora@example.org")
    lifecycle.register_relationship(is_live.live, contact, now=now, note="x", ref="C-1009")
    for page in ("acme/live/events", "acme/live/events/1"):
        assert "C-1009" in olga.text(page)
    assert olga.get("acme/live/events/2").status_code == 404


def test_event_page_in_live_mode_shows_no_signature(
    is_live: Workspace, olga: Browser, acme: Brand, now: datetime, met: Relationship
) -> None:
    subscribe(acme, "https://acme.example/h", now)
    headers, _ = blocks(olga.text("acme/live/events/1"))
    assert headers["webhook-signature"] == "v1,…"


@pytest.mark.django_db(transaction=True)
def test_event_page_lists_attempts_and_sends_again(
    workspace: Workspace,
    dev: Browser,
    now: datetime,
    worker: DeliveryWorker,
    httpserver: HTTPServer,
) -> None:
    httpserver.expect_request("/hook").respond_with_data("thank you")
    hook, _ = subscribe(workspace.test, httpserver.url_for("/hook"), now)
    other, _ = subscribe(
        workspace.test, "https://acme.example/no", now, event_types=["relationship.*"]
    )
    happen(dev)
    page = dev.text("acme/test/events/2")
    assert "To be sent" in page and "Not sent: it asks for other events" in page
    worker.start_delivery(hook.pk).result(60)
    page = dev.text("acme/test/events/2")
    assert "Delivered" in page and "thank you" in page
    assert '<td class="n">1</td>' in dev.text("acme/test/events")
    dev.post(f"acme/test/events/2/again/{hook.pk}")
    assert "Is sent again" in dev.text("acme/test/events/2")
    worker.start_delivery(hook.pk).result(60)
    ids = [request.headers["webhook-id"] for request, _ in httpserver.log]
    assert len(ids) == 3 and ids[1] == ids[2]
    answer = dev.client.post(
        f"/console/acme/test/events/2/again/{other.pk}", follow=True
    ).content.decode()
    assert "asks for other events" in answer


def test_event_page_of_history_offers_no_sending(
    workspace: Workspace, dev: Browser, now: datetime
) -> None:
    subscribe(workspace.test, "https://acme.example/hook", now)
    job = jobs.begin_import(workspace.test, note="Our list", tells=False, now=now)
    people = b"email,purpose,channel,decision\nann@example.org,marketing,email,deny\n"
    receiving.receive_part(job, 1, io.BytesIO(people), form="csv", now=now)
    jobs.run_import(jobs.start_import(job, now=now).pk, now=now)
    page = dev.text("acme/test/events/2")
    assert "Not sent: it is history, and in the feed alone" in page and "Send again" not in page


def test_send_again_to_other_webhook_is_refused(
    is_live: Workspace, olga: Browser, vera: Browser, rival: Brand, now: datetime
) -> None:
    happen(olga)
    theirs, _ = subscribe(rival, "https://rival.example/h", now)
    own, _ = subscribe(is_live.test, "https://acme.example/h", now)
    assert olga.post(f"acme/test/events/1/again/{theirs.pk}").status_code == 404
    assert olga.post(f"acme/live/events/1/again/{own.pk}").status_code == 404
    assert vera.post(f"acme/test/events/1/again/{own.pk}").status_code == 403


# -- Mails ----------------------------------------------------------------------------------------


def test_mails_page_lists_unsent_test_mails(
    workspace: Workspace, dev: Browser, rival: Brand, now: datetime
) -> None:
    assert "There is none yet" in dev.text("acme/test/mails")
    TestMail.objects.create(brand=rival, subject="Theirs", text="x", made_at=now)
    for n in range(31):
        TestMail.objects.create(
            brand=workspace.test, subject=f"Mail {n}.", text="<hi>", made_at=now
        )
    page = dev.text("acme/test/mails")
    assert "Mail 30." in page and "Mail 0." not in page and "&lt;hi&gt;" in page
    assert "Mail 0." in dev.text("acme/test/mails", page=2)
    assert "Theirs" not in page
