"""Posts of gateways for text messages and mail: signatures, formats, outcomes."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from pytest_django import Settings

from cmr.models import UsedToken
from consent.models import LedgerEntry, Relationship
from tests.cmr import provider_calls
from tests.cmr.api.test_inbound import texted
from tests.cmr.inbound.test_inbound_events import counts, say_yes
from tests.cmr.inbound.test_inlets import noes, open_inlet, post, wanted
from tests.cmr.provider_calls import FORM, KEYS, Call
from tests.conftest import EMAIL, Api

__all__ = ["texted", "wanted"]
PHONE = "+4915112345678"
SENT = "2026-01-20 09:30:00"


def twilio(**more: str) -> dict[str, str]:
    return {
        "ToCountry": "DE",
        "MessageSid": "SM8e9a2d0a2a5f4f1c",
        "SmsStatus": "received",
        "Body": "Please stop texting me",
        "To": "+4930123456",
        "NumMedia": "0",
        "From": PHONE,
        "AccountSid": "AC0123456789",
        "ApiVersion": "2010-04-01",
        **more,
    }


def vonage(**more: str) -> dict[str, str]:
    return {
        "msisdn": PHONE[1:],
        "to": "4930123456",
        "messageId": "0A0000000123ABCD1",
        "text": "STOP & thanks = bye",
        "type": "text",
        "keyword": "STOP",
        "api-key": "a1b2c3d4",
        "message-timestamp": SENT,
        "timestamp": "1768901400",
        "nonce": "aaaaaaaa-bbbb-cccc-dddd-0123456789ab",
        **more,
    }


VONAGE_MESSAGE = {
    "to": "4930123456",
    "from": PHONE[1:],
    "channel": "sms",
    "message_uuid": "aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab",
    "timestamp": "2026-01-20T09:30:00Z",
    "message_type": "text",
    "text": "STOP",
    "sms": {"num_messages": "1", "keyword": "STOP"},
}


# -- Text messages ---------------------------------------------------------------------------------


def test_twilio_stop_records_denial(as_acme: Api, texted: Relationship) -> None:
    url = open_inlet(as_acme, "twilio")
    assert url.startswith("http://127.0.0.1:8000/inbound/sms/twilio/cmr_inlet_")
    for _ in range(2):
        answer = post(url, provider_calls.twilio(url, twilio()))
        assert (answer.status_code, answer.content) == (200, b"<Response></Response>")
        assert answer.headers["Content-Type"] == "text/xml"
    (no,) = noes()
    assert (no.maker, no.source, no.channel) == ("person", "sms", "sms")
    assert no.evidence.startswith("Text message SM8e9a2d0a2a5f4f1c: “")
    assert counts(as_acme) == {"taken": 2}


def test_twilio_signature_uses_public_url(
    settings: Settings, as_acme: Api, texted: Relationship
) -> None:
    """Behind a proxy a request comes for another host."""
    settings.PUBLIC_URL = "https://cmr.example"
    url = open_inlet(as_acme, "twilio")
    assert url.startswith("https://cmr.example/inbound/sms/twilio/")
    assert post(url, provider_calls.twilio(url, twilio())).status_code == 200
    elsewhere = url.replace("https://cmr.example", "http://testserver")
    assert post(url, provider_calls.twilio(elsewhere, twilio())).status_code == 403
    assert len(noes()) == 1


@pytest.mark.parametrize("more", [{"Body": "STOP now"}, {"From": "+4915112345679"}, {"Added": "x"}])
def test_twilio_wrong_signature_is_refused(
    more: dict[str, str], as_acme: Api, texted: Relationship
) -> None:
    url = open_inlet(as_acme, "twilio")
    headers = provider_calls.twilio(url, twilio()).headers
    altered = urlencode(twilio(**more)).encode()
    for given in ({}, headers, {"X-Twilio-Signature": "ä"}):
        assert post(url, Call(altered, FORM, given)).status_code == 403
    assert counts(as_acme) == {"not_signed": 3}


@pytest.mark.parametrize("method", ["sha256", "sha512"])
def test_vonage_sms_stop_records_denial(method: str, as_acme: Api, texted: Relationship) -> None:
    url = open_inlet(as_acme, "vonage")
    for _ in range(2):
        assert post(url, provider_calls.vonage(vonage(), method)).status_code == 200
    (no,) = noes()
    assert no.made_at == datetime(2026, 1, 20, 9, 30, tzinfo=UTC)


def test_vonage_json_is_read(as_acme: Api, texted: Relationship) -> None:
    said = json.dumps(vonage()).encode()
    assert post(open_inlet(as_acme, "vonage", key=""), Call(said)).status_code == 200
    assert len(noes()) == 1


@pytest.mark.parametrize(
    ("sender", "country", "outcome"),
    [
        ("015112345678", "DE", "taken"),
        ("15112345678", "DE", "taken"),
        (PHONE[1:], "DE", "taken"),
        (PHONE, "US", "taken"),
        ("4930123456", "US", "bad_address"),
        (PHONE[1:], None, "taken"),
        ("015112345678", None, "bad_address"),
        ("ACME", "DE", "bad_address"),
    ],
)
def test_vonage_national_number_uses_country_of_inlet(
    sender: str, country: str | None, outcome: str, as_acme: Api, texted: Relationship
) -> None:
    answer = as_acme.post("inbound/inlets", {"provider": "vonage", "country": country})
    assert (answer.status_code, answer.json()["country"]) == (201, country)
    for said in (vonage(msisdn=sender), {**VONAGE_MESSAGE, "from": sender, "message_uuid": "m-2"}):
        assert post(answer.json()["url"], Call(json.dumps(said).encode())).status_code == 200
    assert counts(as_acme) == {outcome: 2}
    assert len(noes()) == (outcome == "taken")


def test_twilio_national_number_uses_country_of_message(as_acme: Api, texted: Relationship) -> None:
    url = open_inlet(as_acme, "twilio", key="")
    inlet = as_acme.get("inbound/inlets").json()["data"][0]
    assert as_acme.put(f"inbound/inlets/{inlet['id']}", {"country": "DE"}).status_code == 200
    said = urlencode(twilio(From="0151 12345678")).encode()
    assert post(url, Call(said, FORM)).status_code == 200
    assert len(noes()) == 1


def test_vonage_md5_or_no_signature_is_refused(as_acme: Api, texted: Relationship) -> None:
    url = open_inlet(as_acme, "vonage")
    call = provider_calls.vonage(vonage())
    altered = call.body.replace(b"STOP", b"QUIT", 1)
    weak = provider_calls.vonage(vonage(), "md5")
    for refused in (Call(altered, FORM), weak, Call(urlencode(vonage()).encode(), FORM)):
        assert post(url, refused).status_code == 403
    assert noes() == []


def test_vonage_message_stop_records_denial(as_acme: Api, texted: Relationship) -> None:
    url = open_inlet(as_acme, "vonage")
    for _ in range(2):
        assert post(url, provider_calls.vonage_message(VONAGE_MESSAGE)).status_code == 200
    assert len(noes()) == 1


def test_vonage_token_of_other_body_is_refused(as_acme: Api, texted: Relationship) -> None:
    url = open_inlet(as_acme, "vonage")
    good = provider_calls.vonage_message(VONAGE_MESSAGE)
    refused = [
        provider_calls.vonage_message(VONAGE_MESSAGE, alg="none"),
        provider_calls.vonage_message(VONAGE_MESSAGE, about=b"another"),
        Call(good.body, headers={"Authorization": good.headers["Authorization"][:-4] + "AAAA"}),
        Call(good.body, headers={"Authorization": "Bearer x"}),
        Call(good.body),
    ]
    assert {post(url, each).status_code for each in refused} == {403}
    assert noes() == []


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        (vonage(text="When do you open?"), "no_choice"),
        (vonage(text="HELP"), "no_choice"),
        (vonage(msisdn="4915112345679"), "unknown_address"),
        (vonage(msisdn="12345"), "bad_address"),
        ({"msisdn": PHONE[1:], "status": "delivered", "messageId": "m"}, "no_choice"),
        ({**VONAGE_MESSAGE, "channel": "whatsapp"}, "no_choice"),
    ],
)
def test_vonage_outcomes_are_counted(
    said: dict[str, Any], outcome: str, as_acme: Api, texted: Relationship
) -> None:
    url = open_inlet(as_acme, "vonage", key="")
    assert post(url, Call(json.dumps(said).encode())).status_code == 200
    assert counts(as_acme) == {outcome: 1}


def test_twilio_start_records_grant_of_brand(as_acme: Api, texted: Relationship) -> None:
    url = open_inlet(as_acme, "twilio")
    said = twilio(Body="START", MessageSid="SM2")
    assert post(url, provider_calls.twilio(url, said)).status_code == 200
    yes = LedgerEntry.objects.filter(decision="grant").order_by("subject_seq").last()
    assert yes is not None and yes.maker == "brand"


# -- Mail ------------------------------------------------------------------------------------------

HEADERS = f"From: Ana <{EMAIL}>\nMessage-ID: <m-1@mail.example.org>\nSubject: Re: Spring\n"


def sendgrid(**more: bytes) -> dict[str, bytes]:
    return {
        "headers": HEADERS.encode(),
        "dkim": b"{@example.org : pass}",
        "to": b"news@acme.example",
        "from": f"Gómez, Ana <{EMAIL}>".encode(),
        "text": b"Please remove me from your list.\n\n> New boots are in",
        "html": b"<p>Please remove me</p>",
        "sender_ip": b"192.0.2.7",
        "envelope": b'{"to": ["news@acme.example"], "from": "ana@example.org"}',
        "subject": b"Re: Spring",
        "charsets": b'{"to": "UTF-8", "from": "UTF-8", "subject": "UTF-8", "text": "UTF-8"}',
        "SPF": b"pass",
        **more,
    }


def mailgun(**more: str) -> dict[str, str]:
    return {
        "recipient": "news@acme.example",
        "sender": EMAIL,
        "subject": "Re: Spring",
        "from": f"Ana <{EMAIL}>",
        "body-plain": "Please remove me from your list.",
        "stripped-text": "Please remove me from your list.",
        "message-headers": json.dumps([["Message-Id", "<m-1@mail.example.org>"], ["X-A", "b"]]),
        **more,
    }


def route(said: dict[str, str], name: str = "t-1", sent_at: datetime | None = None) -> Call:
    signed = provider_calls.mailgun_signature(name, sent_at)
    return Call(urlencode({**said, **signed}).encode(), FORM)


MIME = (
    f"From: =?utf-8?q?G=C3=B3mez=2C_Ana?= <{EMAIL}>\r\nSubject: unsubscribe\r\n"
    "Message-ID: <m-1@mail.example.org>\r\n"
    'Content-Type: multipart/alternative; boundary="b"\r\n\r\n'
    "--b\r\nContent-Type: text/plain; charset=iso-8859-1\r\n"
    "Content-Transfer-Encoding: quoted-printable\r\n\r\nBitte l=F6schen Sie mich.\r\n"
    "--b\r\nContent-Type: text/html\r\n\r\n<p>Bitte</p>\r\n--b--\r\n"
)


@pytest.mark.parametrize("said", [sendgrid(), {"email": MIME.encode(), "from": b"x", "to": b"y"}])
def test_sendgrid_mail_records_denial(
    said: dict[str, bytes], as_acme: Api, wanted: Relationship
) -> None:
    url = open_inlet(as_acme, "sendgrid_parse", key="")
    for _ in range(2):
        assert post(url, provider_calls.multipart(said, logo=b"\x89PNG" * 9)).status_code == 200
        say_yes(wanted)
    (no,) = noes()
    assert (no.maker, no.source) == ("person", "mail_reply")
    assert "@" not in no.evidence


def test_sendgrid_charset_per_field_is_read(as_acme: Api, wanted: Relationship) -> None:
    text = "Bitte löschen Sie mich.".encode("iso-8859-1")
    charsets = b'{"from": "UTF-8", "text": "iso-8859-1", "subject": 7}'
    call = provider_calls.multipart(sendgrid(text=text, charsets=charsets))
    assert post(open_inlet(as_acme, "sendgrid_parse", key=""), call).status_code == 200
    assert len(noes()) == 1


def test_sendgrid_signed_mail_is_accepted(as_acme: Api, wanted: Relationship) -> None:
    url = open_inlet(as_acme, "sendgrid_parse")
    call = provider_calls.multipart(sendgrid(), logo=b"x" * 1_200_000)  # over the usual limit
    headers = provider_calls.sendgrid_signature(call.body)
    altered = Call(call.body.replace(b"ana@", b"eva@"), call.content_type, headers)
    assert {post(url, each).status_code for each in (call, altered)} == {403}
    assert post(url, Call(call.body, call.content_type, headers)).status_code == 200
    assert len(noes()) == 1


@pytest.mark.parametrize(
    "more",
    [
        {"text": b"See you on Saturday"},
        {"headers": HEADERS.encode() + b"Auto-Submitted: auto-replied\n"},
        {"text": b"", "html": b"<p>unsubscribe</p>"},
    ],
)
def test_sendgrid_mail_without_request_records_nothing(
    more: dict[str, bytes], as_acme: Api, wanted: Relationship
) -> None:
    call = provider_calls.multipart(sendgrid(**more))
    assert post(open_inlet(as_acme, "sendgrid_parse", key=""), call).status_code == 200
    assert counts(as_acme) == {"no_choice": 1}


@pytest.mark.parametrize("said", [mailgun(), {"body-mime": MIME, "from": "x"}])
def test_mailgun_route_mail_records_denial(
    said: dict[str, str], as_acme: Api, wanted: Relationship
) -> None:
    url = open_inlet(as_acme, "mailgun_route")
    for name in ("t-1", "t-1", "t-2"):  # again, and again with another signature
        assert post(url, route(said, name)).status_code == 200
        say_yes(wanted)
    assert len(noes()) == 1


APPLE = "Auto-Submitted: auto-replied\nX-Apple-Unsubscribe: true\n"
APPLE_PAIRS = json.dumps([["Auto-Submitted", "auto-replied"], ["X-Apple-Unsubscribe", "true"]])
APPLE_MIME = f"{HEADERS}{APPLE}\nThe text of the brand's `mailto:`."
BAD_PAIRS = json.dumps([["X-A"], 7, None, *json.loads(APPLE_PAIRS), ["a", "b", "c"]])


def apple_in(charset: str) -> str:
    kind = f'Content-Type: text/plain; charset="{charset}"\nContent-Transfer-Encoding: 8bit\n'
    return f"{HEADERS}{APPLE}{kind}\nGrüße"


@pytest.mark.parametrize(
    ("provider", "call"),
    [
        ("sendgrid_parse", sendgrid(text=b"", headers=(HEADERS + APPLE).encode())),
        ("sendgrid_parse", {"email": APPLE_MIME.encode()}),
        ("mailgun_route", mailgun(**{"body-plain": "", "message-headers": APPLE_PAIRS})),
        ("mailgun_route", {"body-mime": APPLE_MIME}),
        ("sendgrid_parse", sendgrid(text=b"", headers=f"\r\n{HEADERS}{APPLE}".encode())),
        ("sendgrid_parse", sendgrid(text=b"", headers=f"{HEADERS}no header\n\n{APPLE}".encode())),
        ("mailgun_route", mailgun(**{"body-plain": "", "message-headers": BAD_PAIRS})),
        ("sendgrid_parse", {"email": f"\r\n{APPLE_MIME}".encode()}),
        *[
            ("mailgun_route", {"body-mime": apple_in(charset)})
            for charset in ("nonsense", "base64", "undefined", "idna", "\0", "utf-8")
        ],
    ],
)
def test_apple_mail_button_records_denial(
    provider: str, call: dict[str, Any], as_acme: Api, wanted: Relationship
) -> None:
    parts = {
        name: each if isinstance(each, bytes) else each.encode() for name, each in call.items()
    }
    url = open_inlet(as_acme, provider, key="")
    assert post(url, provider_calls.multipart(parts)).status_code == 200
    assert [no.source for no in noes()] == ["mail_reply"]


def test_mailgun_token_of_other_mail_is_refused(as_acme: Api, wanted: Relationship) -> None:
    """It does not sign the rest, so whoever saw one could write another mail under it."""
    url = open_inlet(as_acme, "mailgun_route")
    assert post(url, route(mailgun(**{"body-plain": "Hello"}))).status_code == 200
    assert post(url, route(mailgun())).status_code == 403
    assert noes() == []
    events = open_inlet(as_acme, "mailgun")
    opens = provider_calls.mailgun("opened", EMAIL, "t-3", "")
    assert post(events, opens).status_code == post(events, opens).status_code == 200
    assert post(events, provider_calls.mailgun("complained", EMAIL, "t-3", "")).status_code == 403
    assert noes() == []


def test_mailgun_old_token_is_refused_and_deleted(as_acme: Api, wanted: Relationship) -> None:
    url, now = open_inlet(as_acme, "mailgun_route"), datetime.now(UTC)
    assert post(url, route(mailgun(), "t-1", now - timedelta(hours=13))).status_code == 403
    assert post(url, route(mailgun(), "t-2", now - timedelta(hours=8))).status_code == 200
    UsedToken.objects.update(used_at=now - timedelta(hours=25))
    assert post(url, route(mailgun(), "t-3")).status_code == 200
    assert UsedToken.objects.count() == 1


@pytest.mark.parametrize("provider", ["mailgun_route", "sendgrid_parse", "twilio", "vonage"])
@pytest.mark.parametrize(
    "call",
    [
        *[Call(body) for body in (b"", b"null", b"[]", b"1", b"{", b"\xff\xfe", b"[" * 99_999)],
        *[Call(body, FORM) for body in (b"", b"a=b", b"%ff=%ff", b"&&&", b"a=b&" * 1_500)],
        Call(b"email=\xff%00&body-mime=%00&From=%00&Body=STOP%00&MessageSid=%00", FORM),
        Call(b"from=%00&text=stop&subject=%00&headers=%00&message-headers=[[1]]", FORM),
        Call(b"msisdn=%00&text=stop%00&messageId=%00", FORM),
        Call(b"x", "multipart/form-data"),
        Call(b"--b\r\n\r\n", "multipart/form-data; boundary=b"),
        provider_calls.multipart({"from": b"\xff\x00", "charsets": b'{"from": "rot13"}'}),
        provider_calls.multipart({"from": b"x", "charsets": b"[]", "headers": b"\xff: \x00\n"}),
    ],
)
def test_gateway_malformed_post_is_refused(call: Call, provider: str, as_acme: Api) -> None:
    url = open_inlet(as_acme, provider, key="")
    assert post(url, call).status_code in (200, 400)
    url = open_inlet(as_acme, provider, key=KEYS[provider])
    assert post(url, call).status_code in (400, 403)
    assert not LedgerEntry.objects.exists()
