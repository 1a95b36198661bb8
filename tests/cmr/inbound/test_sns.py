"""Signatures of Amazon SNS, with a real key and a local certificate server."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from cmr.inbound import sns
from consent.models import Relationship
from tests.cmr import provider_calls
from tests.cmr.conftest import CERTIFICATE
from tests.cmr.inbound.test_inlets import noes, open_inlet, post, wanted
from tests.cmr.provider_calls import AMAZON, Amazon, Call
from tests.conftest import EMAIL, Api

__all__ = ["wanted"]


def stamp(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def build_signed(version: str = "2", **more: str) -> Call:
    said = json.loads(provider_calls.amazon_ses("Complaint", EMAIL, "n-1", "").body)["Message"]
    return provider_calls.sns("Notification", "n-1", version=version, Message=said, **more)


def changed(call: Call, **more: Any) -> Call:
    return Call(json.dumps({**json.loads(call.body), **more}).encode(), call.content_type)


@pytest.mark.parametrize("version", ["1", "2"])
@pytest.mark.parametrize("more", [{}, {"Subject": "Amazon SES"}])
def test_verify_signed_message_is_accepted(
    version: str, more: dict[str, str], amazon: HTTPServer, as_acme: Api, wanted: Relationship
) -> None:
    url = open_inlet(as_acme, "amazon_ses")
    for _ in range(3):
        assert post(url, build_signed(version, **more)).status_code == 200
    assert len(noes()) == 1
    assert len(amazon.log) == 1  # the certificate is fetched once


@pytest.mark.parametrize(
    "more",
    [
        {"Message": "{}"},
        {"MessageId": "n-2"},
        {"TopicArn": "arn:aws:sns:eu-central-1:123456789012:other"},
        {"Subject": "added"},
        {"SignatureVersion": "1"},
        {"SignatureVersion": "3"},
        {"SignatureVersion": ["2"]},
        {"Signature": "AAAA"},
        {"Signature": None},
        {"Signature": 7},
        {"SigningCertURL": None},
        {"Timestamp": "yesterday"},
    ],
)
def test_verify_changed_message_is_refused(
    more: Any, amazon: HTTPServer, as_acme: Api, wanted: Relationship
) -> None:
    assert (
        post(open_inlet(as_acme, "amazon_ses"), changed(build_signed(), **more)).status_code == 403
    )
    assert noes() == []
    (shown,) = as_acme.get("inbound/inlets").json()["data"]
    assert [each["outcome"] for each in shown["counts"]] == ["not_signed"]


@pytest.mark.parametrize("age", [timedelta(hours=2), -timedelta(minutes=10)])
def test_verify_old_message_is_refused(
    age: timedelta, amazon: HTTPServer, as_acme: Api, wanted: Relationship
) -> None:
    call = build_signed(Timestamp=stamp(datetime.now(UTC) - age))
    assert post(open_inlet(as_acme, "amazon_ses"), call).status_code == 403
    assert noes() == []


def test_verify_other_key_is_refused(
    amazon: HTTPServer, as_acme: Api, wanted: Relationship, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Amazon()
    other.url = AMAZON.url
    monkeypatch.setattr(provider_calls, "AMAZON", other)
    assert post(open_inlet(as_acme, "amazon_ses"), build_signed()).status_code == 403
    assert noes() == []


@pytest.mark.parametrize(
    ("url", "is_ours"),
    [
        ("https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0a1b.pem", True),
        ("https://sns.cn-north-1.amazonaws.com.cn/SimpleNotificationService-0a1b.pem", True),
        ("http://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0a1b.pem", False),
        ("https://sns.evil.example/SimpleNotificationService-0a1b.pem", False),
        ("https://sns.a.amazonaws.com.evil.example/SimpleNotificationService-0a.pem", False),
        ("https://sns.a.amazonaws.com@evil.example/SimpleNotificationService-0a.pem", False),
        ("https://evil.example/sns.a.amazonaws.com/SimpleNotificationService-0a.pem", False),
        ("https://s3.amazonaws.com/mine/SimpleNotificationService-0a.pem", False),
        ("https://sns.a.amazonaws.com/mine/SimpleNotificationService-0a.pem", False),
        ("https://sns.a.amazonaws.com/SimpleNotificationService-0a.pem?x=1", False),
        ("https://sns.a.amazonaws.com/SimpleNotificationService-0a.pem\n", False),
    ],
)
def test_certificate_url_only_of_amazon_matches(url: str, is_ours: bool) -> None:
    assert bool(sns.CERTIFICATE_URL.fullmatch(url)) is is_ours


def test_verify_foreign_certificate_url_is_not_fetched(
    amazon: HTTPServer, as_acme: Api, wanted: Relationship
) -> None:
    amazon.expect_request("/mine.pem").respond_with_data(AMAZON.certificate())
    call = changed(build_signed(), SigningCertURL=amazon.url_for("/mine.pem"))
    assert post(open_inlet(as_acme, "amazon_ses"), call).status_code == 403
    assert amazon.log == []


@pytest.mark.parametrize("body", [b"", b"no certificate", b"x" * 30_000])
def test_verify_without_certificate_is_unavailable(
    body: bytes, amazon: HTTPServer, as_acme: Api, wanted: Relationship
) -> None:
    """SNS tries again after a 503, and nothing is lost."""
    url = open_inlet(as_acme, "amazon_ses")
    amazon.clear()
    amazon.expect_request(CERTIFICATE).respond_with_data(body)
    assert post(url, build_signed()).status_code == 503
    amazon.clear()
    amazon.expect_request(CERTIFICATE).respond_with_data(AMAZON.certificate())
    assert post(url, build_signed()).status_code == 200
    assert len(noes()) == 1


def test_verify_expired_certificate_is_unavailable(
    amazon: HTTPServer, as_acme: Api, wanted: Relationship
) -> None:
    amazon.clear()
    expired = AMAZON.certificate(until=datetime.now(UTC) - timedelta(days=1))
    amazon.expect_request(CERTIFICATE).respond_with_data(expired)
    assert post(open_inlet(as_acme, "amazon_ses"), build_signed()).status_code == 403


def test_inlet_keeps_its_first_topic(
    amazon: HTTPServer, as_acme: Api, wanted: Relationship
) -> None:
    """Anybody's topic is signed by Amazon, too."""
    url = open_inlet(as_acme, "amazon_ses")
    asked = "https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription&Token=x"
    wants = {"Message": "You have chosen …", "SubscribeURL": asked, "Token": "x"}
    assert (
        post(url, provider_calls.sns("SubscriptionConfirmation", "n", **wants)).status_code == 200
    )
    (shown,) = as_acme.get("inbound/inlets").json()["data"]
    assert shown["topic_arn"] == "arn:aws:sns:eu-central-1:123456789012:ses"
    other = {"TopicArn": "arn:aws:sns:eu-central-1:999999999999:mine"}
    evil = {**wants, "SubscribeURL": asked.replace("Token=x", "Token=evil"), **other}
    assert post(url, provider_calls.sns("SubscriptionConfirmation", "n", **evil)).status_code == 403
    assert post(url, build_signed(**other)).status_code == 403
    assert noes() == []
    (shown,) = as_acme.get("inbound/inlets").json()["data"]
    assert shown["confirm_url"] == asked
    assert post(url, build_signed()).status_code == 200


def test_verify_raw_message_is_refused(as_acme: Api, wanted: Relationship) -> None:
    """It carries no signature. With a 400 the brand sees it."""
    said = json.loads(json.loads(build_signed().body)["Message"])
    call = Call(json.dumps(said).encode(), headers={"x-amz-sns-rawdelivery": "true"})
    assert post(open_inlet(as_acme, "amazon_ses"), call).status_code == 400
    assert noes() == []
