"""Files of mail, read in Chromium: what is found, what is sent, and what goes wrong."""

from __future__ import annotations

import base64
import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.utils import timezone
from playwright.sync_api import Page, Route, expect
from pytest_django.live_server_helper import LiveServer

from cmr import mailbox
from cmr.accounts import ownership
from cmr.models import Consumer, MailboxScan, MailProvider, Sender
from cmr.portal import find_companies
from mailbox_reader import (
    DEFAULT_PROVIDERS,
    MailFileScanner,
    SenderCounts,
    describe_mail,
    is_bulk,
    read_headers,
)
from tests.browser.conftest import Open, sign_in
from tests.browser.proxies import log_requests
from tests.conftest import EMAIL, PASSWORD
from tests.invented_mailboxes import BODY_MARK, SUBJECT_MARK, build_mails, write_mbox

Row = tuple[Any, ...]


@pytest.fixture
def person(transactional_db: None) -> Consumer:
    MailProvider.objects.bulk_create(
        [
            MailProvider(domain=d, kind=kind)
            for kind, all_ in DEFAULT_PROVIDERS.items()
            for d in all_
        ],
        ignore_conflicts=True,
    )
    return ownership.open_account(email=EMAIL, password=PASSWORD, verified_at=timezone.now())


@pytest.fixture
def page(open_page: Open, person: Consumer) -> Page:
    page = open_page()
    sign_in(page)
    return page


def read_files(page: Page, *paths: Path) -> None:
    """Choose the files and wait until they are read."""
    choose_files(page, *paths)
    expect(page.locator("#mailbox-choose")).to_be_visible(timeout=60_000)


def choose_files(page: Page, *paths: Path) -> None:
    page.goto("/companies/find")
    page.get_by_label("Files with mail").set_input_files([str(each) for each in paths])
    page.get_by_role("button", name="Find my companies").click()


def outcome(page: Page) -> Any:
    return page.locator("#mailbox-outcome")


# -- The same in Python ---------------------------------------------------------------------------


def read_in_python(*paths: Path) -> tuple[int, set[Row]]:
    """Return the mails and senders of files, by `mailbox_reader` alone."""
    providers, counts, mails = mailbox.load_providers(), SenderCounts(), 0
    for block in (block for path in paths for block in read_blocks(path)):
        mails += 1
        headers = read_headers(block)
        if is_bulk(headers):
            mail = describe_mail(headers, providers, now=timezone.now())
            if mail is not None:
                counts.add(mail)
    return mails, {
        (
            *each.key,
            each.name,
            each.to_json()["route"],
            each.is_group,
            each.mails,
            each.junk,
            each.first,
            each.last,
        )
        for each in counts
    }


def read_blocks(path: Path) -> Iterator[bytes]:
    scanner = MailFileScanner()
    yield from scanner.feed(path.read_bytes())
    yield from scanner.close()


def recorded() -> set[Row]:
    return set(
        Sender.objects.values_list(
            "organisation", "list_id", "is_transactional", "name", "route", "is_group",
            "mails", "junk", "first_at", "last_at",
        )
    )  # fmt: skip


# -- What is found --------------------------------------------------------------------------------


def test_find_companies_from_a_file(page: Page, tmp_path: Path) -> None:
    """Ana chooses her mailbox, sees how many companies write to her, reads the same file again
    without a change, and deletes everything."""
    path = write_mbox(tmp_path / "All mail.mbox", 1_500)
    mails, senders = read_in_python(path)
    assert mails == 1_500 and len(senders) > 30
    read_files(page, path)
    expect(outcome(page)).to_contain_text("1,500 mails read")
    assert recorded() == senders
    scan = MailboxScan.objects.get()
    assert (scan.mails, scan.new) == (1_500, sum(row[6] for row in senders))
    assert scan.ended_at is not None

    read_files(page, path)
    expect(outcome(page)).to_contain_text("All of them were counted before")
    assert recorded() == senders

    page.get_by_role("link", name="Delete everything that was read").click()
    page.get_by_role("button", name="Delete everything that was read").click()
    expect(page.get_by_role("status").first).to_contain_text("is deleted")
    assert not Sender.objects.exists()


