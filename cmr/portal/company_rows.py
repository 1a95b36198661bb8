"""One row for each company: brands of the person, and senders in their mailbox, together."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from brands.models import Brand
from cmr.mailbox import Company
from cmr.models import BrandMatch, Consumer
from cmr.portal import brand_summaries
from cmr.portal.brand_summaries import BrandRow

#: Connected brands, listed brands, and companies with which the person has no relationship.
KINDS = ("connected", "listed", "mailbox")
#: The letter of names that begin with a digit or with a letter of another alphabet.
OTHER_LETTERS = "0"
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class CompanyRow:
    """One company: a brand, senders of the person's mailbox, or both."""

    #: The person's brand, or the one that the domain of the senders belongs to.
    brand: Brand | None
    #: What the brand may do; None without a relationship.
    summary: BrandRow | None
    senders: Sequence[Company] = ()

    @property
    def name(self) -> str:
        return self.brand.name if self.brand else self.senders[0].name

    @property
    def kind(self) -> str:
        """Return one of `KINDS`."""
        if self.summary is None:
            return "mailbox"
        return "connected" if self.summary.is_connected else "listed"

    @property
    def organisations(self) -> list[str]:
        return list(dict.fromkeys(each.organisation for each in self.senders))

    @property
    def categories(self) -> Sequence[str]:
        return self.brand.categories if self.brand else ()

    @property
    def letter(self) -> str:
        """Return the first letter of the name, A to Z without accents, or `OTHER_LETTERS`."""
        letter = fold_name(self.name)[:1].upper()
        return letter if "A" <= letter <= "Z" else OTHER_LETTERS

    @property
    def asks_brand(self) -> bool:
        """Return whether several brands have the domain, and the person has not chosen one."""
        return any(each.match == BrandMatch.ASK for each in self.senders)

    @property
    def has_receipts(self) -> bool:
        return any(each.has_receipts for each in self.senders)

    @property
    def has_others(self) -> bool:
        return any(each.has_others for each in self.senders)

    @property
    def number_of_lists(self) -> int:
        return sum(len(each.lists) for each in self.senders)

    @property
    def mails_a_month(self) -> float:
        return sum(each.mails_a_month for each in self.senders)

    @property
    def receipts_a_month(self) -> float:
        return sum(each.receipts_a_month for each in self.senders)

    @property
    def junk_share(self) -> float:
        mails = sum(each.mails for each in self.senders)
        return sum(each.junk_share * each.mails for each in self.senders) / mails if mails else 0

    @property
    def first_at(self) -> datetime | None:
        return min((each.first_at for each in self.senders if each.first_at), default=None)

    @property
    def last_at(self) -> datetime | None:
        return max((each.last_at for each in self.senders if each.last_at), default=None)


def fold_name(name: str) -> str:
    """Return a name to sort by, without accents and case: `edition` for `Édition`."""
    parts = unicodedata.normalize("NFKD", name.strip())
    return "".join(each for each in parts if not unicodedata.combining(each)).casefold()


def list_rows(
    consumer: Consumer, companies: Sequence[Company], *, now: datetime, words: str = ""
) -> list[CompanyRow]:
    """Return the rows that have *words* in a name or domain, by name.

    *companies* are all of the person's. The number of queries does not depend on the number of
    rows.
    """
    matched = Brand.objects.in_bulk({each.brand_id for each in companies if each.brand_id})
    found = [each for each in companies if _has_words(each, matched, words.casefold())]
    mine = brand_summaries.list_rows(
        consumer, now=now, words=words, also={each.brand_id for each in found if each.brand_id}
    )
    known = {row.relationship.brand_id for row in mine}
    of_brands = _group_by_brand(companies)
    rows = [_build_brand_row(row, of_brands) for row in mine]
    rows += _build_mailbox_rows([each for each in found if each.brand_id not in known], matched)
    return sorted(rows, key=lambda row: fold_name(row.name))


def sort_rows(rows: Iterable[CompanyRow], sort: str) -> list[CompanyRow]:
    """Return the rows of `list_rows` by name, newest first, or by default most mails first."""
    if sort == "name":
        return list(rows)
    return sorted(rows, key=_compute_start if sort == "new" else _compute_bother, reverse=True)


def _compute_start(row: CompanyRow) -> datetime:
    """Return when it began: the relationship, or else the first mail."""
    return row.summary.relationship.started_at if row.summary else row.first_at or LONG_AGO


def _compute_bother(row: CompanyRow) -> tuple[bool, float, datetime]:
    """Return the sort key of the most frequent. The same mail may be announced and in a mailbox."""
    contacts = row.summary.contacts if row.summary else None
    last = max((contacts.last if contacts else None) or LONG_AGO, row.last_at or LONG_AGO)
    announced = contacts.lately if contacts else 0
    is_asking = bool(row.summary and row.summary.asking)
    return is_asking, max(announced, row.mails_a_month), last


def _has_words(company: Company, brands: Mapping[int, Brand], words: str) -> bool:
    names = [company.organisation, *(each.name for each in company.senders)]
    if brand := brands.get(company.brand_id or 0):
        names.append(brand.name)
    return any(words in name.casefold() for name in names)


def _group_by_brand(companies: Iterable[Company]) -> Mapping[int, Sequence[Company]]:
    grouped: defaultdict[int, list[Company]] = defaultdict(list)
    for each in companies:
        if each.brand_id:
            grouped[each.brand_id].append(each)
    return grouped


def _build_brand_row(row: BrandRow, of_brands: Mapping[int, Sequence[Company]]) -> CompanyRow:
    brand = row.relationship.brand
    return CompanyRow(brand, row, of_brands.get(brand.pk, ()))


def _build_mailbox_rows(
    companies: Sequence[Company], brands: Mapping[int, Brand]
) -> list[CompanyRow]:
    """Return rows of companies without a relationship. Several domains of a brand are one row."""
    of_brands = _group_by_brand(companies)
    rows = [CompanyRow(brands[pk], None, senders) for pk, senders in of_brands.items()]
    return rows + [CompanyRow(None, None, [each]) for each in companies if not each.brand_id]
