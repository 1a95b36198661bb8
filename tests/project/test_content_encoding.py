"""A body in a content coding is refused at every entrance, since no view decodes it."""

from __future__ import annotations

import gzip

import pytest
from django.test import Client

from cmr.choices import links
from cmr.choices.links import Link
from cmr.models import Consumer
from consent.models import LedgerEntry, Relationship
from tests.conftest import Api

CALLS = [
    ("POST", "check", "application/json"),
    ("POST", "choices", "application/json"),
    ("POST", "checks", "application/json"),
    ("POST", "checks/stream?purpose=marketing&channel=email", "application/x-ndjson"),
    ("PUT", "imports/01a228b1-eb3e-770e-8964-ea3dec53bb39/parts/1", "text/csv"),
    ("PUT", "campaigns/stats", "text/csv"),
    ("POST", "session", "application/json"),
    ("POST", "receipts/verify", "application/json"),
]


@pytest.mark.parametrize("coding", ["gzip", "br", "gzip, identity", "X"])
@pytest.mark.parametrize(("method", "path", "media"), CALLS)
def test_calls_refuse_a_content_coding(
    as_acme: Api, method: str, path: str, media: str, coding: str
) -> None:
    for api in (as_acme, Api()):
        answer = api.send(method, path, gzip.compress(b"{}"), media, Content_Encoding=coding)
        assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_content_encoding")
        assert answer.headers["Accept-Encoding"] == "identity"


def test_pages_and_inlets_refuse_a_content_coding(ana: Consumer, met: Relationship) -> None:
    browser = Client()
    browser.force_login(ana.user)
    paths = [
        "/choose",
        f"/p/{links.build_token(Link(met))}",
        "/inbound/mail/postmark/secret",
        "/link",
    ]
    for path in paths:
        answer = browser.post(
            path, gzip.compress(b"say=deny::::"), "text/plain", headers={"Content-Encoding": "gzip"}
        )
        assert answer.status_code == 415, path
    assert not LedgerEntry.objects.exists()


@pytest.mark.parametrize("coding", ["", "identity", " Identity "])
def test_calls_take_what_is_not_coded(as_acme: Api, coding: str) -> None:
    answer = as_acme.send("POST", "check", b"{", Content_Encoding=coding)
    assert answer.json()["code"] == "parse_error"


def test_calls_without_a_body_have_no_coding(as_acme: Api) -> None:
    headers = {"Authorization": f"Bearer {as_acme.bearer}", "Content-Encoding": "gzip"}
    assert Client().get("/api/v1/brand", headers=headers).status_code == 200