def test_find_companies_from_zip_and_single_mails(page: Page, tmp_path: Path) -> None:
    mbox = write_mbox(tmp_path / "part.mbox", 400)
    single = tmp_path / "one.eml"
    single.write_bytes(build_eml())
    takeout = tmp_path / "takeout.zip"
    with zipfile.ZipFile(takeout, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("Takeout/archive_browser.html", "<p>From Google</p>" * 1_000)
        with archive.open("Takeout/Mail/Alle E-Mails.mbox", "w", force_zip64=True) as entry:
            entry.write(mbox.read_bytes())
        archive.writestr("Takeout/Mail/stored.EML", build_eml(7), zipfile.ZIP_STORED)
    read_files(page, takeout, single)
    expect(outcome(page)).to_contain_text("402 mails read")
    assert recorded() == read_in_python(takeout, single)[1]


def build_eml(number: int = 1) -> bytes:
    """Return a single mail with CRLF, as programs save it."""
    text = (
        "Received: from a.example\r\n\tby b.example\r\nFrom: Solo <hi@solo.example>\r\n"
        f"List-Unsubscribe: <https://solo.example/u>\r\nMessage-ID: <{number}@solo.example>\r\n"
        f"Date: Mon, 5 Jan 2026 10:00:00 +0100\r\n\r\n{BODY_MARK}\r\nFrom: x <x@other.example>\r\n"
    )
    return text.encode()


def build_odd_mails() -> bytes:
    """Return an mbox with what breaks readers of mail."""
    separator = b"From a@b.example Mon Jan  5 10:00:00 2026\n"
    odd = [
        b"From: Long <a@long.example>\nX-Long: "
        + b"y" * 1_000_000
        + b"\nList-Id: <late.example>\n",
        b"From: \xe4\xf6 <a@latin.example>\nList-Id: <latin.example>\n",
        "From: Ünïcode 🎉 <a@utf.example>\nList-Id: Ü <utf.example>\n".encode(),
        b"FROM :\tFolded\n\t <a@folded.example>\nlist-id:\n <folded\n .example>\n",
        b'From: "a@b.example" <c@quoted.example>\nPrecedence: BULK\n'
        b'To: "x@y.example" <ana@example.org>\n',
        b"From: Ctl <a@ctl.example>\nList-Id: <c\x00t\x1bl.ctl.example>\n",
        b"From: no address at all\nReply-To: r@reply.example\nFeedback-ID: 1:receipt:x\n",
        b"From: MAILER-DAEMON@x.example\nAuto-Submitted: auto-generated\n",
        b"From: Mine <ana@example.org>\nX-Gmail-Labels: Sent,Inbox\nList-Id: <mine.example>\n",
        b"From: Links <a@links.example>\n"
        b"List-Unsubscribe: (stop) < https://x@u.links.example:8/a b >,"
        b" <MAILTO:z@links.example>, nonsense\n"
        b"DKIM-Signature: d=links.example; h=list-unsubscribe\n",
        b"From: Bare <a@bare.example>\nList-Unsubscribe: https://bare.example/stop\n",
        b"From: Via <x@googlegroups.com>\nList-Id: <g.googlegroups.com>\nSender: <g@google.com>\n",
        b"From: Orig <o@orig.example>\nX-Original-From: q@else.example\n"
        b"List-Id: <l.host.example>\n",
        b"From: Many <m@many.example>\nPrecedence: list\n" + b"To: a@b.example, c@d.example\n",
        b"List-Id: <nobody.example>\nDate: tomorrow\n",
        b"From: L <a@lyris.example>\n"
        b"List-Unsubscribe: <mailto:leave-news-1234567X@list.lyris.example>\n",
        b"From: M <m@people.example>\nSender: owner-talk@majordomo.example\nPrecedence: bulk\n",
        b"From: P <p@people.example>\nSender: Crew <crew@group.example>\nPrecedence: list\n"
        b"To: crew@group.example\n",
        b"From: Q <q@people.example>\nDelivered-To: mailing list chat@ezmlm.example\n"
        b"Precedence: bulk\n",
    ]
    mails = [
        separator + head + b"Message-ID: <%d@odd>\nDate: Mon, 5 Jan 2026 10:00:00 +0100\n" % nth
        + b"\n" + BODY_MARK.encode() + b"\nFrom here Mon Jan  5 10:00:00 2026\n\nFrom nowhere\n\n"
        for nth, head in enumerate(odd)
    ]  # fmt: skip
    return b"\xef\xbb\xbf\n" + b"".join(mails) + b"\n" * 3_000_000 + separator + odd[1] + b"\n"


def test_odd_mails_are_read_as_python_reads_them(page: Page, tmp_path: Path) -> None:
    path = tmp_path / "odd.mbox"
    path.write_bytes(build_odd_mails())
    mails, senders = read_in_python(path)
    assert mails == 20 and len(senders) == 16
    read_files(page, path)
    expect(outcome(page)).to_contain_text("20 mails read")
    assert recorded() == senders


# -- What is sent ---------------------------------------------------------------------------------


def test_no_body_and_no_subject_leaves_the_browser(
    open_page: Open, person: Consumer, live_server: LiveServer, tmp_path: Path
) -> None:
    """All bytes go through a proxy. The subject is in the one signed block of each list alone."""
    path = write_mbox(tmp_path / "mail.mbox", 900)
    with log_requests(live_server.url) as proxy:
        page = open_page(base_url=proxy.url)
        sign_in(page)
        read_files(page, path)
        expect(outcome(page)).to_contain_text("900 mails read")
        sent = proxy.sent
    assert b"POST /companies/scan/" in sent and b"news@mail.shop" in sent
    assert BODY_MARK.encode() not in sent and SUBJECT_MARK.encode() not in sent
    assert b"quick brown fox" not in sent
    # Links that unsubscribe, other people's addresses and routes stay, too.
    assert not re.search(rb"/u/[0-9a-f]{24}|/wf/|member\d+@|friend\d+@|mx1\.relay", sent)
    blocks = [
        base64.b64decode(each)
        for text in re.findall(rb'"signed":(\[[^\]]*\])', sent)
        for each in json.loads(text)
    ]
    assert 10 < len(blocks) < 30 and len({block[:90] for block in blocks}) == len(blocks)
    for block in blocks:
        assert block.count(SUBJECT_MARK.encode()) == 1 and BODY_MARK.encode() not in block
        assert b"\nReceived:" not in block and b"DKIM-Signature:" in block


def sign_mail() -> tuple[bytes, bytes]:
    """Return a signed mail without its last line break, and the record with its key."""
    key = rsa.generate_private_key(65_537, 2_048)
    mail = (
        b"From: Signed <news@signed.example>\nTo: ana@example.org\nSubject: Hello,\n again\n"
        b"Date: Mon, 5 Jan 2026 10:00:00 +0100\nMessage-ID: <1@signed.example>\n"
        b"X-Unsigned: stays\nList-Unsubscribe: <https://signed.example/u/1>\n"
        b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\n\nThe text.\n"
    )
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    names = [b"From", b"To", b"Subject", b"List-Unsubscribe", b"List-Unsubscribe-Post"]
    header = dkim.sign(mail, b"s1", b"signed.example", pem, include_headers=names)
    public = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return header.replace(b"\r\n", b"\n") + mail, b"v=DKIM1; p=" + base64.b64encode(public)


def test_block_that_is_sent_can_be_verified(page: Page, tmp_path: Path) -> None:
    mail, record = sign_mail()
    path = tmp_path / "signed.mbox"
    path.write_bytes(b"From a@b Mon Jan  5 10:00:00 2026\n" + mail)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.post_data or ""))
    read_files(page, path)
    signed = [each for body in sent if '"signed":["' in body for each in json.loads(body)["signed"]]
    (block,) = map(base64.b64decode, signed)
    assert b"X-Unsigned" not in block and b"The text" not in block
    assert dkim.verify(block + b"\nThe text.\n", dnsfunc=lambda *_, **__: record)
    assert not dkim.verify(
        block.replace(b"Hello", b"Hallo") + b"\nThe text.\n", dnsfunc=lambda *_, **__: record
    )


