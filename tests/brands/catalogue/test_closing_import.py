"""How to close accounts: found by domain, repeatable, bad entries reported."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from brands.catalogue import closing_import
from brands.catalogue.closing_import import NotAnArray
from brands.catalogue.directory_import import ImportOutcome
from brands.models import Brand
from consent.models import Relationship

pytestmark = pytest.mark.django_db

GOOD = {
    "name": "Blue Shop",
    "url": "https://blue.example/account/close",
    "difficulty": "hard",
    "notes": "Write to [their support](https://blue.example/help) and wait.",
    "notes_de": "Schreiben Sie dem Support.",
    "email": "close@blue.example",
    "email_subject": "Close my account",
    "domains": ["www.blue.example", "blue.example"],
    "meta": "popular",
}


def entry(**changes: object) -> dict[str, object]:
    return GOOD | changes


def run(*entries: object) -> ImportOutcome:
    return closing_import.import_closing_entries(json.dumps(entries).encode())


def count(outcome: ImportOutcome) -> tuple[int, int, int, int]:
    return outcome.created, outcome.updated, outcome.unchanged, len(outcome.skipped)


@pytest.fixture
def blue(db: None) -> Brand:
    return Brand.objects.create(
        slug="blue", name="Blue GmbH", website="https://www.blue.example/de"
    )


def test_import_sets_how_to_close_an_account_of_a_known_brand(blue: Brand) -> None:
    assert count(run(entry())) == (0, 1, 0, 0)
    blue.refresh_from_db()
    assert (blue.slug, blue.name) == ("blue", "Blue GmbH")
    assert blue.closing_url == "https://blue.example/account/close"
    assert (blue.closing_difficulty, blue.closing_email) == ("hard", "close@blue.example")
    assert blue.closing_notes == {
        "en": "Write to their support (https://blue.example/help) and wait.",
        "de": "Schreiben Sie dem Support.",
    }


def test_import_again_changes_only_differences(blue: Brand) -> None:
    red = entry(name="Red", domains=["red.example"])
    assert count(run(entry(), red)) == (1, 1, 0, 0)
    assert count(run(entry(), red)) == (0, 0, 2, 0)
    assert count(run(entry(difficulty="easy", notes=""), red)) == (0, 1, 1, 0)
    blue.refresh_from_db()
    assert blue.closing_notes == {"de": "Schreiben Sie dem Support."}


@pytest.mark.parametrize(
    "domains", [["blue.example"], ["login.blue.example"], ["none", "WWW.Blue.example"]]
)
def test_brand_is_found_by_its_organisational_domain(domains: list[str], blue: Brand) -> None:
    assert count(run(entry(domains=domains))) == (0, 1, 0, 0)


def test_entry_without_a_brand_becomes_a_listed_brand() -> None:
    assert count(run(entry())) == (1, 0, 0, 0)
    brand = Brand.objects.get()
    assert (brand.slug, brand.name, brand.website) == (
        "blue-shop",
        "Blue Shop",
        "https://blue.example",
    )
    assert not brand.test


def test_taken_slug_gets_the_host_s(db: None) -> None:
    Brand.objects.create(slug="blue-shop", name="Another", website="https://another.example")
    run(entry())
    assert Brand.objects.get(slug="blue-example").closing_difficulty == "hard"


def test_test_brands_are_left_alone() -> None:
    Brand.objects.create(slug="t", name="T", website="https://blue.example", test=True)
    assert count(run(entry())) == (1, 0, 0, 0)


def test_domain_of_several_brands_is_decided_by_name_or_not(blue: Brand) -> None:
    other = Brand.objects.create(slug="blue-2", name="Blue Travel", website="https://blue.example")
    assert run(entry()).skipped == [(1, "domains: several brands have them: blue, blue-2")]
    assert count(run(entry(name="blue travel"))) == (0, 1, 0, 0)
    other.refresh_from_db()
    assert other.closing_difficulty == "hard"


def test_second_entry_of_a_brand_is_skipped_and_the_exact_host_wins(blue: Brand) -> None:
    maps = entry(name="Blue Maps", domains=["maps.blue.example"], difficulty="easy")
    for again in (False, True):
        outcome = run(maps, entry())
        assert outcome.skipped == [(1, "entry 2 is about the same brand, blue")]
        assert (outcome.updated, outcome.unchanged) == ((0, 1) if again else (1, 0))
    blue.refresh_from_db()
    assert blue.closing_difficulty == "hard"


def test_entries_that_share_domains_find_the_same_brands_again() -> None:
    entries = [
        entry(name="Second", domains=["x.example", "b.example"]),
        entry(name="First", domains=["b.example", "a.example"]),
        entry(name="Third", domains=["a.example", "b.example"]),
        entry(name="Fourth", domains=["shop.b.example", "a.example"]),
    ]
    first = run(*entries)
    assert count(first) == (2, 0, 0, 2)
    second = run(*entries)
    assert count(second) == (0, 0, 2, 2)
    assert second.skipped == first.skipped


def test_brand_that_another_entry_creates_is_not_taken_over_later(blue: Brand) -> None:
    entries = [
        entry(name="Travel", domains=["new.example", "blue.example"]),
        entry(name="New", domains=["new.example"], difficulty="easy"),
    ]
    assert count(run(*entries)) == (1, 1, 0, 0)
    assert count(run(*entries)) == (0, 0, 2, 0)
    blue.refresh_from_db()
    assert blue.closing_difficulty == "hard"


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ("text", "not a JSON object"),
        (entry(name=""), "name: missing"),
        (entry(name=7), "name: not a text"),
        (entry(name="x" * 301), "name: longer than 300"),
        (entry(name="a\0b"), "name: contains a NUL"),
        (entry(name="\u200b", domains=["new.example"]), "name"),
        (entry(url="blue.example/close"), "url: not a web address"),
        (entry(url="javascript:alert(1)"), "url: not a web address"),
        (entry(url="https.//blue.example"), "url: not a web address"),
        (entry(difficulty="tricky"), "difficulty: not one of easy"),
        (entry(difficulty=None), "difficulty: not a text"),
        (entry(domains="blue.example"), "domains: not a list"),
        (entry(domains=[]), "domains: none is a domain"),
        (entry(domains=["localhost", "co.uk"]), "domains: none is a domain"),
        (entry(domains=[1]), "domains: not a list"),
        (entry(notes="x" * 4_001), "notes: longer than 4000"),
        (entry(notes_de=["x"]), "notes_de: not a text"),
        (entry(email="not an address"), "email: not an address"),
    ],
)
def test_bad_entry_is_reported_and_others_are_kept(bad: object, reason: str, blue: Brand) -> None:
    outcome = run(bad, entry())
    ((number, said),) = outcome.skipped
    assert number == 1
    assert reason in said
    assert outcome.updated == 1


@pytest.mark.parametrize("text", [b"{}", b'"x"', b"[{", b"", b"[" * 100_000])
def test_file_that_is_no_array_is_refused(text: bytes) -> None:
    with pytest.raises(NotAnArray):
        closing_import.import_closing_entries(text)


@pytest.mark.parametrize("before", ["", "\n  ", "\ufeff"])
def test_command_recognises_the_format(before: str, tmp_path: Path, blue: Brand) -> None:
    file = tmp_path / "sites.json"
    file.write_text(before + json.dumps([entry(), entry(name="")], indent=4), encoding="utf-8")
    out, err = StringIO(), StringIO()
    call_command("import_directory", str(file), stdout=out, stderr=err)
    assert out.getvalue() == "0 created, 1 updated, 0 unchanged, 1 skipped\n"
    assert f"{file}:2: skipped: name: missing" in err.getvalue()


def test_command_refuses_half_an_array(tmp_path: Path) -> None:
    file = tmp_path / "sites.json"
    file.write_text('[{"name": "Blue"')
    with pytest.raises(CommandError, match="not JSON"):
        call_command("import_directory", str(file))


# -- The page of a brand -------------------------------------------------------------------------


@pytest.mark.parametrize("is_met", [True, False])
def test_page_of_a_brand_says_how_to_close_an_account(
    is_met: bool, browser: Client, met: Relationship
) -> None:
    brand = met.brand if is_met else Brand.objects.create(slug="blue", name="Blue")
    page = browser.get(f"/brands/{brand.slug}").content.decode()
    assert "How to close your account" not in page
    Brand.objects.filter(pk=brand.pk).update(website="https://blue.example")
    run(entry(notes="<b>Write</b>"))
    page = browser.get(f"/brands/{brand.slug}").content.decode()
    assert "How to close your account: hard: you have to ask them" in page
    assert 'href="https://blue.example/account/close"' in page
    assert "&lt;b&gt;Write&lt;/b&gt;" in page
    german = browser.get(f"/brands/{brand.slug}", headers={"accept-language": "de"})
    assert "Schreiben Sie dem Support." in german.content.decode()
