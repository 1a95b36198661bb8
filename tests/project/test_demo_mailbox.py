"""The made-up mailbox: the same for the same seed, signed, and true to its own truth."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dkim
import dns.message
import dns.query
import dns.rcode
import pytest

from devstack.demo import mailbox, name_server
from devstack.demo.mailbox import MadeMailbox, Provider
from devstack.demo.mailbox.writing import Key, build_message
from mailbox_reader import MailFileScanner, is_bulk, read_headers
from tests.chaos.fleet import free_port
from tests.mailbox_reader.grouping_figures import measure

NOW = datetime(2026, 12, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def box() -> MadeMailbox:
    return mailbox.make_mailbox(now=NOW)


def test_mailbox_is_of_the_size_that_it_says(box: MadeMailbox) -> None:
    assert (len(box.mails), len(box.companies)) == (4_000, 60)
    assert Counter(each.provider for each in box.companies) == dict.fromkeys(Provider, 10)
    assert len({mail.message_id for mail in box.mails}) == 4_000
    times = [mail.at for mail in box.mails]
    assert times == sorted(times) and times[-1] < NOW
    assert times[-1] - times[0] > timedelta(days=700)
    senders = {mail.truth.company for mail in box.mails}
    assert {each.domain for each in box.companies} <= senders


def test_mailbox_of_a_seed_is_always_the_same(box: MadeMailbox, tmp_path: Path) -> None:
    assert mailbox.make_mailbox(now=NOW) == box
    assert mailbox.make_mailbox(now=NOW, seed=26) != box
    small = mailbox.make_mailbox(now=NOW, mails=300)
    for name in ("a.mbox", "b.mbox"):
        mailbox.write_mailbox(small, tmp_path / name)
    assert (tmp_path / "a.mbox").read_bytes() == (tmp_path / "b.mbox").read_bytes()


def test_mailbox_is_grouped_as_it_was_made(box: MadeMailbox) -> None:
    figures = measure(box)
    assert figures.precision >= 0.98 and figures.recall >= 0.98
    assert (figures.missed, figures.wrong) == (0, 0)


def test_mailbox_file_has_every_mail_and_the_truth_beside_it(tmp_path: Path) -> None:
    small = mailbox.make_mailbox(now=NOW, mails=300)
    file = tmp_path / "demo.mbox"
    mailbox.write_mailbox(small, file)
    scanner = MailFileScanner()
    blocks = scanner.feed(file.read_bytes()) + scanner.close()
    headers = [read_headers(block) for block in blocks]
    truth = json.loads((tmp_path / "demo.truth.json").read_text())
    assert [each["message-id"] for each in headers] == [[m.message_id] for m in small.mails]
    assert truth["mails"].keys() == {mail.message_id for mail in small.mails}
    assert {each["message-id"][0] for each in headers if is_bulk(each)} == {
        message_id for message_id, each in truth["mails"].items() if each["company"]
    }


@pytest.mark.parametrize("provider", Provider)
def test_signatures_verify_with_the_records(
    box: MadeMailbox, provider: Provider, tmp_path: Path
) -> None:
    key = Key(25)
    domains = {each.domain for each in box.companies if each.provider is provider}
    mail = next(m for m in box.mails if m.truth.company in domains and m.truth.list)
    message = build_message(mail, key)
    count = len(mail.signers)
    assert count == (1 if provider is Provider.OWN else 2)
    for number in range(count):
        assert dkim.DKIM(message).verify(number, dnsfunc=lambda *_, **__: key.record.encode())
    broken = message.replace(b"\r\nSubject: ", b"\r\nSubject: x")
    assert not dkim.DKIM(broken).verify(0, dnsfunc=lambda *_, **__: key.record.encode())


def test_addresses_that_were_passed_on_have_two_companies(box: MadeMailbox) -> None:
    assert len(box.passed_on) == 8
    for trail in box.passed_on:
        first: dict[str, datetime] = {}
        for mail in box.mails:
            if dict(mail.fields)["To"] == trail.alias:
                first.setdefault(mail.truth.company, mail.at)
        assert first.keys() == {trail.by, trail.to}
        assert first[trail.to] - first[trail.by] > timedelta(days=90)


def test_no_link_leads_to_a_real_host(box: MadeMailbox) -> None:
    for mail in box.mails:
        fields = dict(mail.fields)
        if not mail.truth.is_group and (links := fields.get("List-Unsubscribe")):
            hosts = [link.partition("://")[2].partition("/")[0] for link in links.split(", ")]
            assert all(host == "" or host.endswith(".example") for host in hosts)


# -- The name server -----------------------------------------------------------------------------


@pytest.fixture
def address(tmp_path: Path) -> Iterator[tuple[str, int]]:
    (tmp_path / "demo.dns.json").write_text(json.dumps({"s1._domainkey.a.example": "v=" * 300}))
    nobody = ("127.0.0.1", free_port())
    with name_server.NameServer(0, tmp_path / "demo.dns.json", upstream=nobody) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_address  # type: ignore[misc]
        server.shutdown()
        thread.join()


def test_name_server_answers_with_the_record(address: tuple[str, int]) -> None:
    query = dns.message.make_query("S1._domainkey.a.example", "TXT")
    answer = dns.query.udp(query, address[0], port=address[1], timeout=5)
    (record,) = answer.answer[0]
    assert b"".join(record.strings) == b"v=" * 300


def test_name_server_without_a_network_answers_that_it_failed(address: tuple[str, int]) -> None:
    """Other names are asked of another name server, which is not there."""
    query = dns.message.make_query("other.example", "TXT")
    answer = dns.query.udp(query, address[0], port=address[1], timeout=10)
    assert answer.rcode() == dns.rcode.SERVFAIL


def test_name_server_ignores_what_is_no_query(address: tuple[str, int]) -> None:
    assert name_server.read_records(Path("missing.json")) == {}
    query = dns.message.make_query("s1._domainkey.a.example", "MX")
    answer = dns.query.udp(query, address[0], port=address[1], timeout=5)
    assert (answer.rcode(), answer.answer) == (dns.rcode.NOERROR, [])
