"""Signatures of header blocks: who signed, with a key in DNS, and what that proves."""

from __future__ import annotations

import base64
import hashlib
import logging
import time
from datetime import datetime, timedelta

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cmr.mailbox import (
    MailCollector,
    load_providers,
    record_mails,
    signatures,
    verify_sender_blocks,
)
from cmr.mailbox.signatures import find_keys, read_signatures, verify_signature
from cmr.models import MailboxScan, Sender, SignatureResult
from core import crypto
from mailbox_reader import describe_mail, read_headers
from tests.cmr.mailbox.signed_mails import SIGNED, Signer, get_block, make_mail, publish
from tests.hostile.names import HANG, Names

ACME = Signer("acme.example")
LINK = "<https://acme.example/stop?u=1>, <mailto:stop@acme.example>"


def verify(scan: MailboxScan, *mails: bytes, now: datetime) -> Sender:
    """Record the mails, and verify their blocks, as a scan does. Return the newest's sender."""
    providers = load_providers()
    described = [describe_mail(read_headers(get_block(each)), providers, now=now) for each in mails]
    record_mails(scan, [each for each in described if each], providers, read=len(mails))
    verify_sender_blocks(scan, [get_block(each) for each in mails], now=now)
    last = described[-1]
    assert last is not None
    return Sender.objects.get(organisation=last.organisation, list_id=last.list_id)


@pytest.mark.parametrize("form", ["relaxed", "simple"])
def test_verify_signed_mail_is_one_click(
    form: str, scan: MailboxScan, names: Names, now: datetime
) -> None:
    publish(names, ACME)
    sender = verify(scan, ACME.sign(make_mail(at=now), form=form), now=now)
    assert (sender.signature, sender.route) == ("passed", "one_click")
    assert sender.is_one_click_verified
    assert sender.unsubscribe and crypto.decrypt_text(bytes(sender.unsubscribe)) == LINK


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"acme.example/stop?u=1", b"acme.example/stop?u=2"),
        (b"SECRET-SUBJECT", b"Another subject"),
        (b"From: Acme News", b"From: Acme Shop"),
        (b"List-Unsubscribe-Post: List", b"List-Unsubscribe-Post: list"),
    ],
)
def test_verify_forged_header_fails(
    old: bytes, new: bytes, scan: MailboxScan, names: Names, now: datetime
) -> None:
    publish(names, ACME)
    mail = ACME.sign(make_mail(at=now))
    assert old in mail
    sender = verify(scan, mail.replace(old, new), now=now)
    assert sender.signature == "failed"
    assert not sender.is_one_click_verified and sender.unsubscribe is None


@pytest.mark.parametrize(
    "record",
    [
        None,
        "v=DKIM1; k=rsa; p=",
        "v=DKIM1; k=rsa; p=AAAA",
        "v=DKIM1; k=rsa; p=????",
        "v=DKIM2; k=rsa; p=AAAA",
        "spf",
        "v=DKIM1; s=calendar; " + ACME.record.partition("; ")[2],
        Signer("acme.example", bits=1_024).record.replace("k=rsa", "k=ed25519"),
        ";;;",
    ],
)
def test_verify_without_usable_key_proves_nothing(
    record: str | None, scan: MailboxScan, names: Names, now: datetime
) -> None:
    if record is not None:
        publish(names, ACME, record)
    sender = verify(scan, ACME.sign(make_mail(at=now)), now=now)
    assert (sender.signature, sender.unsubscribe) == ("no_key", None)


def test_verify_key_of_another_company_fails(
    scan: MailboxScan, names: Names, now: datetime
) -> None:
    publish(names, ACME, Signer("rival.example").record)
    assert verify(scan, ACME.sign(make_mail(at=now)), now=now).signature == "failed"


def test_verify_slow_name_server_ends_in_time(
    scan: MailboxScan, names: Names, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signatures, "LOOKUP_SECONDS", 0.2)
    slow = Signer("acme.example", selector=HANG)
    began = time.monotonic()
    assert verify(scan, slow.sign(make_mail(at=now)), now=now).signature == "no_key"
    assert time.monotonic() - began < 5


