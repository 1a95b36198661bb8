"""CSV files: their form, and which cells a spreadsheet could run."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from core.csv import FORMULA_START, write_csv


def test_write_csv_lines_end_with_cr_lf_in_utf_8() -> None:
    rows = [("name", "note"), ("Zoë", 'a "b", c'), ("two\nlines", None)]
    written = write_csv(rows, for_people=False).decode()
    assert written == 'name,note\r\nZoë,"a ""b"", c"\r\n"two\nlines",\r\n'


def test_write_csv_times_and_booleans_are_as_in_json() -> None:
    moment = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    row = [moment, date(2026, 1, 2), True, 1.5]
    for for_people in (True, False):
        written = write_csv([row], for_people=for_people)
        assert written == b"2026-01-02T03:04:05Z,2026-01-02,true,1.5\r\n"


@pytest.mark.parametrize("start", FORMULA_START)
def test_write_csv_for_people_has_no_formula(start: str) -> None:
    (plain,) = write_csv([[f"{start}1+1"]], for_people=True).decode().splitlines()[:1]
    assert plain.lstrip('"').startswith("'")
    raw = write_csv([[f"{start}1+1"]], for_people=False).decode()
    assert raw.strip('"\r\n\t') == f"{start}1+1".strip("\r\t")


def test_write_csv_for_people_keeps_negative_numbers() -> None:
    assert write_csv([[-1, -0.5, "-1"]], for_people=True) == b"-1,-0.5,'-1\r\n"
