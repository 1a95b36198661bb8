"""Campaigns and the numbers that brands report about them.

Note [Late numbers]. A number belongs to the day on which the messages were sent, whenever it is
reported. Example: a person who responds on Thursday to a message of Monday counts in Monday's
responses. The last report for a campaign, channel and day counts. So a correction is the same call
with other numbers, and a repeated call changes nothing. Numbers of a day are accepted for
`OPEN_DAYS` days after it. Later ones are refused, so that old reports do not change.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max, Sum

from brands.models import Brand, Campaign, CampaignDay, Channel, Purpose, Topic
from core.errors import DomainError
from core.text import holds_address
from core.time import read_day

OPEN_DAYS = 90
COUNTS = ("sends", "deliveries", "responses", "complaints")
COLUMNS = ("campaign", "channel", "day", *COUNTS)
DEFAULT_PURPOSE = "marketing"
#: The pattern of a code that a person enters. Such a code can be part of a URL.
CODE = r"^[A-Za-z0-9][A-Za-z0-9._~-]*$"
MOST_ERRORS = 100
BIGGEST = 10**12


#: Codes by the field with the unknown name.
UNKNOWN = {"purpose": "unknown_purpose", "topic": "unknown_topic"}


class UnknownCampaignName(DomainError):
    """The purpose or topic does not exist; `field` says which of the two."""

    def __init__(self, field: str, value: str) -> None:
        super().__init__(f"there is no {field} {value!r}")
        self.field, self.code = field, UNKNOWN[field]


class OtherCampaign(DomainError):
    """The brand has a campaign of this code with another name, purpose or topic."""

    status = 409
    code = "campaign_exists"
    field = "code"


@dataclass(frozen=True, slots=True)
class RowError:
    """What is wrong with one of many rows. Rows are numbered from 1."""

    row: int
    field: str
    detail: str


class BadRows(ValueError):
    """Some rows are not valid, so no row was stored. `rows` says which and why."""

    def __init__(self, rows: Sequence[RowError]) -> None:
        super().__init__(f"{len(rows)} rows are invalid; nothing was saved")
        self.rows = rows


@dataclass(frozen=True, slots=True)
class DayNumbers:
    """The numbers of one row: one channel and one day."""

    channel: str
    day: date
    sends: int
    deliveries: int
    responses: int
    complaints: int

    def problem(self, today: date) -> tuple[str, str] | None:
        """Return the first field that is not valid, and why; None if all are valid."""
        if self.channel not in Channel.values:
            return "channel", f"there is no channel {self.channel!r}"
        # Tomorrow in UTC may have begun already in the brand's time zone.
        if self.day > today + timedelta(days=1):
            return "day", "this day has not come yet"
        if self.day < today - timedelta(days=OPEN_DAYS):
            return "day", f"a day is open for {OPEN_DAYS} days"
        if not self.responses <= self.deliveries >= self.complaints:
            return "deliveries", "responses and complaints are of messages that were delivered"
        if self.deliveries > self.sends:
            return "deliveries", "no more can be delivered than were sent"
        return None


def find_or_create_campaign(
    brand: Brand,
    *,
    code: str,
    called: str = "",
    purpose: str = DEFAULT_PURPOSE,
    topic: str = "",
    now: datetime,
) -> tuple[Campaign, bool]:
    """Return the brand's campaign of this code, and whether it was created.

    Raises:
        UnknownCampaignName
        OtherCampaign: the campaign exists with another name, purpose or topic.
    """
    if not Purpose.objects.filter(code=purpose, has_channels=True).exists():
        raise UnknownCampaignName("purpose", purpose)
    if topic and not Topic.objects.filter(brand=brand, code=topic).exists():
        raise UnknownCampaignName("topic", topic)
    wanted = {"name": called or code, "purpose_id": purpose, "topic": topic}
    campaign, is_new = Campaign.objects.get_or_create(
        brand=brand, code=code, defaults=wanted | {"created_at": now}
    )
    if any(getattr(campaign, field) != value for field, value in wanted.items()):
        raise OtherCampaign(f"you have another campaign {code!r}")
    return campaign, is_new


def sum_campaign_days(campaigns: Sequence[Campaign]) -> dict[int, dict[str, Any]]:
    """Return, by campaign id, the sums over all days and the `newest` day.

    Campaigns without numbers are left out.
    """
    days = CampaignDay.objects.filter(campaign__in=campaigns).values("campaign")
    rows = days.annotate(newest=Max("day"), **{each: Sum(each) for each in COUNTS})
    return {row["campaign"]: row for row in rows}


def report_campaign_days(campaign: Campaign, rows: Sequence[DayNumbers], *, now: datetime) -> int:
    """Store the numbers of these days, all or none. Return how many rows were new or changed.

    Raises:
        BadRows
    """
    numbered = [(number, campaign.code, row) for number, row in enumerate(rows, start=1)]
    _refuse_bad(numbered, now.date(), [])
    with transaction.atomic():
        Campaign.objects.select_for_update().get(pk=campaign.pk)
        return sum(_take(campaign, row, now) for row in rows)


def report_campaign_csv(brand: Brand, text: str, *, now: datetime) -> int:
    """Store the rows of a CSV file with the headings `COLUMNS`, all or none.

    Unknown campaigns are created with their code as the name and the purpose marketing. Return how
    many rows were new or changed.

    Raises:
        BadRows: some rows are not valid; it has at most `MOST_ERRORS` errors.
    """
    rows, errors = _parse_csv(text)
    _refuse_bad(rows, now.date(), errors)
    with transaction.atomic():
        campaigns = {code: _known(brand, code, now) for code in sorted({c for _, c, _ in rows})}
        list(Campaign.objects.select_for_update().filter(brand=brand).order_by("pk"))
        return sum(_take(campaigns[code], row, now) for _, code, row in rows)


def _known(brand: Brand, code: str, now: datetime) -> Campaign:
    found = Campaign.objects.filter(brand=brand, code=code).first()
    return found or find_or_create_campaign(brand, code=code, now=now)[0]


#: The number of each row, the code of its campaign, and its numbers.
Rows = list[tuple[int, str, DayNumbers]]


def _parse_csv(text: str) -> tuple[Rows, list[RowError]]:
    reader = csv.DictReader(io.StringIO(text, newline=""))
    try:
        return _read_rows(reader)
    except csv.Error as error:
        raise BadRows([RowError(reader.line_num, "line", f"invalid CSV: {error}")]) from error


def _read_rows(reader: csv.DictReader[str]) -> tuple[Rows, list[RowError]]:
    _check_headings(reader.fieldnames or [])
    rows: Rows = []
    errors: list[RowError] = []
    for number, said in enumerate(reader, start=1):
        try:
            if reader.restkey in said:
                raise _BadField("line", "the row has more values than there are headings")
            rows.append((number, *_row(said)))
        except _BadField as error:
            errors.append(RowError(number, error.field, str(error)))
    return rows, errors


def _check_headings(names: Sequence[str]) -> None:
    if missing := [each for each in COLUMNS if each not in names]:
        raise BadRows([RowError(0, missing[0], f"the heading {missing[0]!r} is missing")])
    if twice := [each for each in COLUMNS if names.count(each) > 1]:
        raise BadRows([RowError(0, twice[0], f"the heading {twice[0]!r} occurs twice")])


class _BadField(ValueError):
    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def _row(said: Mapping[str, str | None]) -> tuple[str, DayNumbers]:
    code = (said["campaign"] or "").strip()
    if not 0 < len(code) <= 100 or not code.isprintable() or holds_address(code):
        raise _BadField("campaign", "use a code of at most 100 characters, without an address")
    try:
        day = read_day((said["day"] or "").strip())
    except ValueError as error:
        raise _BadField("day", "write the day like 2026-11-22") from error
    counts = {each: _count(each, said[each]) for each in COUNTS}
    return code, DayNumbers((said["channel"] or "").strip(), day, **counts)


def _count(field: str, text: str | None) -> int:
    text = (text or "").strip()
    if not text.isascii() or not text.isdigit() or len(text) > 13 or int(text) > BIGGEST:
        raise _BadField(field, f"{field} must be a whole number, 0 or more")
    return int(text)


def _refuse_bad(rows: Rows, today: date, found: Sequence[RowError]) -> None:
    errors, seen = list(found), set()
    for number, code, row in rows:
        if problem := row.problem(today):
            errors.append(RowError(number, *problem))
        elif (code, row.channel, row.day) in seen:
            errors.append(RowError(number, "day", "this day occurs twice"))
        seen.add((code, row.channel, row.day))
    if errors:
        raise BadRows(sorted(errors, key=lambda each: each.row)[:MOST_ERRORS])


def _take(campaign: Campaign, row: DayNumbers, now: datetime) -> bool:
    """Store one day's numbers. Return whether they were new or changed."""
    counts = {each: getattr(row, each) for each in COUNTS}
    day, is_new = CampaignDay.objects.get_or_create(
        campaign=campaign,
        channel=row.channel,
        day=row.day,
        defaults=counts | {"brand_id": campaign.brand_id, "reported_at": now},
    )
    if is_new or all(getattr(day, each) == value for each, value in counts.items()):
        return is_new
    for each, value in counts.items():
        setattr(day, each, value)
    day.reported_at, day.revision = now, day.revision + 1
    day.save()
    return True
