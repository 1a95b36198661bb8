"""The companies that write to a person: the senders of their mailbox, by organisation."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.db import transaction
from django.db.models import Max, QuerySet, Sum

from cmr.models import AddressUse, Consumer, Sender, SenderWeek
from mailbox_reader import MailProviders

#: The weeks that count for how often somebody writes. They end with the newest mail, not today,
#: because the file of a mailbox may be old.
WEEKS = 52
DAYS_A_MONTH = 365.25 / 12


@dataclass(frozen=True, slots=True)
class MailingList:
    """A sender, with its mails of the last `WEEKS`."""

    sender: Sender
    recent: int
    #: The part of these weeks since its first mail, in months, and at least one month.
    months: float

    @property
    def mails_a_month(self) -> float:
        return self.recent / self.months

    @property
    def junk_share(self) -> float:
        return self.sender.junk / self.sender.mails if self.sender.mails else 0.0


@dataclass(frozen=True, slots=True)
class Company:
    """The lists and the receipts of one organisation, the most frequent first."""

    organisation: str
    lists: Sequence[MailingList]
    #: Whether many companies send from this domain. Then each of its lists is a `Company`.
    is_shared: bool = False

    @property
    def name(self) -> str:
        """Return the name of the list with the most mails, or else the domain."""
        return max(self.senders, key=lambda each: each.mails).name or self.organisation

    @property
    def senders(self) -> list[Sender]:
        return [each.sender for each in self.lists]

    @property
    def mails(self) -> int:
        return sum(each.mails for each in self.senders)

    @property
    def recent(self) -> int:
        return sum(each.recent for each in self.lists)

    @property
    def junk_share(self) -> float:
        return sum(each.junk for each in self.senders) / self.mails if self.mails else 0.0

    @property
    def first_at(self) -> datetime | None:
        return min((each.first_at for each in self.senders if each.first_at), default=None)

    @property
    def last_at(self) -> datetime | None:
        return max((each.last_at for each in self.senders if each.last_at), default=None)

    @property
    def mails_a_month(self) -> float:
        """Return how many mails come a month, without what looks like receipts."""
        return sum(each.mails_a_month for each in self.lists if not each.sender.is_transactional)

    @property
    def receipts_a_month(self) -> float:
        return sum(each.mails_a_month for each in self.lists if each.sender.is_transactional)

    @property
    def has_receipts(self) -> bool:
        return any(each.is_transactional for each in self.senders)

    @property
    def has_others(self) -> bool:
        """Return whether it sends anything but receipts."""
        return not all(each.is_transactional for each in self.senders)

    @property
    def match(self) -> str:
        """Return the `BrandMatch`. Groups have none."""
        return next((each.match for each in self.senders if each.match), "")

    @property
    def brand_id(self) -> int | None:
        return next((each.brand_id for each in self.senders if each.brand_id), None)


def list_companies(consumer: Consumer, providers: MailProviders) -> list[Company]:
    """Return the companies in the person's mailbox.

    The number of queries does not depend on the number of companies.
    """
    by_company: defaultdict[tuple[str, int], list[MailingList]] = defaultdict(list)
    senders = list(_senders(consumer))
    for each in _list_mailing_lists(senders, find_last_week(_find_newest(senders))):
        name = each.sender.organisation
        by_company[name, 0 if providers.is_own(name) else each.sender.pk].append(each)
    return [Company(name, lists, bool(key)) for (name, key), lists in by_company.items()]


def read_company(consumer: Consumer, organisation: str, providers: MailProviders) -> Company | None:
    """Return one organisation with all of its lists; None if it never wrote to the person."""
    senders = _senders(consumer)
    newest = senders.aggregate(newest=Max("last_at"))["newest"]
    mine = list(senders.filter(organisation=organisation))
    lists = _list_mailing_lists(mine, find_last_week(newest))
    return Company(organisation, lists, not providers.is_own(organisation)) if lists else None


def delete_company(consumer: Consumer, organisation: str) -> None:
    """Delete what is kept of an organisation. Mails that were counted do not bring it back."""
    with transaction.atomic():
        # A scan that runs would count mails for a sender that is gone.
        Consumer.objects.select_for_update(no_key=True).get(pk=consumer.pk)
        for model in (Sender, AddressUse):
            model._default_manager.filter(consumer=consumer, organisation=organisation).delete()


def find_last_week(newest: datetime | None) -> date | None:
    """Return the Monday of the week of the newest mail; None without mail that has a time."""
    if newest is None:
        return None
    day = newest.astimezone(UTC).date()
    return day - timedelta(days=day.weekday())


def _senders(consumer: Consumer) -> QuerySet[Sender]:
    return Sender.objects.filter(consumer=consumer).defer("unsubscribe", "created_at")


def _find_newest(senders: Iterable[Sender]) -> datetime | None:
    return max((each.last_at for each in senders if each.last_at), default=None)


def _list_mailing_lists(senders: Sequence[Sender], last: date | None) -> list[MailingList]:
    """Return the senders with their recent mails: lists before receipts, most mails first."""
    recent = _count_recent(senders, last) if senders and last else {}
    lists = [
        MailingList(each, recent.get(each.pk, 0), _count_months(each.first_at, last))
        for each in senders
    ]
    return sorted(lists, key=_rank)


def _rank(one: MailingList) -> tuple[bool, float, int, int]:
    sender = one.sender
    return sender.is_transactional, -one.mails_a_month, -sender.mails, sender.pk


def _count_recent(senders: Iterable[Sender], last: date) -> dict[int, int]:
    weeks = SenderWeek.objects.filter(
        sender__in=[each.pk for each in senders], week__gt=begin_period(last)
    )
    return dict(weeks.values_list("sender_id").annotate(number=Sum("mails")))


def begin_period(last: date) -> date:
    """Return the Monday after which the period of `WEEKS` begins that ends with week *last*."""
    return last - timedelta(weeks=WEEKS)


def _count_months(first_at: datetime | None, last: date | None) -> float:
    if first_at is None or last is None:
        return 1.0
    begins = max(first_at.astimezone(UTC).date(), begin_period(last) + timedelta(weeks=1))
    return max(1.0, ((last - begins).days + 7) / DAYS_A_MONTH)
