"""Mails to a brand whose webhooks are in trouble, through a real mail server."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from django.utils import timezone
from pytest_django import Settings

from brands import webhooks
from brands.models import Brand, QuarantinedEvent, Subscription, WebhookAlert
from brands.webhooks.monitoring import alerts
from tests.chaos.fleet import free_port
from tests.conftest import Api
from tests.factories import create_subscription

pytestmark = pytest.mark.django_db

NOW = timezone.now()


class Mailbox:
    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 OK"


@pytest.fixture
def mailbox(settings: Settings) -> Iterator[Mailbox]:
    box = Mailbox()
    server = Controller(box, hostname="127.0.0.1", port=free_port())
    server.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
    yield box
    server.stop()


@pytest.fixture
def subscription(acme: Brand) -> Subscription:
    acme.operations_email = "ops@acme.example"
    acme.save()
    url = "https://hooks.acme.example/secret-path?token=abc"
    return create_subscription(acme, url, now=NOW)


def fails(subscription: Subscription, times: int = alerts.FAILURES) -> None:
    since = NOW if times else None
    Subscription.objects.filter(pk=subscription.pk).update(failures=times, failing_since=since)


def look(now: datetime = NOW) -> int:
    alerts.update_alerts(now)
    return alerts.mail_alerts(now)


def test_alert_failing_endpoint_is_mailed_once(
    subscription: Subscription, mailbox: Mailbox
) -> None:
    assert look() == 0
    fails(subscription)
    assert look() == 1
    assert look() == 0
    (mail,) = mailbox.mails
    assert mail["To"] == "ops@acme.example"
    text = mail.get_content()
    assert "hooks.acme.example" in text
    assert str(subscription.pk) in text
    assert "secret-path" not in text
    assert "abc" not in text


def test_alert_several_troubles_are_mailed_together_hourly(
    subscription: Subscription, acme: Brand, mailbox: Mailbox
) -> None:
    other = create_subscription(acme, "https://b.example/", now=NOW)
    fails(subscription)
    QuarantinedEvent.objects.create(
        brand=acme, subscription=other, sequence=1, subject=other.pk, quarantined_at=NOW
    )
    assert look() == 1
    webhooks.disable_subscription(subscription, reason="gone", now=NOW)
    assert look(NOW + timedelta(minutes=59)) == 0
    assert look(NOW + timedelta(minutes=61)) == 1
    assert "refused" not in mailbox.mails[1].get_content()
    assert "disabled" in mailbox.mails[1].get_content()


def test_alert_trouble_that_returns_is_mailed_again(
    subscription: Subscription, mailbox: Mailbox
) -> None:
    fails(subscription)
    look()
    fails(subscription, 0)
    assert look() == 0
    assert WebhookAlert.objects.get().closed_at == NOW
    fails(subscription)
    assert look(NOW + timedelta(hours=2)) == 1
    assert len(mailbox.mails) == 2


def test_alert_unsent_mail_is_retried(subscription: Subscription, settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port()
    fails(subscription)
    assert look() == 0
    assert WebhookAlert.objects.get().mailed_at is None


def test_alert_without_operations_email_is_not_mailed(
    subscription: Subscription, acme: Brand, mailbox: Mailbox
) -> None:
    acme.operations_email = ""
    acme.save()
    fails(subscription)
    assert look() == 0
    assert WebhookAlert.objects.count() == 1


def test_alert_webhook_disabled_by_brand_is_not_raised(
    subscription: Subscription, mailbox: Mailbox
) -> None:
    webhooks.disable_subscription(subscription, reason="by_brand", now=NOW)
    assert look() == 0
    assert not WebhookAlert.objects.exists()


def test_operations_email_is_set_by_api(as_acme: Api, as_rival: Api) -> None:
    answer = as_acme.put("brand", {"operations_email": "ops@acme.example"})
    assert (answer.status_code, answer.json()["operations_email"]) == (200, "ops@acme.example")
    assert as_acme.get("brand").json()["slug"] == "acme"
    assert as_rival.get("brand").json()["operations_email"] == ""
    bad = as_acme.put("brand", {"operations_email": "nobody"})
    assert (bad.status_code, bad.json()["field"]) == (422, "operations_email")
