"""Inlets: providers report who unsubscribed or complained."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from brands.models import Brand, Campaign
from cmr.inbound import providers
from cmr.models import Inlet
from consent.decision.resolution import Scope
from consent.ledger import recording
from consent.ledger.recording import Actor, ChoiceTerms, NewChoice
from consent.models import LedgerEntry, Relationship
from tests.cmr import provider_calls
from tests.cmr.provider_calls import AT, KEYS, PROVIDERS, Call
from tests.conftest import EMAIL, Api
from tests.factories import check_email, record_choice
from tests.trying import tries

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer

pytestmark = pytest.mark.usefixtures("amazon")
each_provider = pytest.mark.parametrize("provider", PROVIDERS)
each_signer = pytest.mark.parametrize("provider", [each for each in PROVIDERS if each in KEYS])
#: Resend does not tell of who unsubscribed.
ACTS = [
    (provider, kind, event)
    for provider, (_, *events, _) in PROVIDERS.items()
    for kind, event in zip(("unsubscribed", "complained"), events, strict=True)
    if event
]
#: What Postmark posts when somebody complains.
COMPLAINT = provider_calls.postmark("SpamComplaint", EMAIL, "m-1", "spring")


@pytest.fixture
def campaign(acme: Brand, now: datetime) -> Campaign:
    return Campaign.objects.create(
        brand=acme, code="spring", name="Spring", purpose_id="marketing", created_at=now
    )


@pytest.fixture
def wanted(met: Relationship, now: datetime) -> Relationship:
    """Ana wants acme's marketing by mail."""
    scope = Scope(met.brand_id, "marketing", "email")
    record_choice(met, "grant", scope, now=now)
    return met


def open_inlet(api: Api, provider: str, *, key: str | None = None) -> str:
    """The address of a new inlet, with the provider's key unless another is given."""
    wanted: dict[str, Any] = {"provider": provider}
    if signing_key := KEYS.get(provider) if key is None else key:
        wanted["signing_key"] = signing_key
    answer = api.post("inbound/inlets", wanted)
    assert answer.status_code == 201, answer.content
    return str(answer.json()["url"])


def build_call(provider: str, url: str, event: str, email: str = EMAIL, name: str = "e-1") -> Call:
    call = PROVIDERS[provider][0]
    more = {"url": url} if provider == "mandrill" else {}
    return call(event, email, name, "spring", **more)


def post(url: str, call: Call) -> Answer:
    client = Client(raise_request_exception=False, enforce_csrf_checks=True)
    path = urlsplit(url).path
    return client.generic("POST", path, call.body, call.content_type, headers=call.headers)


def noes() -> list[LedgerEntry]:
    return list(LedgerEntry.objects.filter(decision="deny").order_by("subject_seq"))


# -- What providers tell --------------------------------------------------------------------------


@pytest.mark.usefixtures("campaign")
@pytest.mark.parametrize(("provider", "kind", "event"), ACTS)
def test_inlet_event_records_denial_of_person(
    provider: str, kind: str, event: str, as_acme: Api, wanted: Relationship
) -> None:
    url = open_inlet(as_acme, provider)
    answer = post(url, build_call(provider, url, event))
    assert (answer.status_code, answer.content) == (200, b"")
    (entry,) = noes()
    assert (entry.maker, entry.source) == ("person", "mail_provider")
    assert (entry.brand_id, entry.purpose_id, entry.channel) == (
        wanted.brand_id,
        "marketing",
        "email",
    )
    assert entry.made_at == AT
    assert entry.campaign == "spring"
    assert entry.evidence.startswith(providers.PROVIDERS[provider].name)
    assert kind in entry.evidence and "@" not in entry.evidence
    assert check_email(wanted.brand).rule == "person_denied"


@each_provider
def test_inlet_other_event_records_nothing(
    provider: str, as_acme: Api, wanted: Relationship
) -> None:
    url = open_inlet(as_acme, provider)
    answer = post(url, build_call(provider, url, PROVIDERS[provider][3]))
    assert (answer.status_code, answer.content) == (200, b"")
    assert noes() == []


@each_provider
def test_inlet_same_event_again_records_nothing(
    provider: str, as_acme: Api, wanted: Relationship
) -> None:
    """Not even when the person said yes in between; another event does."""
    url, event = open_inlet(as_acme, provider), PROVIDERS[provider][2]
    first = build_call(provider, url, event)
    post(url, first)
    scope = Scope(wanted.brand_id, "marketing", "email")
    yes = [NewChoice(scope, ChoiceTerms("grant"))]
    recording.record_choices(wanted.person_id, yes, by=Actor("portal"), now=timezone.now())
    assert post(url, first).status_code == 200
    assert len(noes()) == 1
    assert check_email(wanted.brand).rule == "person_granted"


