"""Find my companies: the page, the calls of its script, and deleting what was read."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from cmr import mailbox
from cmr.mailbox import scans
from cmr.models import Consumer, MailboxScan, ScanSource, Sender
from cmr.portal import find_companies
from tests.factories import open_account

JSON = "application/json"
KIND = {"from": ["Shop <news@shop.example>"], "list-id": ["<news.shop.example>"]}


def build_batch(number: int = 1, *, mails: int = 2, **changes: Any) -> bytes:
    rows = [
        [0, f"<{number}.{n}@shop.example>", "Mon, 5 Jan 2026 10:00:00 +0000", [], "", 0]
        for n in range(mails)
    ]
    batch = {"number": number, "read": 10, "kinds": [KIND], "mails": rows, "signed": []}
    return json.dumps(batch | changes).encode()


def begin(browser: Client) -> int:
    answer = browser.post("/companies/scan")
    assert answer.status_code == 201
    return int(answer.json()["scan"])


def send(browser: Client, scan: int, body: bytes) -> Any:
    return browser.post(f"/companies/scan/{scan}/batch", body, JSON)


# -- The page -------------------------------------------------------------------------------------


def test_page_says_what_happens_to_the_mail(browser: Client) -> None:
    page = browser.get("/companies/find").content.decode()
    assert "Nothing was read yet" in page
    assert "never leave it" in page and "Its subject is among them" in page
    assert 'action="/companies/upload"' in page and "multipart/form-data" in page
    assert 'id="mailbox-delete" hidden' in page


def test_page_has_what_was_found(browser: Client) -> None:
    scan = begin(browser)
    send(browser, scan, build_batch())
    page = browser.get("/companies/find").content.decode()
    assert "1 company found so far" in page
    assert 'id="mailbox-delete">' in page and "/companies/delete" in page


def test_page_in_german_has_no_error(browser: Client, ana: Consumer) -> None:
    Consumer.objects.filter(pk=ana.pk).update(language="de")
    assert browser.get("/companies/find").status_code == 200


# -- Batches --------------------------------------------------------------------------------------


def test_batches_are_counted_and_the_scan_ends(browser: Client) -> None:
    scan = begin(browser)
    first = send(browser, scan, build_batch(1)).json()
    assert first == {"mails": 10, "bulk": 2, "new": 2, "companies": 1}
    send(browser, scan, build_batch(2, mails=3))
    ended = browser.post(f"/companies/scan/{scan}/end").json()
    assert ended == {"mails": 20, "bulk": 5, "new": 5, "companies": 1}
    row = MailboxScan.objects.get()
    assert row.ended_at is not None and row.source == ScanSource.BROWSER
    assert Sender.objects.get().mails == 5


def test_batch_again_changes_nothing(browser: Client) -> None:
    scan = begin(browser)
    answers = [send(browser, scan, build_batch(1)) for _ in range(3)]
    assert [each.status_code for each in answers] == [200, 200, 200]
    assert answers[2].json() == {"mails": 10, "bulk": 2, "new": 2, "companies": 1}


def test_batch_after_a_missing_one_is_refused(browser: Client) -> None:
    scan = begin(browser)
    answer = send(browser, scan, build_batch(2))
    assert (answer.status_code, answer.json()["code"]) == (409, "batch_missing")
    assert not Sender.objects.exists()


def test_batch_after_the_end_is_refused_and_the_last_one_again_is_not(browser: Client) -> None:
    scan = begin(browser)
    send(browser, scan, build_batch(1))
    for _ in range(2):
        assert browser.post(f"/companies/scan/{scan}/end").status_code == 200
    assert send(browser, scan, build_batch(1)).status_code == 200
    assert send(browser, scan, build_batch(2)).json()["code"] == "scan_ended"


@pytest.mark.parametrize("body", [b"{", b"[]", build_batch(mails=1, kinds=[])])
def test_invalid_batch_is_refused(body: bytes, browser: Client) -> None:
    scan = begin(browser)
    answer = send(browser, scan, body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_batch")


def test_scan_of_another_person_is_not_found(browser: Client) -> None:
    ben = open_account("ben@x.example")
    other = Client()
    other.force_login(ben.user)
    scan = begin(other)
    assert send(browser, scan, build_batch()).status_code == 404
    assert browser.post(f"/companies/scan/{scan}/end").status_code == 404
    assert not Sender.objects.exists()


def test_scan_of_another_source_takes_no_batch(browser: Client, ana: Consumer) -> None:
    from django.utils import timezone

    scan = mailbox.begin_scan(ana, ScanSource.IMAP, now=timezone.now())
    assert send(browser, scan.pk, build_batch()).status_code == 404


def test_batch_needs_its_csrf_token(ana: Consumer) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(ana.user)
    assert browser.post("/companies/scan").status_code == 403
    token = browser.get("/companies/find").context["csrf_token"]
    answer = browser.post("/companies/scan", headers={"X-CSRFToken": str(token)})
    assert answer.status_code == 201


def test_scans_are_limited_by_person(browser: Client) -> None:
    given = [browser.post("/companies/scan").status_code for _ in range(61)]
    assert (given[59], given[60]) == (201, 429)


def test_nothing_of_a_subject_is_in_any_table(browser: Client) -> None:
    """A signed header block has the subject. It is verified and dropped."""
    import base64

    block = base64.b64encode(b"From: a@shop.example\nSubject: Quokka\n").decode()
    scan = begin(browser)
    send(browser, scan, build_batch(1))
    assert send(browser, scan, build_batch(2, mails=0, signed=[block])).status_code == 200
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT count(*) FROM "{table}" t WHERE t::text LIKE %s', ["%Quokka%"])
            assert cursor.fetchone() == (0,), table


def test_signed_blocks_of_a_scan_are_bounded(
    browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each block lets a sender choose names that we look up in DNS."""
    monkeypatch.setattr(scans, "MOST_SIGNED", 3)
    scan = begin(browser)
    for number in (1, 2):
        assert send(browser, scan, build_batch(number, signed=["eA==", "eA=="])).status_code == 200
    assert MailboxScan.objects.get().signed == 2


# -- Deleting -------------------------------------------------------------------------------------


def test_delete_asks_first_and_then_deletes(browser: Client) -> None:
    send(browser, begin(browser), build_batch())
    assert "1 company" in browser.get("/companies/delete").content.decode()
    assert Sender.objects.exists()
    answer = browser.post("/companies/delete", follow=True)
    assert "is deleted" in answer.content.decode()
    assert not Sender.objects.exists() and not MailboxScan.objects.exists()


def test_batch_after_deletion_is_not_found(browser: Client) -> None:
    scan = begin(browser)
    browser.post("/companies/delete")
    assert send(browser, scan, build_batch()).status_code == 404


def test_reader_settings_fit_into_a_body(settings: Any) -> None:
    settings.MAX_BODY_BYTES = 400_000
    assert find_companies._build_reader_settings()["batchBytes"] == 200_000