# -- Cancelling, and no answer --------------------------------------------------------------------


def test_cancel_keeps_what_was_recorded(
    page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(find_companies, "BATCH_MAILS", 100)
    path = write_mbox(tmp_path / "mail.mbox", 900)
    held: list[Route] = []

    def hold(route: Route) -> None:
        if json.loads(route.request.post_data or "{}").get("number", 0) >= 3:
            held.append(route)
        else:
            route.continue_()

    page.route("**/batch", hold)
    choose_files(page, path)
    expect(page.locator("#mailbox-numbers")).to_contain_text("companies so far")
    page.wait_for_function(
        "() => /[1-9]\\d* companies/.test(document.querySelector('#mailbox-numbers').textContent)"
    )
    page.get_by_role("button", name="Cancel").click()
    expect(outcome(page)).to_contain_text("Cancelled. What was read before is kept")
    scan = MailboxScan.objects.get()
    assert scan.ended_at is None and 0 < scan.bulk <= 200
    page.unroute("**/batch")
    read_files(page, path)
    assert recorded() == read_in_python(path)[1]


def test_batches_without_an_answer_are_sent_again(page: Page, tmp_path: Path) -> None:
    path = write_mbox(tmp_path / "mail.mbox", 300)
    failures = ["before", "after", "busy"]

    def fail(route: Route) -> None:
        kind = failures.pop() if failures else ""
        if kind == "before":
            route.abort()
        elif kind == "after":  # recorded, but the answer is lost
            route.fetch()
            route.abort()
        elif kind == "busy":
            route.fulfill(status=503)
        else:
            route.continue_()

    page.route("**/batch", fail)
    choose_files(page, path)
    expect(page.locator("#mailbox-offline")).to_be_visible()
    expect(page.locator("#mailbox-choose")).to_be_visible(timeout=60_000)
    expect(outcome(page)).to_contain_text("300 mails read")
    assert failures == []
    assert MailboxScan.objects.get().mails == 300
    assert recorded() == read_in_python(path)[1]


def test_signed_out_meanwhile_is_explained(page: Page, tmp_path: Path) -> None:
    path = write_mbox(tmp_path / "mail.mbox", 50)
    page.goto("/companies/find")
    page.context.clear_cookies(name="sessionid")
    page.get_by_label("Files with mail").set_input_files(str(path))
    page.get_by_role("button", name="Find my companies").click()
    expect(outcome(page)).to_contain_text("You are signed out")


# -- Bad files ------------------------------------------------------------------------------------


def build_bad_files(folder: Path) -> dict[str, Path]:
    mail = b"".join(build_mails(400))
    whole = folder / "whole.zip"
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.mbox", mail)
    bomb = folder / "bomb.zip"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb.mbox", mail[:2_000] + b"\n" * 200_000_000)
    with zipfile.ZipFile(folder / "notes.zip", "w") as archive:
        archive.writestr("notes.txt", "nothing")
    content = whole.read_bytes()
    damaged = bytearray(content)
    damaged[len(content) // 2 : len(content) // 2 + 400] = b"\xff" * 400
    files = {
        "photo.png": b"\x89PNG\r\n\x1a\n" + b"\0" * 5_000,
        "empty.mbox": b"",
        "cut.zip": content[: len(content) // 2],
        "damaged.zip": bytes(damaged),
        "tiny.zip": b"PK\x03\x04",
    }
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return {each.name: each for each in folder.iterdir()}


PROBLEMS = {
    "photo.png": "contains no mail",
    "empty.mbox": "contains no mail",
    "notes.zip": "contains no mail",
    "cut.zip": "ends too early",
    "tiny.zip": "ends too early",
    "damaged.zip": "is damaged",
    "bomb.zip": "unpacks to far more than mail would",
}


def test_bad_files_are_explained_and_good_ones_kept(page: Page, tmp_path: Path) -> None:
    bad = build_bad_files(tmp_path)
    good = write_mbox(tmp_path / "good.mbox", 120)
    read_files(page, *(bad[name] for name in PROBLEMS), good)
    for name, why in PROBLEMS.items():
        expect(page.locator("#mailbox-problems li", has_text=name)).to_contain_text(why)
    expect(page.locator("#mailbox-problems li")).to_have_count(len(PROBLEMS))
    assert Sender.objects.filter(organisation="shop0.example").exists()


def test_only_a_bad_file_says_so_alone(page: Page, tmp_path: Path) -> None:
    path = tmp_path / "letter.pdf"
    path.write_bytes(b"%PDF-1.7\n")
    read_files(page, path)
    expect(page.locator("#mailbox-problems")).to_contain_text("letter.pdf contains no mail")
    expect(page.locator("#mailbox-result")).to_be_hidden()


def test_mail_of_people_alone_is_no_company(page: Page, tmp_path: Path) -> None:
    path = tmp_path / "friends.eml"
    path.write_bytes(b"From: Ben <ben@example.net>\nTo: ana@example.org\n\nHello\n")
    read_files(page, path)
    expect(outcome(page)).to_contain_text("None of them is from a company")