def test_inlet_second_event_records_one_denial(as_acme: Api, wanted: Relationship) -> None:
    url = open_inlet(as_acme, "postmark")
    for event in ("SubscriptionChange", "SpamComplaint"):
        post(url, build_call("postmark", url, event, name=event))
    assert len(noes()) == 1


def test_inlet_unknown_campaign_label_is_dropped(
    as_acme: Api, wanted: Relationship, rival: Brand, now: datetime
) -> None:
    Campaign.objects.create(
        brand=rival, code="spring", name="Spring", purpose_id="marketing", created_at=now
    )
    post(open_inlet(as_acme, "postmark"), COMPLAINT)
    assert noes()[0].campaign == ""


def test_inlet_suppression_by_brand_records_nothing(as_acme: Api, wanted: Relationship) -> None:
    said = json.loads(provider_calls.postmark("SubscriptionChange", EMAIL, "m", "").body)
    body = json.dumps({**said, "Origin": "Customer"}).encode()
    assert post(open_inlet(as_acme, "postmark"), Call(body)).status_code == 200
    assert noes() == []


def test_inlet_post_of_several_people_records_each(as_acme: Api, wanted: Relationship) -> None:
    """Also of some that are no addresses."""
    told = [
        json.loads(provider_calls.sendgrid("unsubscribe", email, f"e-{email}", "").body)[0]
        for email in ("nobody@example.org", "not an address", "", EMAIL, EMAIL)
    ]
    url = open_inlet(as_acme, "sendgrid", key="")
    assert post(url, Call(json.dumps(told).encode())).status_code == 200
    assert len(noes()) == 2


def test_inlet_future_event_is_recorded_now(as_acme: Api, wanted: Relationship) -> None:
    said = json.loads(provider_calls.sendgrid("unsubscribe", EMAIL, "e", "").body)
    said[0]["timestamp"] = 4_000_000_000
    post(open_inlet(as_acme, "sendgrid", key=""), Call(json.dumps(said).encode()))
    assert noes()[0].made_at == noes()[0].recorded_at


# -- Who may tell ---------------------------------------------------------------------------------


@each_signer
def test_inlet_wrong_signature_is_refused(
    provider: str, as_acme: Api, wanted: Relationship
) -> None:
    url = open_inlet(as_acme, provider)
    call = build_call(provider, url, PROVIDERS[provider][2])
    is_mailgun = provider == "mailgun"  # it signs a token, and puts it into the body
    part = (b'"signature": "', b'"signature": "0') if is_mailgun else (b"ana", b"eva")
    altered = call.body.replace(*part)
    for headers in ({}, call.headers):
        assert post(url, Call(altered, call.content_type, headers)).status_code == 403
    wrong = {name: value[::-1] for name, value in call.headers.items()}
    if wrong:
        assert post(url, Call(call.body, call.content_type, wrong)).status_code == 403
    assert noes() == []


@each_signer
def test_inlet_without_key_needs_no_signature(
    provider: str, as_acme: Api, wanted: Relationship
) -> None:
    url = open_inlet(as_acme, provider, key="")
    call = build_call(provider, url, PROVIDERS[provider][2])
    assert post(url, Call(call.body, call.content_type)).status_code == 200
    assert len(noes()) == 1


def test_inlet_old_resend_signature_is_refused(as_acme: Api, wanted: Relationship) -> None:
    body = provider_calls.resend("email.complained", EMAIL, "e", "").body
    old = provider_calls.svix("e", datetime.now(UTC) - timedelta(minutes=6), body)
    assert post(open_inlet(as_acme, "resend"), Call(body, headers=old)).status_code == 403


@each_provider
def test_inlet_wrong_secret_is_not_found(provider: str, as_acme: Api, wanted: Relationship) -> None:
    url = open_inlet(as_acme, provider)
    call = build_call(provider, url, PROVIDERS[provider][2])
    other = "postmark" if provider != "postmark" else "mailjet"
    wrong = [url[:-1] + ("A" if url[-1] != "A" else "B"), url.replace(provider, other), url + "x"]
    wrong += [url.replace("cmr_inlet_", "cmr_live_"), url.rpartition("/")[0] + "/x"]
    assert {post(each, call).status_code for each in wrong} == {404}
    assert {post(each, call).content for each in wrong} == {b""}
    assert noes() == []


def test_inlet_get_changes_nothing(as_acme: Api) -> None:
    path = urlsplit(open_inlet(as_acme, "mandrill")).path
    assert Client().head(path).status_code == Client().get(path).status_code == 200
    assert Client().head(path[:-1]).status_code == Client().get(path[:-1]).status_code == 404


