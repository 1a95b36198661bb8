"""Map the columns of a tool's export to ours: guess, let people choose, apply to each row."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from consent.imports.rows import ADDRESSES, DECISIONS, LONGEST_FIELDS, BadRow
from consent.imports.sources import Line

CONTACT_COLUMNS = (*ADDRESSES, "ref")
#: Yes-or-no columns, and the decision that a yes means. A no means nothing: never having opted in
#: is not a refusal, and not having opted out is not a grant.
FLAGS = {"opted_in": "grant", "opted_out": "deny"}
#: The targets for a column of a file, in the order in which pages offer them.
TARGETS = tuple(dict.fromkeys((*CONTACT_COLUMNS, "decision", *FLAGS, *LONGEST_FIELDS)))
#: The only target for several columns. Their values are joined.
EVIDENCE_COLUMN = "evidence"
#: Words that tools use for a decision, and for a state that is not one. A bounced address or an
#: unconfirmed one says nothing about what the person wants.
NOES = {"blocklisted", "blacklisted", "opted_out", "opted out"}
YESES = {"opted_in", "opted in"}
NO_DECISION = {
    *("cleaned", "bounced", "pending", "unconfirmed", "non-subscribed", "nonsubscribed"),
    *("never_subscribed", "never subscribed", "not_subscribed", "enabled", "disabled"),
}
TRUE, FALSE = {"true", "yes", "1", "y", "t", "on"}, {"false", "no", "0", "n", "f", "off"}
#: The columns that have a meaning only in a row with a decision.
OF_CHOICES = (
    *("purpose", "channel", "topic", "made_at", "expires_at"),
    *("evidence", "notice", "basis", "ground"),
)
DATE_ORDERS = ("ymd", "dmy", "mdy")
TIME = re.compile(
    r"(\d{1,4})[-/.](\d{1,2})[-/.](\d{1,4})"
    r"(?:[T ,]+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?)?\s*(Z|UTC|GMT|[+-]\d{2}:?\d{2})?",
    re.ASCII | re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Guess:
    """A guess from a file's headings: the tool that wrote it, and the targets of its columns."""

    tool: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    #: The decision of every row, if such a file has only one; else empty.
    decision: str = ""


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """The chosen target of each column, and defaults for what a row leaves out."""

    columns: Mapping[str, str]
    purpose: str = ""
    channel: str = ""
    decision: str = ""
    evidence: str = ""
    made_at: str = ""
    zone: str = "UTC"
    dates: str = "ymd"


# -- Guessing --------------------------------------------------------------------------------------

#: The target of each heading, in lower case. For each target, the first heading in a file counts.
KNOWN = {
    "email": "email", "email address": "email", "e-mail": "email", "e-mail address": "email",
    "phone": "phone", "phone number": "phone", "mobile": "phone", "mobile phone number": "phone",
    "sms": "phone",
    "customer_no": "ref", "customer number": "ref", "customer id": "ref", "external id": "ref",
    "external_id": "ref", "ext_id": "ref",
    "status": "decision", "email marketing consent": "decision", "email_marketing": "decision",
    "email status": "decision", "subscription status": "decision",
    "unsubscribed from all email": "opted_out", "opted out of all email": "opted_out",
    "donotcontact": "opted_out", "do not contact": "opted_out", "dnc": "opted_out",
    "blocklisted": "opted_out", "blacklisted": "opted_out", "unsubscribed": "opted_out",
    "opted out": "opted_out", "opted-out": "opted_out", "opt out": "opted_out",
    "opt-out": "opted_out", "opt_out": "opted_out",
    "opted in": "opted_in", "opted-in": "opted_in", "opt in": "opted_in", "opt-in": "opted_in",
    "opt_in": "opted_in", "subscribed": "opted_in",
    "unsub_time": "made_at", "confirm_time": "made_at", "optin_time": "made_at",
    "email marketing consent timestamp": "made_at",
    "optin_ip": "evidence", "confirm_ip": "evidence", "source": "evidence",
    "unsub_reason": "evidence",
}  # fmt: skip
#: The headings that identify each tool's exports.
TOOLS = {
    "Mailchimp": {"email address", "leid", "euid"},
    "Klaviyo": {"email", "klaviyo id"},
    "HubSpot": {"record id", "email"},
    "Brevo": {"contact id", "email", "added_time"},
    "listmonk": {"uuid", "email", "attributes", "status"},
    "Mautic": {"email", "date_identified", "points"},
}
#: Headings that tell the decision of all rows: Mailchimp writes one file for each status.
KINDS = {"Mailchimp": {"unsub_time": "deny", "clean_time": "", "confirm_time": "grant"}}


def guess_mapping(headings: Sequence[str]) -> Guess:
    """Return the likely tool and mapping of a file with these headings."""
    small = [each.strip().lower() for each in headings]
    tool = next((name for name, has in TOOLS.items() if has <= set(small)), "")
    columns: dict[str, str] = {}
    # Our own names take precedence over those of tools. In `KNOWN` order decides, because an export
    # has several columns with times.
    for known in ({each: each for each in (*LONGEST_FIELDS, *FLAGS)}, KNOWN):
        for name, target in known.items():
            if name in small and (target == EVIDENCE_COLUMN or target not in columns.values()):
                columns.setdefault(headings[small.index(name)], target)
    _keep_one_contact(columns, is_export=bool(tool))
    kinds = KINDS.get(tool, {})
    decision = next((word for name, word in kinds.items() if name in small), "")
    return Guess(tool, columns, decision)


