"""Mails per week: the biggest organisations, all others, and weeks without mail."""

from __future__ import annotations

from datetime import timedelta

from cmr.mailbox import companies, weekly_mails
from cmr.mailbox.weekly_mails import OTHERS, WeeklyMails
from cmr.models import Consumer
from mailbox_reader import MailProviders
from tests.factories import NEWEST, create_sender


def count_weekly_mails(consumer: Consumer) -> WeeklyMails | None:
    found = companies.list_companies(consumer, MailProviders({}))
    return weekly_mails.count_weekly_mails(consumer, found)


def test_count_weekly_mails_without_mail_is_none(ana: Consumer) -> None:
    assert count_weekly_mails(ana) is None


def test_count_weekly_mails_ends_with_newest_mail(ana: Consumer) -> None:
    create_sender(ana, "shop.example", weekly=[4, 0, 1])
    found = count_weekly_mails(ana)
    assert found is not None
    assert (len(found.weeks), found.weeks[-1].isoformat()) == (52, "2026-01-12")
    assert found.weeks[1] - found.weeks[0] == timedelta(weeks=1)
    (series,) = found.series
    assert series.mails[-4:] == [0, 4, 0, 1]


def test_count_weekly_mails_joins_small_ones(ana: Consumer) -> None:
    for nth in range(weekly_mails.MOST_SERIES + 2):
        create_sender(ana, f"shop{nth}.example", weekly=[10 - nth, 1])
    found = count_weekly_mails(ana)
    assert found is not None
    names = [each.organisation for each in found.series]
    assert names == [*(f"shop{nth}.example" for nth in range(5)), OTHERS]
    assert found.series[-1].mails[-2:] == [5 + 4, 2]


def test_count_weekly_mails_joins_lists_of_organisation(ana: Consumer) -> None:
    create_sender(ana, "shop.example", list_id="a", weekly=[1])
    create_sender(ana, "shop.example", list_id="b", weekly=[2])
    found = count_weekly_mails(ana)
    assert found is not None and [each.mails[-1] for each in found.series] == [3]


def test_count_weekly_mails_leaves_out_earlier_years(ana: Consumer) -> None:
    create_sender(ana, "old.example", weekly=[9], last=NEWEST - timedelta(weeks=52))
    create_sender(ana, "shop.example", weekly=[1])
    found = count_weekly_mails(ana)
    assert found is not None and [each.number for each in found.series] == [1]
