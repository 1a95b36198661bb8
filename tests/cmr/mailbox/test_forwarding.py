"""The personal forwarding address, and what our mail provider posts for it."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from cmr.mailbox import find_forwarding, replace_forwarding_address
from cmr.models import AddressUse, Consumer, ForwardingAddress, MailboxScan, Sender
from tests.cmr.mailbox.signed_mails import Signer, make_mail, publish
from tests.hostile.names import Names

SECRET = "s" * 40
ACME = Signer("acme.example")


@pytest.fixture(autouse=True)
def forwarding(settings: Settings) -> None:
    settings.MAILBOX_FORWARDING_DOMAIN = "in.cmr.example"
    settings.MAILBOX_INBOUND_PROVIDER = "sendgrid_parse"
    settings.MAILBOX_INBOUND_SECRET = SECRET


@pytest.fixture
def address(ana: Consumer) -> str:
    replace_forwarding_address(ana)
    found = find_forwarding(ana, now=timezone.now())
    assert found is not None
    return found.address


def post_mail(raw: bytes, *recipients: str, secret: str = SECRET) -> Any:
    """Post a mail as SendGrid does, raw."""
    envelope = json.dumps({"to": recipients, "from": "ana@example.org"})
    parts = {b"envelope": envelope.encode(), b"email": raw}
    body = b"".join(
        b'--xYz\r\nContent-Disposition: form-data; name="%b"\r\n\r\n%b\r\n' % each
        for each in parts.items()
    )
    return Client().post(
        f"/inbound/mailbox/sendgrid_parse/{secret}",
        body + b"--xYz--\r\n",
        content_type="multipart/form-data; boundary=xYz",
    )


def attach(*mails: bytes) -> bytes:
    """Forward mails as attachments."""
    forwarded = EmailMessage()
    forwarded["From"] = "Ana <ana@example.org>"
    forwarded["Message-ID"] = "<fwd@example.org>"
    forwarded.set_content("Here they are.")
    forwarded.make_mixed()
    boundary = b"--part"
    lines = [b"From: Ana <ana@example.org>", b'Content-Type: multipart/mixed; boundary="part"', b""]
    for mail in mails:
        lines += [boundary, b"Content-Type: message/rfc822", b"", mail]
    return b"\r\n".join([*lines, boundary + b"--", b""])


def forward_inline(text: str, kind: str = "plain") -> bytes:
    message = EmailMessage()
    message["From"] = "Ana <ana@example.org>"
    message["Subject"] = "Fwd: SECRET-SUBJECT"
    message["Message-ID"] = "<inline@example.org>"
    message.set_content(text, subtype=kind)
    return message.as_bytes()


# -- The entrance --------------------------------------------------------------------------------


def test_forwarded_as_attachment_counts_and_is_verified(
    address: str, ana: Consumer, names: Names, now: datetime
) -> None:
    publish(names, ACME)
    mails = [ACME.sign(make_mail(number=each, at=now - timedelta(days=each))) for each in range(3)]
    assert post_mail(attach(*mails), address).status_code == 200
    sender = Sender.objects.get(consumer=ana)
    assert (sender.organisation, sender.mails) == ("acme.example", 3)
    assert sender.is_one_click_verified
    assert MailboxScan.objects.get().source == "forward"


def test_forwarded_by_a_rule_counts_as_it_was(address: str, ana: Consumer, now: datetime) -> None:
    mail = f"Delivered-To: {address}\r\nDelivered-To: ana@example.org\r\n".encode()
    post_mail(mail + make_mail(at=now), address)
    assert Sender.objects.get(consumer=ana).mails == 1
    assert AddressUse.objects.filter(consumer=ana).count() == 1  # not ours


def test_forwarded_inline_names_the_sender(address: str, ana: Consumer) -> None:
    text = "\n---------- Forwarded message ---------\nFrom: Acme Shop <news@acme.example>\n\nhello"
    for _ in range(2):  # the provider may post it twice
        post_mail(forward_inline(text), address)
    sender = Sender.objects.get(consumer=ana)
    assert (sender.organisation, sender.name, sender.mails) == ("acme.example", "Acme Shop", 1)
    assert (sender.route, sender.is_transactional, sender.first_at) == ("none", False, None)


@pytest.mark.parametrize("who", ["friend@gmail.com", "list@googlegroups.com"])
def test_forwarded_inline_private_address_is_not_kept(who: str, address: str) -> None:
    post_mail(forward_inline(f"-----Original Message-----\nFrom: Ben <{who}>\n"), address)
    assert not Sender.objects.exists()


def test_forwarded_personal_mail_is_not_kept(address: str) -> None:
    personal = b"From: Ben <ben@firm.example>\r\nSubject: hi\r\n\r\nhello\r\n"
    assert post_mail(attach(personal), address).status_code == 200
    assert post_mail(personal, address).status_code == 200
    assert not Sender.objects.exists()


def test_forwarded_answer_is_the_same_for_every_token(address: str, now: datetime) -> None:
    mail = attach(make_mail(at=now))
    answers = [
        post_mail(mail, recipient)
        for recipient in (
            address,
            "in+" + "a" * 26 + "@in.cmr.example",
            "in+@in.cmr.example",
            "nobody@in.cmr.example",
            address.replace("@in.cmr", "@elsewhere"),
            "",
        )
    ]
    assert len({(each.status_code, each.content) for each in answers}) == 1
    assert Sender.objects.get().mails == 1


def test_forwarded_to_replaced_address_is_ignored(
    address: str, ana: Consumer, now: datetime
) -> None:
    replace_forwarding_address(ana)
    post_mail(attach(make_mail(at=now)), address)
    assert not Sender.objects.exists()
    assert ForwardingAddress.objects.count() == 1


def test_forwarded_to_address_in_capitals_arrives(address: str, now: datetime) -> None:
    post_mail(attach(make_mail(at=now)), f"<{address.upper()}>")
    assert Sender.objects.exists()


@pytest.mark.parametrize(
    ("provider", "secret", "known"),
    [
        ("sendgrid_parse", "x" * 40, SECRET),
        ("sendgrid_parse", "short", "short"),
        ("mailgun_route", SECRET, SECRET),
        ("postmark", SECRET, SECRET),
        ("sendgrid_parse", "é" * 40, SECRET),
    ],
)
def test_forwarded_without_the_secret_is_404(
    provider: str, secret: str, known: str, settings: Settings
) -> None:
    settings.MAILBOX_INBOUND_SECRET = known
    assert Client().post(f"/inbound/mailbox/{provider}/{secret}", {}).status_code == 404


@pytest.mark.parametrize("method", ["get", "head"])
def test_forwarded_get_only_confirms_the_address(method: str, db: None) -> None:
    answer = getattr(Client(), method)(f"/inbound/mailbox/sendgrid_parse/{SECRET}")
    assert (answer.status_code, answer.content) == (200, b"")


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "application/x-www-form-urlencoded"),
        (b"{}", "application/json"),
        (b"--x\r\n\r\n", "multipart/form-data; boundary=x"),
        (b"envelope=7&email=x", "application/x-www-form-urlencoded"),
        (b"envelope=null&email=x", "application/x-www-form-urlencoded"),
    ],
)
def test_forwarded_unreadable_post_is_400(body: bytes, kind: str, db: None) -> None:
    url = f"/inbound/mailbox/sendgrid_parse/{SECRET}"
    assert Client().post(url, body, content_type=kind).status_code == 400


def test_forwarded_by_mailgun_is_read(address: str, settings: Settings, now: datetime) -> None:
    settings.MAILBOX_INBOUND_PROVIDER = "mailgun_route"
    form = {"recipient": address, "body-mime": attach(make_mail(at=now))}
    answer = Client().post(
        f"/inbound/mailbox/mailgun_route/{SECRET}",
        urlencode(form),
        content_type="application/x-www-form-urlencoded",
    )
    assert answer.status_code == 200
    assert Sender.objects.get().mails == 1


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff\xfe\x00",
        b"Content-Type: multipart/mixed; boundary=a\r\n\r\n" + b"--a\r\n" * 5_000,
        b"Content-Type: message/rfc822\r\n\r\n" * 300,
        b"Content-Type: text/plain; charset=nope\r\n\r\n---------- Forwarded message\nFrom: x",
        b"Content-Type: text/html\r\n\r\n" + b"<style" * 20_000,
    ],
)
def test_forwarded_strange_mail_is_ignored(raw: bytes, address: str) -> None:
    assert post_mail(raw, address).status_code == 200
    assert not Sender.objects.exists()


# -- Gmail's confirmation, and the page ----------------------------------------------------------

CONFIRMATION = (
    "From: Gmail Team <forwarding-noreply@google.com>\r\n"
    "Subject: (#123456789) Gmail Forwarding Confirmation\r\n\r\n"
    "To confirm, click the link below:\r\n{link}\r\n"
)
LINK = "https://mail-settings.google.com/mail/vf-%5BANGjdJ-x_1%5D-aB3"


def test_confirmation_of_gmail_is_shown_to_the_person(address: str, browser: Client) -> None:
    post_mail(CONFIRMATION.format(link=LINK).encode(), address)
    page = browser.get("/companies/forward").content.decode()
    assert f'href="{LINK}"' in page and address in page
    assert LINK.encode() not in bytes(ForwardingAddress.objects.get().confirmation or b"")
    assert not Sender.objects.exists()


@pytest.mark.parametrize(
    "mail",
    [
        CONFIRMATION.format(link="https://evil.example/mail/vf-aaaaaaaaaaaaaaa"),
        CONFIRMATION.format(link=LINK).replace("noreply@google.com", "noreply@google.com.evil"),
        CONFIRMATION.format(link="https://mail.google.com.evil.example/mail/vf-aaaaaaaaaaaa"),
    ],
)
def test_confirmation_of_a_stranger_is_not_shown(mail: str, address: str, ana: Consumer) -> None:
    post_mail(mail.encode(), address)
    found = find_forwarding(ana, now=timezone.now())
    assert found is not None and found.confirm_url == ""


def test_confirmation_ends_after_a_week(address: str, ana: Consumer) -> None:
    post_mail(CONFIRMATION.format(link=LINK).encode(), address)
    found = find_forwarding(ana, now=timezone.now() + timedelta(days=8))
    assert found is not None and found.confirm_url == ""


def test_forwarding_page_gives_and_replaces_an_address(browser: Client, ana: Consumer) -> None:
    assert "Get an address" in browser.get("/companies/forward").content.decode()
    assert not ForwardingAddress.objects.exists()
    addresses = []
    for _ in range(2):
        page = browser.post("/companies/forward", follow=True).content.decode()
        found = find_forwarding(ana, now=timezone.now())
        assert found is not None and found.address in page
        addresses.append(found.address)
    assert addresses[0] != addresses[1]


def test_forwarding_page_without_domain_is_404(browser: Client, settings: Settings) -> None:
    settings.MAILBOX_FORWARDING_DOMAIN = ""
    assert browser.get("/companies/forward").status_code == 404
