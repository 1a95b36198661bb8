"""Recording of mails: each counts once, for its sender, its week and the address it went to."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection

from brands.models import Brand
from cmr import mailbox
from cmr.mailbox import recording
from cmr.models import (
    AddressUse,
    BrandMatch,
    Consumer,
    CountedMails,
    MailboxScan,
    ScanSource,
    Sender,
    SenderWeek,
)
from core import crypto
from mailbox_reader import BulkMail, MailProviders, ProviderKind, Route
from tests.factories import open_account

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
PROVIDERS = MailProviders({"sendgrid.net": ProviderKind.SENDING})
MAIL = BulkMail(
    message_id="<1@shop.example>",
    sent_at=datetime(2026, 1, 7, 9, tzinfo=UTC),  # a Wednesday
    organisation="shop.example",
    list_id="news.shop.example",
    name="Shop",
    route=Route.ONE_CLICK,
    is_group=False,
    is_transactional=False,
    is_junk=False,
    recipients=("ana@example.org",),
)


def number(nth: int, mail: BulkMail = MAIL, **changes: object) -> BulkMail:
    """Return another mail of the same sender."""
    return replace(mail, message_id=f"<{nth}@{mail.organisation}>", **changes)  # type: ignore[arg-type]


def record(consumer: Consumer, *mails: BulkMail, read: int | None = None) -> int:
    scan = mailbox.begin_scan(consumer, ScanSource.UPLOAD, now=NOW)
    wanted = len(mails) if read is None else read
    return mailbox.record_mails(scan, mails, PROVIDERS, read=wanted)


def only_sender() -> Sender:
    return Sender.objects.get()


# -- Counting once --------------------------------------------------------------------------------


def test_record_mails_counts_for_sender_and_week(ana: Consumer) -> None:
    weeks = [timedelta(0), timedelta(days=4), timedelta(days=5)]  # Wednesday, Sunday, Monday
    mails = [
        number(n, sent_at=datetime(2026, 1, 7, 9, tzinfo=UTC) + each)
        for n, each in enumerate(weeks)
    ]
    assert record(ana, *mails, read=10) == 3
    sender = only_sender()
    assert (sender.mails, sender.name, sender.route) == (3, "Shop", "one_click")
    assert (sender.first_at, sender.last_at) == (mails[0].sent_at, mails[2].sent_at)
    assert set(SenderWeek.objects.values_list("week", "mails")) == {
        (date(2026, 1, 5), 2),
        (date(2026, 1, 12), 1),
    }
    scan = MailboxScan.objects.get()
    assert (scan.mails, scan.bulk, scan.new) == (10, 3, 3)


def test_same_mails_again_change_nothing(ana: Consumer) -> None:
    mails = [number(n) for n in range(5)]
    record(ana, *mails)
    before = snapshot()
    assert record(ana, *reversed(mails)) == 0
    assert snapshot() == before


def snapshot() -> list[object]:
    models = (Sender, SenderWeek, AddressUse)
    rows = [list(each._default_manager.order_by("pk").values()) for each in models]
    return [rows, [(row.week, bytes(row.digests)) for row in CountedMails.objects.all()]]


def test_mail_twice_in_one_call_counts_once(ana: Consumer) -> None:
    assert record(ana, MAIL, MAIL) == 1
    assert only_sender().mails == 1


def test_mails_without_id_count_by_time_and_sender(ana: Consumer) -> None:
    nameless = replace(MAIL, message_id="")
    later = replace(nameless, sent_at=NOW)
    assert record(ana, nameless, later, nameless) == 2
    assert record(ana, later) == 0


def test_mail_from_the_future_counts_once_when_its_time_has_come(ana: Consumer) -> None:
    """A wrong clock dates a mail a week ahead: it has no time when it is first read."""
    assert record(ana, replace(MAIL, sent_at=None)) == 1
    assert record(ana, MAIL) == 0
    assert only_sender().mails == 1 and only_sender().first_at is None


def test_people_count_apart(ana: Consumer) -> None:
    ben = open_account("ben@x.example")
    assert (record(ana, MAIL), record(ben, MAIL)) == (1, 1)
    digests = {bytes(row.digests) for row in CountedMails.objects.all()}
    assert len(digests) == 2  # nobody learns from the table that both have the same mail


# -- Senders --------------------------------------------------------------------------------------


def test_newest_mail_gives_name_and_route(ana: Consumer) -> None:
    newer = number(2, name="New name", route=Route.WEB, sent_at=NOW)
    older = number(3, name="Old name", route=Route.NONE, sent_at=NOW - timedelta(days=900))
    record(ana, MAIL, newer)
    record(ana, older)
    sender = only_sender()
    assert (sender.name, sender.route, sender.mails) == ("New name", "web", 3)
    assert (sender.first_at, sender.last_at) == (older.sent_at, NOW)


def test_senders_are_by_list_and_kind(ana: Consumer) -> None:
    record(
        ana, MAIL, number(2, list_id="offers.shop.example"), number(3, is_transactional=True)
    )  # fmt: skip
    assert Sender.objects.count() == 3


def test_junk_is_counted_and_is_some_of_the_mails(ana: Consumer) -> None:
    record(ana, MAIL, number(2, is_junk=True), number(3, is_junk=True))
    record(ana, number(2, is_junk=True))
    assert (only_sender().mails, only_sender().junk) == (3, 2)


def test_group_is_never_one_click(ana: Consumer) -> None:
    record(ana, MAIL)
    record(ana, number(2, is_group=True, route=Route.MAILTO))
    assert only_sender().is_group and only_sender().route == "mailto"
    record(ana, number(3, sent_at=NOW))
    assert only_sender().route == "mailto"


def test_mails_beyond_the_most_senders_are_not_kept(
    ana: Consumer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "MOST_SENDERS", 2)
    record(ana, *(number(n, list_id=f"list{n}.shop.example") for n in range(4)))
    assert Sender.objects.count() == 2
    record(ana, number(9, list_id="list0.shop.example"))  # a known one still counts
    assert sorted(Sender.objects.values_list("mails", flat=True)) == [1, 2]


# -- Brands ---------------------------------------------------------------------------------------


@pytest.fixture
def shop(db: None) -> Brand:
    return Brand.objects.create(slug="shop", name="Shop", website="https://www.shop.example/en")


def test_one_brand_of_the_domain_is_linked(ana: Consumer, shop: Brand) -> None:
    record(ana, MAIL)
    assert (only_sender().brand, only_sender().match) == (shop, BrandMatch.DOMAIN)


def test_several_brands_of_the_domain_ask(ana: Consumer, shop: Brand) -> None:
    Brand.objects.create(slug="shop-b2b", name="Shop B2B", privacy_email="privacy@shop.example")
    record(ana, MAIL)
    assert (only_sender().brand, only_sender().match) == (None, BrandMatch.ASK)


def test_no_brand_of_the_domain_links_nothing_and_makes_none(ana: Consumer) -> None:
    record(ana, MAIL)
    assert (only_sender().brand, only_sender().match) == (None, BrandMatch.NONE)
    assert not Brand.objects.exists()


def test_group_is_no_brand(ana: Consumer, shop: Brand) -> None:
    record(ana, replace(MAIL, is_group=True, route=Route.MAILTO))
    assert only_sender().brand is None


def test_answer_of_the_person_stays(ana: Consumer, shop: Brand) -> None:
    record(ana, MAIL)
    Sender.objects.update(brand=None, match=BrandMatch.REFUSED)
    record(ana, number(2))
    assert (only_sender().brand, only_sender().match) == (None, BrandMatch.REFUSED)


# -- Addresses ------------------------------------------------------------------------------------


def test_addresses_are_counted_by_organisation_and_encrypted(ana: Consumer) -> None:
    record(ana, MAIL, number(2, sent_at=NOW), number(3, organisation="bank.example", list_id=""))
    uses = AddressUse.objects.order_by("-mails")
    assert [(each.organisation, each.mails) for each in uses] == [
        ("shop.example", 2),
        ("bank.example", 1),
    ]
    assert (uses[0].first_at, uses[0].last_at) == (MAIL.sent_at, NOW)
    assert b"ana" not in bytes(uses[0].address)
    assert crypto.decrypt_text(bytes(uses[0].address)) == "ana@example.org"


def test_two_spellings_of_an_address_are_one(ana: Consumer) -> None:
    """One statement could not update a row twice: the whole batch would be lost."""
    plain, wide = ("ana@example.org",), ("ａna@example.org",)
    assert record(ana, number(1, recipients=plain), number(2, recipients=wide)) == 2
    assert AddressUse.objects.get().mails == 2


@pytest.mark.parametrize("address", ["", "undisclosed", "a@b\x00.example", "a@\ud800.example"])
def test_invalid_addresses_are_left_out(address: str, ana: Consumer) -> None:
    assert record(ana, replace(MAIL, recipients=(address,))) == 1
    assert not AddressUse.objects.exists()


def test_addresses_in_groups_are_not_kept(ana: Consumer) -> None:
    record(ana, replace(MAIL, is_group=True, route=Route.MAILTO))
    assert not AddressUse.objects.exists()


def test_message_id_of_any_characters_is_counted(ana: Consumer) -> None:
    assert record(ana, replace(MAIL, message_id="<\ud800\x00@x>")) == 1


# -- Deleting, and two at a time ------------------------------------------------------------------


def test_delete_everything_read(ana: Consumer) -> None:
    ben = open_account("ben@x.example")
    record(ana, MAIL)
    record(ben, replace(MAIL, recipients=("ben+shop@x.example",)))
    mailbox.delete_everything_read(ana)
    for model in (Sender, SenderWeek, CountedMails, AddressUse, MailboxScan):
        assert model._default_manager.count() == 1, model  # Ben's
    assert record(ana, MAIL) == 1


def test_scan_that_goes_on_after_deletion_records_nothing(ana: Consumer) -> None:
    scan = mailbox.begin_scan(ana, ScanSource.UPLOAD, now=NOW)
    mailbox.delete_everything_read(ana)
    assert mailbox.record_mails(scan, [MAIL], PROVIDERS, read=1) == 0
    assert not Sender.objects.exists() and not CountedMails.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_scans_at_a_time_count_each_mail_once(ana: Consumer) -> None:
    mails = [number(n) for n in range(200)]
    scans = [mailbox.begin_scan(ana, ScanSource.UPLOAD, now=NOW) for _ in range(2)]
    start, counted = threading.Barrier(2), []

    def run(scan: MailboxScan, given: Sequence[BulkMail]) -> None:
        start.wait(10)
        try:
            for at in range(0, len(given), 20):
                part = given[at : at + 20]
                counted.append(mailbox.record_mails(scan, part, PROVIDERS, read=len(part)))
        finally:
            connection.close()

    orders = (mails, mails[::-1])
    threads = [threading.Thread(target=run, args=each) for each in zip(scans, orders, strict=True)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(60)
    assert sum(counted) == 200 == only_sender().mails == SenderWeek.objects.get().mails
