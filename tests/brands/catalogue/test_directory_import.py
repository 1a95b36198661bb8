"""Importing companies: all or nothing, repeatable, bad lines reported."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from brands.catalogue import directory_import
from brands.models import Brand

pytestmark = pytest.mark.django_db

GOOD = {
    "slug": "blue-shop",
    "name": "Blue Shop GmbH",
    "runs": ["Blue", "Bleu"],
    "web": "https://blue.example",
    "categories": ["commerce"],
    "relevant-countries": ["de", "at"],
    "email": "privacy@blue.example",
    "needs-id-document": False,
}


def line(**changes: object) -> bytes:
    return json.dumps(GOOD | changes).encode()


def test_import_new_company_creates_brand() -> None:
    assert directory_import.import_lines([line()]).created == 1
    brand = Brand.objects.get(slug="blue-shop")
    assert (brand.name, brand.also_known_as, brand.countries) == (
        "Blue Shop GmbH",
        ["Blue", "Bleu"],
        ["de", "at"],
    )


def test_import_again_changes_only_differences() -> None:
    lines = [line(), line(slug="red-shop", name="Red Shop")]
    directory_import.import_lines(lines)
    again = directory_import.import_lines(lines)
    assert (again.created, again.updated, again.unchanged) == (0, 0, 2)
    changed = directory_import.import_lines([line(name="Blue Shop SE"), lines[1]])
    assert (changed.created, changed.updated, changed.unchanged) == (0, 1, 1)
    assert Brand.objects.get(slug="blue-shop").name == "Blue Shop SE"


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (b"{not json", "not JSON"),
        (b'\xff\xfe"', "not JSON"),
        (b"[1]", "not a JSON object"),
        (b"[" * 100_000, "not JSON"),
        (line(slug=""), "slug"),
        (line(slug="has space"), "slug"),
        (line(slug=None), "slug: not a text"),
        (line(name=""), "name"),
        (line(name="x" * 301), "name"),
        (line(name="a\0b"), "name: contains a NUL"),
        (line(categories="commerce"), "categories: not a list"),
        (line(categories=[1]), "categories: not a list"),
        (line(**{"relevant-countries": ["far-too-long"]}), "relevant-countries"),
    ],
)
def test_import_bad_line_is_reported_and_others_are_kept(bad: bytes, reason: str) -> None:
    outcome = directory_import.import_lines([line(), bad, b"\n", line(slug="red-shop")])
    ((number, said),) = outcome.skipped
    assert number == 2
    assert reason in said
    assert outcome.created == 2


def test_import_same_slug_twice_is_bad_line() -> None:
    outcome = directory_import.import_lines([line(), line(name="Other")])
    assert outcome.skipped == [(2, "slug 'blue-shop' is already on line 1")]
    assert Brand.objects.get(slug="blue-shop").name == "Blue Shop GmbH"


def test_import_crash_stores_nothing() -> None:
    def crash(read: bytes) -> None:
        if b"red-shop" in read:
            raise SystemExit

    many = [line(slug=f"shop-{n}") for n in range(directory_import.BATCH + 1)]
    with pytest.raises(SystemExit):
        directory_import.import_lines([*many, line(slug="red-shop")], seen=crash)
    assert not Brand.objects.exists()


def test_command_reports_counts_and_bad_lines(tmp_path: Path) -> None:
    file = tmp_path / "companies.jsonl"
    file.write_bytes(b"\n".join([line(), b"nonsense"]))
    out, err = StringIO(), StringIO()
    call_command("import_directory", str(file), stdout=out, stderr=err)
    assert out.getvalue() == "1 created, 0 updated, 0 unchanged, 1 skipped\n"
    assert f"{file}:2: skipped: not JSON" in err.getvalue()


def test_command_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="No such file"):
        call_command("import_directory", str(tmp_path / "none.jsonl"))
