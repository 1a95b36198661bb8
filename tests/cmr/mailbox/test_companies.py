"""Senders by organisation: how often they write, what belongs together, and deleting one."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cmr.mailbox import Company, companies
from cmr.models import AddressUse, BrandMatch, Consumer, Sender, SenderWeek
from mailbox_reader import MailProviders, ProviderKind
from tests.factories import NEWEST, create_sender, open_account

PROVIDERS = MailProviders({"sendgrid.net": ProviderKind.SENDING})


def list_companies(consumer: Consumer) -> dict[str, Company]:
    """Return the companies by organisation."""
    found = companies.list_companies(consumer, PROVIDERS)
    return {each.organisation: each for each in found}


def test_list_companies_groups_lists_of_organisation(ana: Consumer) -> None:
    create_sender(ana, "shop.example", list_id="news.shop.example", weekly=[2, 1], name="Shop News")
    create_sender(ana, "shop.example", list_id="sale.shop.example", weekly=[9], junk=3)
    create_sender(ana, "other.example")
    found = list_companies(ana)
    assert set(found) == {"shop.example", "other.example"}
    shop = found["shop.example"]
    assert [each.list_id for each in shop.senders] == ["sale.shop.example", "news.shop.example"]
    assert (shop.name, shop.mails, shop.junk_share) == ("Shop", 12, 3 / 12)
    assert (shop.first_at, shop.last_at) == (NEWEST - timedelta(weeks=1), NEWEST)


def test_list_companies_shared_domain_separates_lists(ana: Consumer) -> None:
    for name in ("a@sendgrid.net", "b@sendgrid.net"):
        create_sender(ana, "sendgrid.net", list_id=name)
    found = companies.list_companies(ana, PROVIDERS)
    assert [(len(each.lists), each.is_shared) for each in found] == [(1, True), (1, True)]
    whole = companies.read_company(ana, "sendgrid.net", PROVIDERS)
    assert whole is not None and len(whole.lists) == 2 and whole.is_shared


def test_mails_a_month_counts_last_year_only(ana: Consumer) -> None:
    create_sender(ana, "daily.example", weekly=[7] * 60)
    create_sender(ana, "new.example", weekly=[2])
    create_sender(ana, "old.example", weekly=[50], last=NEWEST - timedelta(weeks=52))
    found = list_companies(ana)
    assert found["daily.example"].recent == 7 * 52
    assert found["daily.example"].mails_a_month == pytest.approx(30.4, abs=0.2)
    assert found["new.example"].mails_a_month == 2  # not 8: it may not write again
    assert found["old.example"].mails_a_month == 0


def test_mails_a_month_leaves_out_receipts(ana: Consumer) -> None:
    create_sender(ana, "shop.example", weekly=[4])
    create_sender(ana, "shop.example", weekly=[3], is_transactional=True)
    shop = list_companies(ana)["shop.example"]
    assert (shop.mails_a_month, shop.receipts_a_month) == (4, 3)
    assert shop.has_receipts and shop.has_others
    assert [each.is_transactional for each in shop.senders] == [False, True]


def test_mails_without_time_are_not_recent(ana: Consumer) -> None:
    create_sender(ana, "shop.example", weekly=[0], mails=3, first_at=None, last_at=None)
    (shop,) = companies.list_companies(ana, PROVIDERS)
    assert (shop.mails, shop.recent, shop.first_at) == (3, 0, None)


def test_companies_of_others_are_not_listed(ana: Consumer) -> None:
    ben = open_account("ben@example.org")
    create_sender(ben, "shop.example")
    assert companies.list_companies(ana, PROVIDERS) == []
    assert companies.read_company(ana, "shop.example", PROVIDERS) is None


def test_read_company_measures_to_newest_mail_of_mailbox(ana: Consumer) -> None:
    create_sender(ana, "shop.example", weekly=[5], last=NEWEST - timedelta(weeks=60))
    create_sender(ana, "other.example")
    shop = companies.read_company(ana, "shop.example", PROVIDERS)
    assert shop is not None and shop.recent == 0


def test_list_companies_number_of_queries_is_constant(ana: Consumer) -> None:
    counts = []
    for number in (1, 20):
        for nth in range(number):
            create_sender(ana, f"shop{number}-{nth}.example", weekly=[1, 2])
        with CaptureQueriesContext(connection) as queries:
            companies.list_companies(ana, PROVIDERS)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_delete_company_deletes_only_its_rows(ana: Consumer) -> None:
    ben = open_account("ben@example.org")
    create_sender(ben, "shop.example")
    create_sender(ana, "shop.example")
    create_sender(ana, "other.example")
    for organisation in ("shop.example", "other.example"):
        AddressUse.objects.create(
            consumer=ana, digest=b"d" * 32, address=b"a", organisation=organisation,
            mails=1, first_at=NEWEST, last_at=NEWEST,
        )  # fmt: skip
    companies.delete_company(ana, "shop.example")
    assert list(list_companies(ana)) == ["other.example"]
    assert Sender.objects.filter(consumer=ben).count() == 1
    assert SenderWeek.objects.count() == 2
    assert AddressUse.objects.get().organisation == "other.example"


def test_match_is_that_of_any_list(ana: Consumer) -> None:
    create_sender(ana, "shop.example", list_id="group", is_group=True, weekly=[9])
    create_sender(ana, "shop.example", match=BrandMatch.ASK)
    assert list_companies(ana)["shop.example"].match == BrandMatch.ASK