def _keep_one_contact(columns: dict[str, str], *, is_export: bool) -> None:
    """Remove phone and hash columns if there is an email column: a row is about one address.

    A file with our column names that is not a tool's export keeps them. Each of its rows may have a
    different one.
    """
    if "email" not in columns.values():
        return
    for heading, target in list(columns.items()):
        if target in ("phone", "sha256") and (is_export or heading not in LONGEST_FIELDS):
            del columns[heading]


# -- Applying --------------------------------------------------------------------------------------


def apply_mapping(lines: Iterable[Line], chosen: ColumnMapping) -> Iterator[Line]:
    """Yield each row with our columns. Bad rows pass unchanged."""
    for line in lines:
        yield line if isinstance(line, BadRow) else convert_value(line, chosen)


def convert_value(line: Mapping[str, Any], chosen: ColumnMapping) -> dict[str, Any]:
    """Return one row of the file with our columns."""
    given: dict[str, Any] = {}
    joined: list[str] = []
    for column, target in chosen.columns.items():
        value = _text(line.get(column))
        if not value:
            continue
        if target == EVIDENCE_COLUMN:
            joined.append(f"{column}: {value}")
        else:
            given[target] = value
    _decide(given, chosen.decision)
    if "decision" in given:
        _fill(given, joined, chosen)
    else:
        for name in OF_CHOICES:
            given.pop(name, None)
    return given


def _text(value: object) -> str:
    """Return a value as CSV would have it, because NDJSON also has other types."""
    if value is None:
        return ""
    return (str(value).lower() if isinstance(value, bool) else str(value)).strip()


def _decide(given: dict[str, Any], default: str) -> None:
    """Reduce the columns to a single decision. A refusal overrides a grant.

    An unknown word is left unchanged, so that the reader rejects it.
    """
    said = [_read_word(given.pop("decision"))] if "decision" in given else []
    said += [_read_flag(given.pop(name), means) for name, means in FLAGS.items() if name in given]
    words = [word for word in said if word]
    unknown = [word for word in words if word not in ("grant", "deny")]
    if decision := next(iter([*unknown, *sorted(words)]), "" if said else default):
        given["decision"] = decision


def _read_word(text: str) -> str:
    word = text.lower()
    if word in NO_DECISION:
        return ""
    if word in NOES or word in YESES:
        return "deny" if word in NOES else "grant"
    return DECISIONS.get(word, text)


def _read_flag(text: str, means: str) -> str:
    word = text.lower()
    return means if word in TRUE else "" if word in FALSE else text


def _fill(given: dict[str, Any], joined: Sequence[str], chosen: ColumnMapping) -> None:
    """Fill in defaults, and write times as the reader expects them."""
    for name in ("purpose", "channel"):
        if default := getattr(chosen, name):
            given.setdefault(name, default)
    if default := chosen.evidence if given["decision"] == "grant" else "":
        joined = [default, *joined]
    if joined:
        given["evidence"] = "; ".join(joined)
    for name in ("made_at", "expires_at"):
        if name in given:
            given[name] = read_time(given[name], chosen)
    if chosen.made_at and "made_at" not in given:
        given["made_at"] = read_time(chosen.made_at, replace(chosen, dates="ymd"))


def read_time(text: str, chosen: ColumnMapping) -> str:
    """Return a tool's time in RFC 3339 format.

    A text that is not a time is returned unchanged, so that the reader rejects it.
    """
    moment = _find_moment(text, chosen)
    return moment.isoformat() if moment else text


def is_year_first_time(text: str) -> bool:
    """Return whether *text* is a time with the year first."""
    return _find_moment(text, ColumnMapping({})) is not None


def _find_moment(text: str, chosen: ColumnMapping) -> datetime | None:
    if not (found := TIME.fullmatch(text)):
        return None
    *numbers, zone = found.groups()
    first, second, third, hour, minute, seconds = (int(each or 0) for each in numbers)
    if len(numbers[0]) == 4:
        day = first, second, third
    elif chosen.dates == "ymd":
        return None
    else:
        day = _order(first, second, third, chosen.dates)
    known = _find_zone(zone) if zone else ZoneInfo(chosen.zone)
    try:
        return datetime(*day, hour, minute, seconds, tzinfo=known)
    except ValueError:
        return None


def _find_zone(zone: str) -> tzinfo:
    """Return the time zone of a text such as Z, UTC, GMT, +01:00 or +0100."""
    if zone[0] not in "+-":
        return UTC
    offset = timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:]))
    return timezone(-offset if zone[0] == "-" else offset)


def _order(first: int, second: int, third: int, dates: str) -> tuple[int, int, int]:
    return (third, second, first) if dates == "dmy" else (third, first, second)
