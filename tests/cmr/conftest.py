"""What tests of providers share."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

import pytest
from pytest_django import Settings
from pytest_httpserver import HTTPServer

from cmr.inbound import sns
from cmr.mailbox import begin_scan
from cmr.models import Consumer, MailboxScan, ScanSource
from tests.cmr.provider_calls import AMAZON
from tests.hostile.names import Names

CERTIFICATE = "/SimpleNotificationService-7ff5318490ec183fbaddaa2a969abfda.pem"


@pytest.fixture
def amazon(
    httpserver: HTTPServer, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[HTTPServer]:
    """A server in the place of Amazon's, which serves the certificate of `AMAZON`."""
    settings.OUTBOUND_ALLOW_LOOPBACK = True
    place = re.escape(httpserver.url_for("/")) + r"SimpleNotificationService-\w+\.pem"
    monkeypatch.setattr(sns, "CERTIFICATE_URL", re.compile(place))
    httpserver.expect_request(CERTIFICATE).respond_with_data(AMAZON.certificate())
    AMAZON.url = httpserver.url_for(CERTIFICATE)
    sns.forget_certificates()
    yield httpserver
    sns.forget_certificates()


@pytest.fixture
def names(settings: Settings) -> Iterator[Names]:
    """A name server that has the keys of signed mail which a test gives it."""
    server = Names()
    settings.MAILBOX_DNS_SERVER = server.address
    yield server
    server.close()


@pytest.fixture
def scan(ana: Consumer, now: datetime) -> MailboxScan:
    """A reading of Ana's mailbox that has begun."""
    return begin_scan(ana, ScanSource.BROWSER, now=now)
