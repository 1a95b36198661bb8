"""Which campaign a no answers: the link's for sure, else the last message it covers."""

from __future__ import annotations

from datetime import datetime, timedelta

import orjson
import pytest

from brands.models import Brand, Event
from cmr.choices import links
from cmr.choices.links import Link
from cmr.models import Consumer
from consent.decision.resolution import DecisionKind, Scope
from consent.ledger import recording
from consent.ledger.recording import Actor, NewChoice
from consent.models import LedgerEntry, Relationship, Send
from tests.conftest import Api

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


def say(
    ana: Consumer, scope: Scope, at: datetime, decision: DecisionKind = "deny", door: str = "portal"
) -> LedgerEntry:
    by = Actor(door, scope.brand if door == "brand_api" else None)
    return recording.record_choices(ana.subject_id, [NewChoice(scope, decision)], by=by, now=at)[0]


def test_the_last_message_that_the_no_covers(
    ana: Consumer, met: Relationship, rival: Brand, now: datetime
) -> None:
    acme = met.brand
    send(ana, acme, "first", now)
    send(ana, acme, "second", now + HOUR)
    send(ana, acme, "texts", now + 2 * HOUR, "sms")
    send(ana, rival, "theirs", now + 2 * HOUR)
    send(ana, acme, "", now + 2 * HOUR)
    at = now + 3 * HOUR
    assert say(ana, Scope(acme.pk, "marketing", "email"), at).campaign == "second"
    assert say(ana, Scope(acme.pk), at).campaign == "texts"
    assert say(ana, Scope(acme.pk, "research"), at).campaign == ""
    assert say(ana, Scope(), at).campaign == ""
    assert say(ana, Scope(acme.pk), at, "grant").campaign == ""
    assert say(ana, Scope(acme.pk, "marketing"), at, door="brand_api").campaign == ""
    assert say(ana, Scope(acme.pk), now + timedelta(days=8)).campaign == ""


def test_what_was_given_back_brought_nobody_to_it(
    ana: Consumer, met: Relationship, now: datetime
) -> None:
    sent = send(ana, met.brand, "spring", now)
    Send.objects.filter(pk=sent.pk).update(returned_at=now)
    assert say(ana, Scope(met.brand_id), now + HOUR).campaign == ""


def test_a_link_says_its_own_and_the_brand_is_told(
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


def test_an_entry_knows_what_stood_before_on_its_scope(
    ana: Consumer, met: Relationship, now: datetime
) -> None:
    mail, wider = Scope(met.brand_id, "marketing", "email"), Scope(met.brand_id, "marketing")
    said = [(mail, "grant"), (wider, "deny"), (mail, "deny"), (wider, "grant"), (mail, "clear")]
    before = [say(ana, scope, now, decision).before for scope, decision in said]  # type: ignore[arg-type]
    assert before == ["", "", "grant", "deny", "deny"]


@pytest.mark.parametrize(
    "question", [{}, {"questions": [{"purpose": "marketing", "channel": "sms"}]}]
)
def test_a_check_carries_its_campaign(question: dict[str, object], as_acme: Api) -> None:
    asked = {"contact": {"email": "x@example.org"}, "campaign": "spring", **question}
    if not question:
        asked |= {"purpose": "marketing", "channel": "email"}
    answer = as_acme.post("check", asked).json()
    assert (answer["data"][0] if question else answer)["campaign"] == "spring"
