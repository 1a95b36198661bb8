"""Contact points of a person: /me/contact-points."""

from __future__ import annotations

import re

from django.test import Client
from pytest_django import Settings

from cmr.messages import sms
from cmr.models import Consumer
from tests import mails
from tests.conftest import Api

NEW = "dora@example.org"


def test_contact_point_by_api_is_verified_by_code(as_ana_signed_in: Api, ana: Consumer) -> None:
    pending = as_ana_signed_in.post("me/contact-points", {"kind": "email", "value": NEW})
    assert pending.status_code == 202
    path = f"me/contact-points/{pending.json()['id']}/verify"
    code = re.search(r"[A-Z]{4}-[A-Z]{4}", str(mails.sent()[-1].body))
    assert code
    assert as_ana_signed_in.post(path, {"code": "BBBB-BBBB"}).json()["code"] == "wrong_code"
    typed = code[0].replace("-", " ").lower()
    assert as_ana_signed_in.post(path, {"code": typed}).status_code == 201
    assert as_ana_signed_in.post(path, {"code": code[0]}).status_code == 404
    points = as_ana_signed_in.get("me/contact-points").json()["data"]
    assert [each["value"] for each in points] == ["ana@example.org", NEW]
    assert as_ana_signed_in.delete(f"me/contact-points/{points[0]['id']}").status_code == 204
    last = as_ana_signed_in.delete(f"me/contact-points/{points[1]['id']}")
    assert (last.status_code, last.json()["code"]) == (409, "last_address")


def test_contact_point_second_code_too_soon_is_refused(as_ana_signed_in: Api) -> None:
    asked = {"kind": "email", "value": NEW}
    assert as_ana_signed_in.post("me/contact-points", asked).status_code == 202
    second = as_ana_signed_in.post("me/contact-points", asked)
    assert (second.status_code, second.json()["code"]) == (429, "too_soon")
    assert second.headers["Retry-After"] == "30"


def test_contact_point_number_without_sms_is_refused(
    settings: Settings, as_ana_signed_in: Api, browser: Client
) -> None:
    settings.SMS_URL, settings.DEVELOPMENT = "", False
    assert not sms.is_sms_possible()
    asked = {"kind": "phone", "value": "+4915112345678"}
    assert as_ana_signed_in.post("me/contact-points", asked).json()["code"] == "no_numbers"
    assert b"Phone number" not in browser.get("/you/addresses").content
