"""Mail to internationalised addresses, by a real server with and without SMTPUTF8."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import EmailMessage, send_mail
from django.utils import timezone
from pytest_django import Settings

from brands.models import Brand
from cmr import tasks
from cmr.messages import smtp
from cmr.models import Consumer, PendingContact, PermissionRequest, User
from consent.identity.identifiers import compute_identifier_digest, find_or_create_identifier
from consent.ledger.recording import Actor
from consent.relationships import lifecycle
from tests.cmr.mail_servers import MailServer, mail_server
from tests.conftest import Api

ZOE = "zoëb@example.org"
REFUSED = b"Our mail server cannot send to this address."


@pytest.fixture
def modern(settings: Settings) -> Iterator[MailServer]:
    with mail_server(settings, utf8=True) as server:
        yield server


@pytest.fixture
def old(settings: Settings) -> Iterator[MailServer]:
    with mail_server(settings, utf8=False) as server:
        yield server


def send(to: str) -> None:
    send_mail("Grüße", "Hallo Zoë,\n.\nbis bald\n", None, [to])


def test_backend_utf8_address_goes_out_in_utf8(modern: MailServer) -> None:
    send(ZOE)
    (mail,) = modern.mails
    assert mail.recipients == [ZOE]
    assert "SMTPUTF8" in mail.options
    assert f"To: {ZOE}" in mail.header.splitlines()
    assert "Hallo Zoë,\r\n.\r\nbis bald" in mail.content.decode()


def test_backend_keeps_every_recipient_and_header(modern: MailServer) -> None:
    message = EmailMessage(
        "Hi", "text", "CMR <cmr@bücher.example>", [ZOE], cc=["用户@例子.公司"], bcc=["b@x.example"]
    )
    message.extra_headers = {"List-Unsubscribe": "<https://cmr.example/u/x>"}
    message.send()
    (mail,) = modern.mails
    assert mail.sender == "cmr@xn--bcher-kva.example"
    assert mail.recipients == [ZOE, "用户@xn--fsqu00a.xn--55qx5d", "b@x.example"]
    assert "List-Unsubscribe: <https://cmr.example/u/x>" in mail.header.splitlines()
    assert "b@x.example" not in mail.header


def test_backend_ascii_address_needs_no_option(modern: MailServer) -> None:
    send("ana@example.org")
    (mail,) = modern.mails
    assert mail.recipients == ["ana@example.org"]
    assert "SMTPUTF8" not in mail.options


@pytest.mark.parametrize(
    ("domain", "encoded"),
    [("straße.de", "xn--strae-oqa.de"), ("bücher.example", "xn--bcher-kva.example")],
)
def test_backend_domain_is_encoded_by_idna_2008(domain: str, encoded: str, old: MailServer) -> None:
    """By IDNA 2003 a code for straße.de would go to strasse.de, which belongs to somebody else."""
    send(f"ana@{domain}")
    assert old.mails[0].recipients == [f"ana@{encoded}"]
    assert f"To: ana@{encoded}" in old.mails[0].header.splitlines()


def test_backend_without_smtputf8_sends_nothing(old: MailServer) -> None:
    with pytest.raises(smtp.CannotReach):
        send(ZOE)
    assert old.mails == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/account/signup/", "email"),
        ("/account/login/code/", "email"),
        ("/account/password/reset/", "email"),
        ("/link", "email"),
    ],
)
def test_form_unreachable_address_is_refused_alike(
    path: str, field: str, old: MailServer, nobody: Api
) -> None:
    page = nobody.client.post(path, {field: ZOE})
    assert REFUSED in page.content
    assert not User.objects.exists()
    assert old.mails == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path", ["/account/signup/", "/account/login/code/", "/account/password/reset/", "/link"]
)
@pytest.mark.parametrize("address", [ZOE, "用户@例子.公司"])
def test_form_utf8_address_gets_its_mail(
    path: str, address: str, modern: MailServer, nobody: Api
) -> None:
    page = nobody.client.post(path, {"email": address})
    assert page.status_code in (200, 302) and REFUSED not in page.content
    tasks.send_waiting()
    (mail,) = modern.mails
    assert mail.recipients[0].partition("@")[0] == address.partition("@")[0]


def test_api_unreachable_contact_point_is_refused(
    old: MailServer, as_ana_signed_in: Api, ana: Consumer
) -> None:
    problem = as_ana_signed_in.post("me/contact-points", {"kind": "email", "value": ZOE})
    assert (problem.status_code, problem.json()["code"]) == (422, "unreachable_address")
    assert not PendingContact.objects.exists()


def test_portal_unreachable_contact_point_is_refused(old: MailServer, ana: Consumer) -> None:
    browser = Api().client
    browser.force_login(ana.user)
    page = browser.post("/you/addresses/add", {"kind": "email", "value": ZOE})
    assert page.status_code == 422 and REFUSED in page.content


def test_api_utf8_contact_point_gets_its_code(modern: MailServer, as_ana_signed_in: Api) -> None:
    assert (
        as_ana_signed_in.post("me/contact-points", {"kind": "email", "value": ZOE}).status_code
        == 202
    )
    assert modern.mails[0].recipients == [ZOE]


def ask(brand: Brand, caller: Api) -> int:
    """Ask Zoë for a yes, which she asked to be mailed."""
    known = find_or_create_identifier(compute_identifier_digest(ZOE)).subject
    lifecycle.start_relationship(known.pk, brand, by=Actor("api"), now=timezone.now())
    asked = {"purpose": "research", "channel": "email", "text": "May we?", "evidence": "form 1"}
    return caller.post("permission-requests", {"contact": {"email": ZOE}, **asked}).status_code


def test_api_permission_request_to_unreachable_address_is_refused(
    old: MailServer, as_acme: Api, acme: Brand
) -> None:
    assert ask(acme, as_acme) == 422
    assert not PermissionRequest.objects.exists()


def test_api_permission_request_to_utf8_address_is_mailed(
    modern: MailServer, as_acme: Api, acme: Brand
) -> None:
    assert ask(acme, as_acme) == 201
    tasks.send_waiting()
    assert modern.mails[0].recipients == [ZOE]


def test_console_backend_prints_nothing_in_production(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.EMAIL_BACKEND, settings.DEVELOPMENT = "cmr.messages.smtp.ConsoleBackend", False
    with pytest.raises(ImproperlyConfigured, match="EMAIL_URL"):
        send("ana@example.org")
    assert capsys.readouterr().out == ""
