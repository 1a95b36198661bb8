"""Attributing a denial to a campaign: its link's, else the last matching send."""

from __future__ import annotations

from datetime import datetime, timedelta

import orjson
import pytest

from brands.models import Brand, Event
from cmr.choices import links
from cmr.choices.links import Link
from cmr.models import Consumer
from consent.decision.resolution import Scope
from consent.ledger.recording import Actor
from consent.models import Relationship, Send
from tests.conftest import Api
from tests.factories import record_choice

HOUR = timedelta(hours=1)


def send(ana: Consumer, brand: Brand, campaign: str, at: datetime, channel: str = "email") -> Send:
    return Send.objects.create(
        subject=ana.subject,
        brand=brand,
        purpose_id="marketing",
        channel=channel,
        at=at,
        campaign=campaign,
    )


def test_attribution_several_sends_picks_last_covered_by_denial(
    ana: Consumer, met: Relationship, rival: Brand, now: datetime
) -> None:
    acme = met.brand
    send(ana, acme, "first", now)
    send(ana, acme, "second", now + HOUR)
    send(ana, acme, "texts", now + 2 * HOUR, "sms")
    send(ana, rival, "theirs", now + 2 * HOUR)
    send(ana, acme, "", now + 2 * HOUR)
    at = now + 3 * HOUR
    assert (
        record_choice(ana, "deny", Scope(acme.pk, "marketing", "email"), now=at).campaign
        == "second"
    )
    assert record_choice(ana, "deny", Scope(acme.pk), now=at).campaign == "texts"
    assert record_choice(ana, "deny", Scope(acme.pk, "research"), now=at).campaign == ""
    assert record_choice(ana, "deny", Scope(), now=at).campaign == ""
    assert record_choice(ana, "grant", Scope(acme.pk), now=at).campaign == ""
    assert (
        record_choice(
            ana,
            "deny",
            Scope(acme.pk, "marketing"),
            by=Actor("brand_api", acme.pk),
            now=at,
        ).campaign
        == ""
    )
    assert record_choice(ana, "deny", Scope(acme.pk), now=now + timedelta(days=8)).campaign == ""


def test_attribution_cancelled_send_is_ignored(
    ana: Consumer, met: Relationship, now: datetime
) -> None:
    sent = send(ana, met.brand, "spring", now)
    Send.objects.filter(pk=sent.pk).update(returned_at=now)
    assert record_choice(ana, "deny", Scope(met.brand_id), now=now + HOUR).campaign == ""


def test_attribution_link_with_campaign_sets_it_on_entry_and_event(
    ana: Consumer, met: Relationship, now: datetime
) -> None:
    send(ana, met.brand, "later", now)
    link = links.read_link(
        links.build_token(Link(met, "marketing", "email", None, "spring")), now=now
    )
    entry = links.unsubscribe_by_link(link, now=now + HOUR)
    assert entry and (entry.campaign, entry.source) == ("spring", "link")
    event = Event.objects.get(cause=entry.pk)
    assert event.campaign == "spring"
    assert orjson.loads(bytes(event.body))["data"]["campaign"] == "spring"


def test_record_same_scope_again_keeps_previous_decision(
    ana: Consumer, met: Relationship, now: datetime
) -> None:
    mail, wider = Scope(met.brand_id, "marketing", "email"), Scope(met.brand_id, "marketing")
    said = [(mail, "grant"), (wider, "deny"), (mail, "deny"), (wider, "grant"), (mail, "clear")]
    before = [record_choice(ana, decision, scope, now=now).before for scope, decision in said]
    assert before == ["", "", "grant", "deny", "deny"]


@pytest.mark.parametrize(
    "question", [{}, {"questions": [{"purpose": "marketing", "channel": "sms"}]}]
)
def test_check_with_campaign_returns_it(question: dict[str, object], as_acme: Api) -> None:
    asked = {"contact": {"email": "x@example.org"}, "campaign": "spring", **question}
    if not question:
        asked |= {"purpose": "marketing", "channel": "email"}
    answer = as_acme.post("check", asked).json()
    assert (answer["data"][0] if question else answer)["campaign"] == "spring"