def test_inlet_closed_is_not_found(as_acme: Api, as_rival: Api, wanted: Relationship) -> None:
    url, inlet = open_inlet(as_acme, "postmark"), Inlet.objects.get()
    assert as_rival.delete(f"inbound/inlets/{inlet.pk}").status_code == 404
    assert as_acme.delete(f"inbound/inlets/{inlet.pk}").status_code == 204
    assert post(url, COMPLAINT).status_code == 404
    assert as_acme.delete(f"inbound/inlets/{inlet.pk}").status_code == 404
    assert as_acme.get("inbound/inlets").json()["data"] == []


def test_inlet_records_denial_of_own_brand_only(as_rival: Api, wanted: Relationship) -> None:
    assert post(open_inlet(as_rival, "postmark"), COMPLAINT).status_code == 200
    assert [no.brand.slug for no in noes() if no.brand] == ["rival"]


def test_inlet_known_and_unknown_get_same_answer(as_acme: Api, wanted: Relationship) -> None:
    url = open_inlet(as_acme, "postmark")
    calls = [
        build_call("postmark", url, "SpamComplaint", email) for email in (EMAIL, "no@example.org")
    ]
    known, unknown = (post(url, call) for call in calls)
    assert (known.status_code, known.content) == (unknown.status_code, unknown.content)
    assert set(known.headers) == set(unknown.headers)


# -- Amazon ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "is_kept"),
    [
        ("https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription&Token=x", True),
        ("https://sns.cn-north-1.amazonaws.com.cn/?Token=x", True),
        ("https://evil.example/sns.eu-central-1.amazonaws.com/", False),
        ("https://sns.eu-central-1.amazonaws.com.evil.example/", False),
        ("https://sns.eu-central-1.amazonaws.com@evil.example/", False),
        ("http://sns.eu-central-1.amazonaws.com/?Token=x", False),
        ("javascript:alert(1)", False),
    ],
)
def test_inlet_sns_confirmation_url_is_shown_not_fetched(
    url: str, is_kept: bool, as_acme: Api
) -> None:
    """We call nobody's address because somebody posted it."""
    call = provider_calls.sns("SubscriptionConfirmation", "n", SubscribeURL=url, Token="x")
    assert post(open_inlet(as_acme, "amazon_ses"), call).status_code == 200
    (shown,) = as_acme.get("inbound/inlets").json()["data"]
    assert shown["confirm_url"] == (url if is_kept else None)


# -- Hostile calls ---------------------------------------------------------------------------------

HOSTILE = [
    *[b"", b"null", b"[]", b"{}", b"1", b'"x"', b"[null]", b"[[]]", b"[{}]", b"{", b"\xff\xfe"],
    *[b"[" * 100_000, b'{"a":' * 50_000, b'{"event-data": {}}', b'{"event-data": null}'],
    *[b'{"items": []}', b'{"event": 1}', b'[{"msys": 1}]', b'[{"msys": {"a": 1, "b": 2}}]'],
    *[b'{"events": [1]}', b'{"type": []}', b'{"RecordType": {}}', b"mandrill_events=x"],
    b'[{"event": "unsubscribe", "email": {}, "timestamp": 1e300, "ts_event": 1e300}]',
    b'[{"event": "unsub", "email": {"a": 1}, "time": 1}]',
    b'{"event": "unsubscribe", "email": ["x"], "ts_epoch": 1, "tags": {"a": 1}}',
    b'{"RecordType": "SpamComplaint", "Type": "SpamComplaint", "Email": 7}',
    b'{"RecordType": "SpamComplaint", "Type": "SpamComplaint", "Email": "a\\u0000@b.example"}',
]


@each_provider
@pytest.mark.parametrize(
    "form", ["application/json", "application/x-www-form-urlencoded", "text/x"]
)
def test_inlet_malformed_post_is_refused(form: str, provider: str, as_acme: Api) -> None:
    url = open_inlet(as_acme, provider, key="")
    assert {post(url, Call(body, form)).status_code for body in HOSTILE} <= {200, 400}
    assert LedgerEntry.objects.count() == 0


@each_signer
def test_inlet_too_large_post_is_refused(provider: str, as_acme: Api, settings: Settings) -> None:
    url = open_inlet(as_acme, provider)
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    assert post(url, build_call(provider, url, PROVIDERS[provider][2])).status_code == 413


