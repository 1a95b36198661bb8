"""Exports of six tools: how columns are mapped and values converted."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from consent.imports import mapping, sources
from consent.imports.mapping import ColumnMapping, convert_value, read_time
from consent.imports.rows import BadRow
from tests.conftest import ROOT

EXPORTS = ROOT / "tests/cmr/console/exports"
OLGA, PAUL, RITA = "olga.baum@example.com", "paul.kern@example.org", "rita.vogel@example.com"
#: By the file: the tool, and what becomes of each row: address, decision and when.
BECOMES = {
    "mailchimp_subscribed": ("Mailchimp", [
        (OLGA, "grant", "2023-05-04T08:01:10+00:00"),
        (PAUL, "grant", "2022-01-09T19:30:00+00:00"),
        ("not an address", "grant", "2022-02-01T10:00:00+00:00"),
    ]),
    "mailchimp_unsubscribed": ("Mailchimp", [(RITA, "deny", "2023-08-01T06:30:00+00:00")]),
    "klaviyo": ("Klaviyo", [
        (OLGA, "grant", "2023-05-04T08:01:10+00:00"),
        (PAUL, None, None),
        (RITA, "deny", "2023-08-01T06:30:00+00:00"),
    ]),
    "hubspot": ("HubSpot", [(OLGA, None, None), (RITA, "deny", None)]),
    "brevo": ("Brevo", [(OLGA, "grant", None), (RITA, "deny", None)]),
    "listmonk": ("listmonk", [(OLGA, None, None), (RITA, "deny", None)]),
    "mautic": ("Mautic", [(OLGA, None, None), (RITA, "deny", None)]),
}  # fmt: skip


def open_export(path: Path) -> sources.Source:
    return sources.open_source(io.BytesIO(path.read_bytes()), form="csv", encoding="utf-8")


@pytest.mark.parametrize("name", BECOMES)
def test_guess_mapping_export_of_tool_maps_columns(name: str) -> None:
    source = open_export(EXPORTS / f"{name}.csv")
    guess = mapping.guess_mapping(source.headings)
    chosen = ColumnMapping(
        guess.columns, purpose="marketing", channel="email", decision=guess.decision
    )
    rows = []
    for line in source.lines:
        assert not isinstance(line, BadRow), line.line
        row = convert_value(line, chosen)
        rows.append((row["email"], row.get("decision"), row.get("made_at")))
        assert ("purpose" in row) == ("decision" in row)
    assert (guess.tool, rows) == BECOMES[name]


def test_exports_of_tools_are_all_tested() -> None:
    assert {each.stem for each in EXPORTS.glob("*.csv")} == set(BECOMES)


def test_guess_mapping_own_columns_map_to_themselves() -> None:
    ours = ["email", "ref", "decision", "made_at", "evidence", "status"]
    assert mapping.guess_mapping(ours).columns == {each: each for each in ours[:-1]}


@pytest.mark.parametrize(
    ("heading", "flag"),
    [
        ("opted_out", "opted_out"),
        ("Opted-out", "opted_out"),
        ("Unsubscribed", "opted_out"),
        ("opted_in", "opted_in"),
        ("Opt-in", "opted_in"),
    ],
)
def test_guess_mapping_flag_column_becomes_decision(heading: str, flag: str) -> None:
    guess = mapping.guess_mapping(["email", "status", heading])
    assert guess.columns == {"email": "email", "status": "decision", heading: flag}
    row = {"email": RITA, "status": "subscribed", heading: "true"}
    decision = convert_value(row, ColumnMapping(guess.columns))["decision"]
    assert decision == {"opted_out": "deny", "opted_in": "grant"}[flag]


@pytest.mark.parametrize(
    ("row", "decision"),
    [
        ({"opted_out": "TRUE"}, "deny"),
        ({"opted_out": "false"}, None),
        ({"opted_in": "1"}, "grant"),
        ({"opted_in": "0"}, None),
        ({"opted_in": "yes", "opted_out": "yes"}, "deny"),
        ({"opted_in": True}, "grant"),
        ({"opted_out": "perhaps"}, "perhaps"),
        ({"decision": "cleaned"}, None),
        ({"decision": "true"}, "true"),
        ({"decision": "subscribed", "opted_out": "1"}, "deny"),
        ({"decision": "perhaps", "opted_out": "1"}, "perhaps"),
    ],
)
def test_convert_value_unclear_row_is_never_grant(
    row: dict[str, object], decision: str | None
) -> None:
    """Where columns differ a no counts, and a word that nobody knows stays for the reader."""
    chosen = ColumnMapping({each: each for each in row}, decision="")
    assert convert_value(row, chosen).get("decision") == decision


def test_convert_value_default_decision_fills_empty_only() -> None:
    chosen = ColumnMapping({"status": "decision"}, decision="grant")
    assert "decision" not in convert_value({"status": "pending"}, chosen)
    assert convert_value({"status": ""}, chosen)["decision"] == "grant"


def test_convert_value_evidence_is_joined_for_grants_only() -> None:
    chosen = ColumnMapping(
        {"IP": "evidence", "Form": "evidence", "s": "decision"}, evidence="Our site"
    )
    row = {"IP": "192.0.2.1", "Form": "Footer", "s": "yes"}
    assert convert_value(row, chosen)["evidence"] == "Our site; IP: 192.0.2.1; Form: Footer"
    assert convert_value(row | {"s": "no", "IP": ""}, chosen)["evidence"] == "Form: Footer"


@pytest.mark.parametrize(
    ("text", "dates", "zone", "read"),
    [
        ("2024-03-01 10:00:00", "ymd", "UTC", "2024-03-01T10:00:00+00:00"),
        ("2024-07-01 10:00", "ymd", "Europe/Berlin", "2024-07-01T10:00:00+02:00"),
        ("2024-07-01 10:00:00 +0000", "ymd", "Europe/Berlin", "2024-07-01T10:00:00+00:00"),
        ("2024-07-01T10:00:00.123Z", "ymd", "Europe/Berlin", "2024-07-01T10:00:00+00:00"),
        ("2024-07-01 10:00:00-05:30", "ymd", "UTC", "2024-07-01T10:00:00-05:30"),
        ("03.04.2024", "dmy", "UTC", "2024-04-03T00:00:00+00:00"),
        ("3/4/2024 9:05", "mdy", "UTC", "2024-03-04T09:05:00+00:00"),
        ("03/04/2024", "ymd", "UTC", "03/04/2024"),
        ("2024-02-30", "ymd", "UTC", "2024-02-30"),
        ("yesterday", "dmy", "UTC", "yesterday"),
    ],
)
def test_read_time_formats_of_tools_are_read(text: str, dates: str, zone: str, read: str) -> None:
    """A day that could be a month is refused where nobody said which it is."""
    assert read_time(text, ColumnMapping({}, zone=zone, dates=dates)) == read
