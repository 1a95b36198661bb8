"""The weekly summary by mail."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail
from pytest_django import Settings

from brands.models import Brand
from consent.models import BrandCount, DailyCount
from consent.reporting.reports import summaries

NOW = datetime(2026, 6, 3, 9, tzinfo=UTC)


TODAY = NOW.date()


@pytest.fixture
def counts(acme: Brand, rival: Brand) -> None:
    """Thirty days of five opt-outs a day; on the last of them sixty, most by one campaign."""
    for ago in range(30):
        day = TODAY - timedelta(days=ago)
        for brand in (acme, rival):
            number = 60 if ago == 0 and brand == acme else 5
            BrandCount.objects.create(
                brand=brand, day=day, opt_outs=number, started=ago == 29 and 900
            )
            DailyCount.objects.create(brand=brand, day=day, opt_outs=number, campaign="spring")


def test_summary_is_mailed_once_a_week(counts: None, settings: Settings) -> None:
    assert not summaries.send_due_summary(now=NOW)
    settings.REPORT_MAIL_TO = ["boss@example.org"]
    assert summaries.send_due_summary(now=NOW)
    assert not summaries.send_due_summary(now=NOW)
    (sent,) = mail.outbox
    assert sent.subject == "CMR: the week from 2026-05-25"
    assert "opt-outs" in str(sent.body)
    assert isinstance(sent, mail.EmailMultiAlternatives)
    html = str(sent.alternatives[0][0])
    assert 'bgcolor="#1f5a4c"' in html and ">Acme<" in html