@each_provider
@given(
    body=st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats()
        | st.text()
        | st.sampled_from(["unsubscribe", "spam", "SpamComplaint", EMAIL]),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(
                    "event email RecordType Email event-data type data msys tags ts".split()
                ),
                inner,
            )
        ),
    )
)
@tries(8)
def test_inlet_random_json_is_answered(body: Any, provider: str, as_acme: Api) -> None:
    url = open_inlet(as_acme, provider, key="")
    Inlet.objects.all().update(closed_at=None)
    assert post(url, Call(json.dumps(body).encode())).status_code in (200, 400)
    Inlet.objects.all().delete()


# -- Opening them ----------------------------------------------------------------------------------


def test_open_inlet_shows_url_once(as_acme: Api) -> None:
    url = open_inlet(as_acme, "postmark")
    assert url.startswith("http://127.0.0.1:8000/inbound/mail/postmark/cmr_inlet_")
    (shown,) = as_acme.get("inbound/inlets").json()["data"]
    assert set(shown) == {
        *("id", "provider", "verifies", "confirm_url", "created_at"),
        *("country", "topic_arn", "counts"),
    }
    inlet = Inlet.objects.get()
    assert len(bytes(inlet.digest)) == 32
    assert url[-43:] not in repr(inlet.__dict__)


def test_open_inlet_stores_key_encrypted(as_acme: Api) -> None:
    open_inlet(as_acme, "mailgun")
    (inlet,) = Inlet.objects.all()
    assert inlet.signing_key is not None
    assert KEYS["mailgun"].encode() not in bytes(inlet.signing_key)
    assert KEYS["mailgun"].encode() not in as_acme.get("inbound/inlets").content


def test_change_inlet_sets_key(as_acme: Api, wanted: Relationship) -> None:
    """Many providers show it once they have the address."""
    url, inlet = open_inlet(as_acme, "mailgun", key=""), Inlet.objects.get()
    call = build_call("mailgun", url, "complained")

    def set_key(key: str | None) -> bool:
        answer = as_acme.put(f"inbound/inlets/{inlet.pk}", {"signing_key": key})
        assert answer.status_code == 200
        return bool(answer.json()["verifies"])

    assert set_key("another")
    assert post(url, call).status_code == 403
    assert set_key(KEYS["mailgun"])
    assert post(url, call).status_code == 200
    assert not set_key(None)


def test_change_inlet_keeps_other_fields(as_acme: Api) -> None:
    open_inlet(as_acme, "vonage")
    path = f"inbound/inlets/{Inlet.objects.get().pk}"

    def change(**settings: str | None) -> tuple[bool, str | None]:
        answer = as_acme.put(path, settings)
        assert answer.status_code == 200
        return answer.json()["verifies"], answer.json()["country"]

    assert change(country="US") == (True, "US")
    assert change(signing_key=None) == (False, "US")
    assert change() == (False, "US")
    assert change(country=None) == (False, None)


def test_change_inlet_invalid_changes_nothing(as_acme: Api) -> None:
    open_inlet(as_acme, "mailgun")
    path = f"inbound/inlets/{Inlet.objects.get().pk}"
    answer = as_acme.put(path, {"signing_key": None, "country": "DE"})
    assert (answer.status_code, answer.json()["code"]) == (422, "not_here")
    assert answer.json()["field"] == "country"
    assert Inlet.objects.get().signing_key is not None


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        ({"provider": "postmark", "signing_key": "x"}, "bad_signing_key"),
        ({"provider": "sendgrid", "signing_key": "x"}, "bad_signing_key"),
        ({"provider": "resend", "signing_key": "x"}, "bad_signing_key"),
        ({"provider": "mailgun", "signing_key": "ä"}, "bad_signing_key"),
        ({"provider": "postmark", "country": "DE"}, "not_here"),
        ({"provider": "vonage", "country": "XX"}, "invalid_choice"),
        ({"provider": "smoke"}, "invalid_choice"),
        ({}, "required"),
    ],
)
def test_open_inlet_invalid_body_is_refused(wanted: Any, code: str, as_acme: Api) -> None:
    answer = as_acme.post("inbound/inlets", wanted)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert not Inlet.objects.exists()


def test_open_inlet_too_many_is_refused(as_acme: Api, as_rival: Api) -> None:
    for _ in range(20):
        open_inlet(as_acme, "postmark")
    answer = as_acme.post("inbound/inlets", {"provider": "postmark"})
    assert (answer.status_code, answer.json()["code"]) == (409, "too_many_inlets")
    open_inlet(as_rival, "postmark")


def test_inlet_of_other_brand_is_not_found(as_acme: Api, as_rival: Api) -> None:
    open_inlet(as_acme, "postmark")
    inlet = Inlet.objects.get()
    assert as_rival.get("inbound/inlets").json()["data"] == []
    answer = as_rival.put(f"inbound/inlets/{inlet.pk}", {"signing_key": None})
    assert answer.status_code == 404