def test_find_keys_all_together_end_in_time(names: Names, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signatures, "ALL_LOOKUPS_SECONDS", 0.5)
    began = time.monotonic()
    assert find_keys(f"{HANG}{number}.example" for number in range(60)) == {}
    assert time.monotonic() - began < 5


def test_find_keys_more_names_than_the_limit_are_not_asked(
    names: Names, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signatures, "MOST_LOOKUPS", 3)
    wanted = [f"s{number}._domainkey.acme.example" for number in range(5)]
    names.texts.update({each: ["p=AAAA"] for each in wanted})
    assert list(find_keys(wanted)) == wanted[:3]


def test_find_keys_huge_or_ambiguous_record_is_none(names: Names) -> None:
    names.texts["huge.example"] = ["p=" + "A" * 250 for _ in range(12)]
    names.texts["long.example"] = ["p=" + '" "'.join("A" * 250 for _ in range(12))]
    names.texts["two.example"] = ["p=first", "p=second"]
    names.texts["other.example"] = ["v=spf1 -all", "p=alone"]
    found = find_keys(["huge.example", "long.example", "two.example", "other.example"])
    assert found == {"other.example": "p=alone"}


@pytest.mark.parametrize(
    ("change", "covers"),
    [
        ("unsigned", tuple(name for name in SIGNED if name != "list-unsubscribe")),
        ("unsigned", tuple(name for name in SIGNED if name != "list-unsubscribe-post")),
        ("added on top", SIGNED),
    ],
)
def test_verify_uncovered_header_is_no_one_click(
    change: str, covers: tuple[str, ...], scan: MailboxScan, names: Names, now: datetime
) -> None:
    publish(names, ACME)
    mail = ACME.sign(make_mail(at=now), covers=covers)
    if change == "added on top":
        mail = b"List-Unsubscribe: <https://acme.example/stop?u=victim>\r\n" + mail
    sender = verify(scan, mail, now=now)
    assert sender.signature == "passed" and not sender.is_one_click_verified
    assert sender.route in {"mailto", "web"}


def test_verify_link_of_another_company_is_no_one_click(
    scan: MailboxScan, names: Names, now: datetime
) -> None:
    """Whoever signs their own mail can write anybody's link into it."""
    publish(names, ACME)
    mail = make_mail(at=now, unsubscribe="<https://victim.example/stop?u=7>")
    sender = verify(scan, ACME.sign(mail), now=now)
    assert (sender.signature, sender.route) == ("passed", "web")
    assert not sender.is_one_click_verified


def test_verify_link_of_sending_provider_is_one_click(
    scan: MailboxScan, names: Names, now: datetime
) -> None:
    publish(names, ACME)
    mail = make_mail(at=now, unsubscribe="<https://acme.us1.list-manage.com/u?id=1>")
    assert verify(scan, ACME.sign(mail), now=now).is_one_click_verified


def test_verify_signature_of_a_stranger_counts_for_nothing(
    scan: MailboxScan, names: Names, now: datetime
) -> None:
    """A forged signature of acme, and a valid one of whoever wrote the mail."""
    evil = Signer("evil.example")
    publish(names, ACME)
    publish(names, evil)
    forged = ACME.sign(make_mail(at=now)).replace(b"https://acme.", b"https://evil.")
    sender = verify(scan, evil.sign(forged), now=now)
    assert (sender.organisation, sender.signature) == ("acme.example", "failed")
    assert not sender.is_one_click_verified


def test_verify_group_is_never_one_click(scan: MailboxScan, names: Names, now: datetime) -> None:
    publish(names, ACME)
    mail = make_mail(at=now, more="List-Post: <mailto:all@acme.example>")
    sender = verify(scan, ACME.sign(mail), now=now)
    assert (sender.signature, sender.route) == ("passed", "mailto")


def test_verify_gone_key_of_old_mail_keeps_what_was_verified(
    scan: MailboxScan, names: Names, now: datetime
) -> None:
    publish(names, ACME)
    verify(scan, ACME.sign(make_mail(at=now)), now=now)
    old = make_mail(at=now - timedelta(days=700), number=2, unsubscribe="<https://acme.example/x>")
    sender = verify(scan, Signer("acme.example", selector="gone").sign(old), now=now)
    assert sender.is_one_click_verified
    assert sender.unsubscribe and crypto.decrypt_text(bytes(sender.unsubscribe)) == LINK


