"""Text messages by the gateway of the settings."""

from __future__ import annotations

import re

from django.utils import timezone
from pytest_django import Settings
from pytest_httpserver import HTTPServer

from cmr.accounts import contact_points
from cmr.models import Consumer


def test_send_text_message_posts_to_gateway(
    httpserver: HTTPServer, settings: Settings, ana: Consumer
) -> None:
    settings.SMS_URL = httpserver.url_for("/sms")
    httpserver.expect_oneshot_request("/sms", method="POST").respond_with_data("")
    contact_points.begin_proof(ana, kind="phone", text="+49 151 12345678", now=timezone.now())
    (received,) = [request.json for request, _ in httpserver.log]
    assert received["to"] == "+4915112345678"
    assert re.search(r"[A-Z]{4}-[A-Z]{4}", received["text"])
