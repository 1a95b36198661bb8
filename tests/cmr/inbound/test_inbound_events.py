"""Events of mail providers: which are a denial, by whom, when, and once."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cmr.inbound import events
from cmr.models import Inlet
from consent.decision.resolution import Scope
from consent.ledger import recording
from consent.ledger.recording import Actor, ChoiceTerms, NewChoice
from consent.models import Relationship
from tests.cmr import provider_calls
from tests.cmr.inbound.test_inlets import noes, open_inlet, post, wanted
from tests.cmr.provider_calls import AT, SECONDS, Call
from tests.conftest import EMAIL, Api
from tests.factories import check_email, record_choice

__all__ = ["wanted"]
pytestmark = pytest.mark.usefixtures("amazon")


def build_call(said: Any) -> Call:
    return Call(json.dumps(said).encode())


def ses(said: dict[str, Any], name: str = "n-1") -> Call:
    return provider_calls.sns("Notification", name, Message=json.dumps(said))


def complaint(**more: Any) -> dict[str, Any]:
    said = {
        "complainedRecipients": [{"emailAddress": EMAIL}],
        "timestamp": AT.isoformat(),
        "feedbackId": "0100017c8a4f62bd",
        "complaintFeedbackType": "abuse",
        **more,
    }
    return {"eventType": "Complaint", "complaint": said, "mail": {"destination": [EMAIL]}}


def opted(*, all_of: bool, topics: dict[str, str], was: dict[str, Any] | None) -> dict[str, Any]:
    """A change of what somebody gets of a list that Amazon manages."""
    statuses = [{"topicName": n, "subscriptionStatus": s} for n, s in topics.items()]
    changed = {
        "contactList": "news",
        "timestamp": AT.isoformat(),
        "source": "UnsubscribeHeader",
        "newTopicPreferences": {"unsubscribeAll": all_of, "topicSubscriptionStatus": statuses},
        "oldTopicPreferences": was,
    }
    return {"eventType": "Subscription", "subscription": changed, "mail": {"destination": [EMAIL]}}


def say_yes(met: Relationship) -> None:
    record_choice(met, "grant", Scope(met.brand_id, "marketing", "email"))


def counts(api: Api) -> dict[str, int]:
    (shown,) = api.get("inbound/inlets").json()["data"]
    return {each["outcome"]: each["count"] for each in shown["counts"]}


# -- What is an act of the person -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "is_no"),
    [
        ({}, True),
        ({"complaintFeedbackType": None}, True),
        ({"complaintFeedbackType": "fraud"}, True),
        ({"complaintFeedbackType": "other"}, True),
        ({"complaintFeedbackType": "not-spam"}, False),
        ({"complaintFeedbackType": "auth-failure"}, False),
        ({"complaintFeedbackType": "virus"}, False),
        ({"complaintFeedbackType": None, "complaintSubType": "OnAccountSuppressionList"}, False),
        ({"complainedRecipients": [{"emailAddress": f'"Ana, Gomez" <{EMAIL}>'}]}, True),
    ],
)
def test_ses_complaint_records_denial(
    more: dict[str, Any], is_no: bool, as_acme: Api, wanted: Relationship
) -> None:
    assert post(open_inlet(as_acme, "amazon_ses"), ses(complaint(**more))).status_code == 200
    assert [no.made_at for no in noes()] == ([AT] if is_no else [])
    assert counts(as_acme) == {"taken" if is_no else "no_choice": 1}


OUT, IN = {"news": "OptOut"}, {"news": "OptIn"}
HAD_OUT = {
    "unsubscribeAll": False,
    "topicSubscriptionStatus": [{"topicName": "news", "subscriptionStatus": "OptOut"}],
}
HAD_ALL = {"unsubscribeAll": True, "topicSubscriptionStatus": []}


@pytest.mark.parametrize(
    ("change", "is_no"),
    [
        (opted(all_of=True, topics={}, was=None), True),
        (opted(all_of=True, topics=OUT, was=HAD_OUT), True),
        (opted(all_of=False, topics=OUT, was={**HAD_ALL, "unsubscribeAll": False}), True),
        (opted(all_of=False, topics={"a": "OptIn", **OUT}, was=None), True),
        (opted(all_of=False, topics=IN, was=HAD_OUT), False),
        (opted(all_of=False, topics={**OUT, "a": "OptIn"}, was=HAD_OUT), False),
        (opted(all_of=True, topics=OUT, was=HAD_ALL), False),
    ],
)
def test_ses_topic_change_records_denial_when_less(
    change: dict[str, Any], is_no: bool, as_acme: Api, wanted: Relationship
) -> None:
    """A no is what the person wants less of than before."""
    assert post(open_inlet(as_acme, "amazon_ses"), ses(change)).status_code == 200
    assert len(noes()) == is_no


def postmark(kind: str, **more: Any) -> Any:
    return {**json.loads(provider_calls.postmark(kind, EMAIL, "m-1", "").body), **more}


def sparkpost(**more: Any) -> Any:
    said = json.loads(provider_calls.sparkpost("spam_complaint", EMAIL, "e-1", "").body)
    said[0]["msys"]["message_event"].update(more)
    return said


@pytest.mark.parametrize(
    ("provider", "said", "is_no"),
    [
        ("postmark", postmark("SubscriptionChange", SuppressionReason="HardBounce"), False),
        ("postmark", postmark("SubscriptionChange", SuppressSending=False), False),
        ("postmark", postmark("SubscriptionChange", Origin="Admin"), False),
        ("postmark", postmark("SpamComplaint", Metadata=None, Tag=None), True),
        ("postmark", postmark("SpamComplaint", RecordType="Bounce"), True),
        ("postmark", postmark("Unsubscribe", RecordType="Bounce"), True),
        ("postmark", postmark("SpamNotification", RecordType="Bounce"), False),
        ("sparkpost", sparkpost(fbtype="abuse"), True),
        ("sparkpost", sparkpost(fbtype="not-spam"), False),
        ("sparkpost", sparkpost(raw_rcpt_to=None), True),
        ("sparkpost", [{"msys": {}}], False),
        ("sendgrid", [{"event": "dropped", "email": EMAIL, "reason": "Spam Reporting"}], False),
        ("sendgrid", [{"event": "group_unsubscribe", "email": EMAIL, "sg_event_id": None}], True),
        ("mailjet", {"event": "blocked", "email": EMAIL, "error": "spam reporter"}, False),
        ("mailjet", {"event": "unsub", "email": EMAIL, "time": str(SECONDS)}, True),
        ("brevo", {"event": "blocked", "email": EMAIL}, False),
        ("brevo", {"event": "unsubscribed", "email": EMAIL}, True),
        ("brevo", [{"event": "delivered"}, {"event": "unsubscribe", "email": EMAIL}], True),
        ("mailtrap", {"events": [{"event": "suspension", "email": EMAIL}]}, False),
        ("resend", {"type": "email.suppressed", "data": {"to": [EMAIL]}}, False),
        ("resend", {"type": "email.complained", "data": {"to": [f"Ana <{EMAIL}>"]}}, True),
        (
            "mailgun",
            {
                "signature": None,
                "event-data": {
                    "event": "unsubscribed",
                    "recipient": EMAIL,
                    "client-info": None,
                    "timestamp": None,
                    "message": None,
                },
            },
            True,
        ),
    ],
)
def test_event_of_person_records_denial(
    provider: str, said: Any, is_no: bool, as_acme: Api, wanted: Relationship
) -> None:
    """What nobody needs may be null or missing."""
    assert post(open_inlet(as_acme, provider, key=""), build_call(said)).status_code == 200
    assert len(noes()) == is_no


# -- Of several in a post --------------------------------------------------------------------------

GOOD = {"email": EMAIL, "event": "unsubscribe", "timestamp": SECONDS, "sg_event_id": "e"}


@pytest.mark.parametrize(
    "bad",
    [
        {"email": "x@example.org", "timestamp": SECONDS},
        {"event": "unsubscribe"},
        {"event": {}, "email": EMAIL},
        {"event": "unsubscribe", "email": [7]},
        "text",
        None,
        [],
    ],
)
def test_post_with_bad_event_keeps_others(
    bad: Any, as_acme: Api, wanted: Relationship, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    url = open_inlet(as_acme, "sendgrid", key="")
    assert post(url, build_call([bad, GOOD, bad])).status_code == 200
    assert len(noes()) == 1
    assert counts(as_acme) == {"taken": 1, "unreadable": 2}
    assert "'unreadable': 2" in caplog.text and "@" not in caplog.text


def test_post_of_only_bad_events_is_refused(as_acme: Api) -> None:
    assert post(open_inlet(as_acme, "sendgrid", key=""), build_call([{}, {}])).status_code == 400
    assert counts(as_acme) == {"unreadable": 1}


def test_sparkpost_bad_class_keeps_others(as_acme: Api, wanted: Relationship) -> None:
    said = [{"msys": 1}, *sparkpost(), {"msys": {"a": None}}]
    assert post(open_inlet(as_acme, "sparkpost"), build_call(said)).status_code == 200
    assert counts(as_acme) == {"taken": 1, "unreadable": 2}


def test_event_outcomes_are_counted(as_acme: Api, as_rival: Api, wanted: Relationship) -> None:
    """The brand sees how many, and no address."""
    url = open_inlet(as_acme, "sendgrid")
    said = [{**GOOD, "email": each} for each in (EMAIL, "nobody@example.org", "none", "none")]
    assert post(url, build_call(said)).status_code == 403
    as_acme.put(f"inbound/inlets/{Inlet.objects.get().pk}", {"signing_key": None})
    assert post(url, build_call([*said, {**GOOD, "event": "open"}])).status_code == 200
    assert counts(as_acme) == {
        "taken": 1,
        "unknown_address": 1,
        "no_choice": 1,
        "bad_address": 2,
        "not_signed": 1,
    }
    assert "@" not in as_acme.get("inbound/inlets").content.decode()
    assert as_rival.get("inbound/inlets").json()["data"] == []


# -- When ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("times", "at"),
    [
        ({"ts_event": SECONDS}, AT),
        ({"ts": SECONDS}, AT),
        ({"ts_event": SECONDS, "ts": SECONDS + 500}, AT),
        ({"ts_epoch": SECONDS * 1_000, "ts_event": SECONDS + 7_200}, AT),
        ({"ts_event": str(SECONDS)}, AT),
        ({"ts_epoch": None, "ts_event": SECONDS}, AT),
    ],
)
def test_brevo_time_of_event_is_used(
    times: Any, at: datetime, as_acme: Api, wanted: Relationship
) -> None:
    said = {"event": "unsubscribe", "email": EMAIL, "camp_id": 7, **times}
    assert post(open_inlet(as_acme, "brevo"), build_call(said)).status_code == 200
    assert [no.made_at for no in noes()] == [at]


@pytest.mark.parametrize("time", [None, "soon", 1e300, -1e300, True, {}, 4_000_000_000])
def test_brevo_invalid_or_future_time_is_now(time: Any, as_acme: Api, wanted: Relationship) -> None:
    said = {"event": "unsubscribe", "email": EMAIL, "ts_event": time}
    assert post(open_inlet(as_acme, "brevo"), build_call(said)).status_code == 200
    assert noes()[0].made_at == noes()[0].recorded_at


@pytest.mark.parametrize(
    ("provider", "said"),
    [
        ("brevo", {"event": "unsubscribe", "email": EMAIL, "camp_id": 7, "ts_event": SECONDS}),
        ("amazon_ses", complaint()),
        ("amazon_ses", complaint(timestamp=None, arrivalDate=AT.isoformat())),
    ],
)
def test_event_older_than_grant_keeps_grant(
    provider: str, said: Any, as_acme: Api, wanted: Relationship
) -> None:
    say_yes(wanted)
    call = ses(said) if provider == "amazon_ses" else build_call(said)
    assert post(open_inlet(as_acme, provider), call).status_code == 200
    assert check_email(wanted.brand).rule == "person_granted"


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        ("2026-01-20T09:30:00.0000000Z", AT),
        ("2026-01-20T10:30:00+01:00", AT),
        ("2026-01-20 09:30:00", AT),
        (str(SECONDS), AT),
        (SECONDS * 1_000, AT),
        ("1800-01-01T00:00:00Z", None),
        ("2026-13-40T00:00:00Z", None),
        ([], None),
    ],
)
def test_read_moment_formats_of_providers_are_read(value: Any, moment: datetime | None) -> None:
    assert events.read_moment(value) == moment


# -- Again -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("provider", "said"),
    [
        ("brevo", {"event": "unsubscribe", "email": EMAIL, "camp_id": 7, "ts_event": SECONDS}),
        ("brevo", {"event": "unsubscribe", "email": EMAIL, "camp_id": 7}),
        ("sendgrid", [{"event": "spamreport", "email": EMAIL, "timestamp": SECONDS}]),
        ("mailjet", [{"event": "unsub", "email": EMAIL, "time": SECONDS}]),
        ("postmark", {**postmark("SpamComplaint"), "ID": None, "MessageID": None}),
    ],
)
def test_event_without_id_again_records_nothing(
    provider: str, said: Any, as_acme: Api, wanted: Relationship
) -> None:
    url = open_inlet(as_acme, provider, key="")
    for _ in range(2):
        assert post(url, build_call(said)).status_code == 200
        say_yes(wanted)
    assert len(noes()) == 1
    assert check_email(wanted.brand).rule == "person_granted"


def test_ses_complaint_twice_in_two_forms_records_one(as_acme: Api, wanted: Relationship) -> None:
    url, said = open_inlet(as_acme, "amazon_ses"), complaint(timestamp=None)
    post(url, ses(said, "n-1"))
    say_yes(wanted)
    del said["eventType"]
    post(url, ses({**said, "notificationType": "Complaint"}, "n-2"))
    assert len(noes()) == 1


def test_mailjet_other_event_of_message_is_recorded(as_acme: Api, wanted: Relationship) -> None:
    url = open_inlet(as_acme, "mailjet")
    said = {"event": "unsub", "email": EMAIL, "MessageID": 7}
    now = datetime.now(UTC)
    for at in (now - timedelta(hours=2), now):
        post(url, build_call({**said, "time": at.timestamp()}))
        if at != now:
            choice = NewChoice(Scope(wanted.brand_id, "marketing", "email"), ChoiceTerms("grant"))
            by, then = Actor("portal"), now - timedelta(hours=1)
            recording.record_choices(wanted.subject_id, [choice], by=by, now=then)
    assert len(noes()) == 2