def test_record_newer_mail_with_another_way_forgets_the_verified_one(
    scan: MailboxScan, names: Names, now: datetime
) -> None:
    publish(names, ACME)
    verify(scan, ACME.sign(make_mail(at=now - timedelta(days=1))), now=now)
    plain = make_mail(at=now, number=2, unsubscribe="<mailto:stop@acme.example>", post=False)
    collector = MailCollector(scan, now=now)
    collector.add_block(get_block(plain))
    collector.record_batch()
    sender = Sender.objects.get()
    assert (sender.route, sender.signature, sender.unsubscribe) == ("mailto", "", None)


def test_verify_keeps_and_logs_no_subject(
    scan: MailboxScan, names: Names, now: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    publish(names, ACME)
    verify(scan, ACME.sign(make_mail(at=now)), now=now)
    assert "SECRET" not in caplog.text
    rows = [*Sender.objects.values(), *MailboxScan.objects.values()]
    assert "SECRET" not in repr(rows)


def test_verify_block_of_an_unknown_list_is_ignored(
    scan: MailboxScan, names: Names, now: datetime
) -> None:
    verify_sender_blocks(scan, [get_block(ACME.sign(make_mail(at=now)))], now=now)
    assert not Sender.objects.exists()


@pytest.mark.parametrize(
    "block",
    [
        b"",
        b" folded: first\r\nDKIM-Signature: v=1",
        b"DKIM-Signature: v=1",
        b"DKIM-Signature: v=1; a=rsa-sha256; d=..; s=x; h=from; b=AAAA\r\nFrom: a@acme.example",
        b"DKIM-Signature: v=1; a=rsa-sha256; d=acme.example; s=x; h=to; b=AAAA",
        b"DKIM-Signature: v=1; a=rsa-sha1; d=acme.example; s=x; h=from; b=AAAA",
        b"DKIM-Signature: v=1; a=rsa-sha256; d=acme.example; s=x; h=from; b=\xff",
        b"DKIM-Signature: v=1; a=rsa-sha256; d=acme.example; s=x; h=from; b=AAAA; b=BBBB",
        b"DKIM-Signature: v=1; a=rsa-sha256; d=acme.example; i=@evil.example; s=x; h=from; b=AAAA",
        b"DKIM-Signature: v=1; a=rsa-sha256; d=a b.example; s=x; h=from; b=AAAA",
        b"DKIM-Signature: v=1; a=rsa-sha256; d=" + b"a." * 200 + b"example; s=x; h=from; b=AAAA",
        b"DKIM-Signature: v=1; a=rsa-sha256; d=acme.example; s=x; h=from:"
        + b"x:" * 500
        + b"; b=AA==",
        b"X: 1\r\n" * 5_000 + b"DKIM-Signature: v=1",
    ],
)
def test_read_signatures_malformed_one_is_none(block: bytes) -> None:
    assert read_signatures(block) == []


def test_verify_ed25519_signature_passes() -> None:
    """RFC 8463: the signature is of the digest."""
    key = Ed25519PrivateKey.generate()
    raw = key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    record = f"v=DKIM1; k=ed25519; p={base64.b64encode(raw).decode()}"
    head = "v=1; a=ed25519-sha256; c=relaxed/relaxed; d=acme.example; s=x; h=from:to; bh=AA==; b="
    signed = f"from:a@acme.example\r\nto:ana@example.org\r\ndkim-signature:{head}".encode()
    value = base64.b64encode(key.sign(hashlib.sha256(signed).digest())).decode()
    block = f"DKIM-Signature: {head}{value}\r\nFrom: a@acme.example\r\nTo: ana@example.org".encode()
    (signature,) = read_signatures(block)
    assert verify_signature(signature, record) is SignatureResult.PASSED
    (forged,) = read_signatures(block.replace(b"ana@", b"ben@"))
    assert verify_signature(forged, record) is SignatureResult.FAILED
