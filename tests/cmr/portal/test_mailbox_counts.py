"""Administrators see numbers of people with senders, and none that is small."""

from __future__ import annotations

from datetime import datetime

import pytest
from django.test import Client

from cmr import mailbox
from cmr.models import Consumer
from cmr.personal_data import erasure
from tests.conftest import Api
from tests.factories import open_account
from tests.mailboxes import build_mail, read_mails, read_senders

PATH = "/reports/mailboxes"


def open_accounts(number: int, now: datetime) -> list[Consumer]:
    return [open_account(f"p{n}@example.org", now=now) for n in range(number)]


@pytest.fixture
def people(db: None, now: datetime) -> list[Consumer]:
    """Ten people: all hear from common.example, and nine of them from rare.example."""
    found = open_accounts(10, now)
    for number, person in enumerate(found):
        read_senders(person, ["common.example", *(["rare.example"] if number else [])], now=now)
    return found


def test_small_numbers_and_their_organisations_are_hidden(people: list[Consumer]) -> None:
    counts = mailbox.count_people_with_senders()
    assert counts.organisations == [("common.example", 10)]
    assert (counts.with_scans, counts.with_senders) == (10, 10)


def test_one_person_fewer_hides_everything(people: list[Consumer], now: datetime) -> None:
    erasure.erase_account(people[0], first_stop=False, by="portal", now=now)
    counts = mailbox.count_people_with_senders()
    assert counts.organisations == []
    assert (counts.with_scans, counts.with_senders) == (None, None)


def test_nobody_is_no_small_number(db: None) -> None:
    counts = mailbox.count_people_with_senders()
    assert (counts.with_scans, counts.with_senders, counts.organisations) == (0, 0, [])


def test_several_lists_of_one_person_count_once(people: list[Consumer], now: datetime) -> None:
    rare = {"organisation": "rare.example"}
    more = [build_mail(f"<{n}>", now, list_id=f"{n}.rare.example", **rare) for n in range(3)]
    for person in people[1:]:
        read_mails(person, more, now=now)
    assert mailbox.count_people_with_senders().organisations == [("common.example", 10)]


def test_page_shows_numbers_and_no_mailbox(people: list[Consumer], as_admin: Api) -> None:
    page = as_admin.client.get(PATH).content.decode()
    assert "common.example" in page and "rare.example" not in page
    assert not [each for each in people if each.user.email in page]
    assert f'href="{PATH}"' in as_admin.client.get("/reports/").content.decode()


def test_page_is_of_administrators(browser: Client) -> None:
    assert browser.get(PATH).status_code == 403
    assert Client().get(PATH).headers["Location"].startswith("/account/login/")
