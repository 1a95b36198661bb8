"""Mails about changes of an account: to whom, and in which language."""

from __future__ import annotations

import pytest
from allauth.mfa import signals
from allauth.mfa.models import Authenticator
from django.contrib.sessions.backends.db import SessionStore
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.test import RequestFactory
from django.utils import timezone, translation

from cmr.accounts import notices, ownership
from cmr.accounts.notices import AccountChange
from cmr.models import Consumer, User
from tests import mails
from tests.conftest import EMAIL

SECOND, NUMBER = "second@example.org", "+4915112345678"


@pytest.fixture
def several(ana: Consumer) -> Consumer:
    now = timezone.now()
    ownership.add_contact(ana, kind="email", value=SECOND, now=now)
    ownership.add_contact(ana, kind="phone", value=NUMBER, now=now)
    return ana


def tell(consumer: Consumer, change: AccountChange = AccountChange.PASSWORD_SET) -> None:
    notices.notify_owner(consumer.user, change, now=timezone.now())


def test_notify_owner_mails_every_verified_address(
    several: Consumer, capsys: pytest.CaptureFixture[str]
) -> None:
    tell(several)
    assert [each.to for each in mails.sent()] == [[EMAIL], [SECOND]]
    assert f"Text message to {NUMBER}: CMR: A password was set" in capsys.readouterr().out
    assert "/recover/" in str(mails.sent()[0].body)  # there for a year; the other since today
    assert "/you/security" in str(mails.sent()[1].body)


def test_notify_owner_failing_address_does_not_stop_others(
    several: Consumer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    sending = EmailBackend.send_messages

    def refuse_first(self: EmailBackend, messages: list[mail.EmailMessage]) -> int:
        if messages[0].to == [EMAIL]:
            raise ConnectionRefusedError(EMAIL)
        return sending(self, messages)

    monkeypatch.setattr(EmailBackend, "send_messages", refuse_first)
    tell(several)
    assert [each.to for each in mails.sent()] == [[SECOND]]
    assert "was refused" in caplog.text and EMAIL not in caplog.text


def test_notify_owner_without_consumer_is_mailed(admin: User) -> None:
    notices.notify_owner(admin, AccountChange.PASSWORD_SET, now=timezone.now())
    assert [each.to for each in mails.sent()] == [[admin.email]]


def test_notify_owner_uses_language_of_person(ana: Consumer) -> None:
    with translation.override("en"):
        ana.language = "de"
        assert notices._find_language(ana.user) == "de"
        ana.language = ""
        assert notices._find_language(ana.user) == "en"


@pytest.mark.parametrize(
    ("signal", "kind", "said"),
    [
        (signals.authenticator_added, "totp", "second factor was added"),
        (signals.authenticator_removed, "webauthn", "second factor was removed"),
        (signals.authenticator_reset, "recovery_codes", "recovery codes were made"),
        (signals.authenticator_added, "recovery_codes", None),
    ],
)
def test_notify_owner_of_changed_factors(
    signal: object, kind: str, said: str | None, ana: Consumer, rf: RequestFactory
) -> None:
    request = rf.post("/account/factors/")
    request.session = SessionStore()
    factor = Authenticator(user=ana.user, type=kind, data={})
    signal.send(sender=Authenticator, request=request, user=ana.user, authenticator=factor)  # type: ignore[attr-defined]
    texts = [str(each.body) for each in mails.sent()]
    assert (said in texts[0]) if said else texts == []
