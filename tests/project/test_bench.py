"""The bench measures what it says: its people answer as people do, its table keeps its figures."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from pytest_django.live_server_helper import LiveServer

from brands.events import schemas
from brands.models import Brand, Event, StreamHead
from cmr.models import AccessToken
from consent.checks import single
from consent.checks.single import Asked
from consent.decision.resolution import Decision
from consent.identity.identifiers import Contact
from consent.models import Identifier, LedgerEntry, Preference, Relationship, Subject
from tests.bench import figures, load, pgbench, population, work
from tests.bench.databases import Database
from tests.bench.figures import Row, Sample, compare
from tests.conftest import EMAIL
from tests.ownership import as_owner

PREFERENCES = 3_000
NOW = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.fixture
def filled(db: None) -> population.Filled:
    with as_owner():
        return population.fill(PREFERENCES, show=False)


def indexes() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE tablename LIKE 'consent%'")
        return {definition for (definition,) in cursor.fetchall()}


def constraints() -> set[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint")
        return set(cursor.fetchall())


def ask(brand: Brand, number: int) -> Decision:
    contact = Contact(email=population.email(number))
    return single.check_contact(Asked(brand.pk, contact, "marketing", "email"), now=NOW)


def test_there_are_as_many_as_were_asked_for(filled: population.Filled) -> None:
    assert PREFERENCES <= filled.preferences == Preference.objects.count() < PREFERENCES + 1_000
    assert filled.people == Subject.objects.count() == Identifier.objects.count()
    assert LedgerEntry.objects.count() == filled.preferences


def test_a_quarter_has_the_biggest_brand(filled: population.Filled) -> None:
    biggest = Relationship.objects.filter(brand__slug="brand-0").count()
    assert 0.15 < biggest / filled.people < 0.35


def test_people_have_few_brands_or_many(filled: population.Filled) -> None:
    of_people = [subject.relationships.count() for subject in Subject.objects.all()]
    assert min(of_people) == 1
    assert 30 < max(of_people) <= population.MOST_BRANDS
    assert sorted(of_people)[len(of_people) // 2] <= 4


def test_every_row_points_at_one_that_is_there(filled: population.Filled) -> None:
    assert not Preference.objects.exclude(entry__in=LedgerEntry.objects.all()).exists()
    for model in (Preference, LedgerEntry, Relationship, Identifier):
        assert not model._default_manager.exclude(subject__in=Subject.objects.all()).exists()
        assert not model._default_manager.filter(subject=None).exists()


def test_indexes_and_constraints_are_put_back(db: None) -> None:
    before = indexes(), constraints()
    with as_owner():
        population.fill(PREFERENCES, show=False)
    assert (indexes(), constraints()) == before


def test_the_next_identifier_has_a_free_number(filled: population.Filled) -> None:
    subject = Subject.objects.create()
    assert Identifier.objects.create(digest=b"new", subject=subject).pk > filled.people


def test_people_are_answered_for_by_the_rule(filled: population.Filled) -> None:
    brand = Brand.objects.get(slug="brand-0")
    mine = Relationship.objects.filter(brand=brand).values("subject")
    numbers = Identifier.objects.filter(subject__in=mine).values_list("pk", flat=True)
    rules = {ask(brand, number).rule for number in numbers}
    assert {"person_granted", "person_denied"} == rules


def test_brands_are_told_of_every_choice_and_beginning(filled: population.Filled) -> None:
    mine = LedgerEntry.objects.exclude(brand=None).count()
    assert Event.objects.filter(type="relationship.started").count() == Relationship.objects.count()
    assert Event.objects.exclude(type="relationship.started").count() >= mine
    for head in StreamHead.objects.all():
        told = Event.objects.filter(brand=head.brand).order_by("sequence")
        assert [event.sequence for event in told] == list(range(1, head.last_sequence + 1))


def test_what_they_are_told_looks_like_the_real_thing(filled: population.Filled) -> None:
    real = schemas.build_event_example("preference.denied")
    made = json.loads(bytes(Event.objects.filter(type="preference.denied")[0].body))
    assert (made.keys(), made["data"].keys()) == (real.keys(), real["data"].keys())
    assert made["data"]["scope"].keys() == real["data"]["scope"].keys()


def test_a_stranger_is_a_stranger(filled: population.Filled) -> None:
    brand = Brand.objects.get(slug="brand-0")
    assert ask(brand, 10**9).rule == "no_relationship"


def test_the_ratio_is_the_median_of_the_rounds_ratios() -> None:
    ours, limits = iter([9, 50.0, 60.0, 500.0]), iter([9, 100.0, 100.0, 1000.0])
    row = compare(
        "check",
        lambda: Sample(next(ours), [0.001, 0.002, 0.009]),
        lambda: Sample(next(limits)),
        unit="requests/s",
        rounds=3,
    )
    assert (row.ours, row.limit, row.ratio) == (60, 100, 0.5)
    assert (row.p50_ms, row.p99_ms, row.rounds) == (2, 9, 3)


def test_a_missing_endpoint_is_a_skipped_row() -> None:
    row = compare("checks_10k", answers_404, answers_404, unit="contacts/s", rounds=3)
    assert row.ours is None
    assert "404" in row.note


def test_any_other_refusal_is_an_error() -> None:
    def fails() -> Sample:
        raise load.Refused(500, b"")

    with pytest.raises(load.Refused):
        compare("check", fails, fails, unit="requests/s", rounds=1)


def answers_404() -> Sample:
    raise load.Refused(404, b"")


ROWS = [
    Row("check", "requests/s", 900.0, 1500.0, 0.6, 8.1, 20.2, 7),
    Row("checks_10k", "contacts/s", note="skipped"),
]


def test_the_table_has_a_line_a_row_and_the_notes_below() -> None:
    head, check, skipped, note = figures.table(ROWS).splitlines()
    assert head.split() == "ours limit ratio unit p50 ms p99 ms rounds".split()
    assert check.split() == "check 900 1,500 0.6 requests/s 8.1 20.2 7".split()
    assert skipped.split() == "checks_10k – – – contacts/s – – 0".split()
    assert note == "checks_10k: skipped"


def test_the_file_has_the_figures(tmp_path: Path) -> None:
    figures.write(ROWS, tmp_path / "new" / "bench.json")
    check, skipped = json.loads((tmp_path / "new" / "bench.json").read_bytes())
    names = "name unit ours limit ratio p50_ms p99_ms rounds"
    assert set(check) == set(names.split())
    assert skipped["note"] == "skipped"
    assert skipped["ours"] is None


#: Of the lines of `choice.sql` that are not comments.
DIGEST = "c2e3370a82e46f34b07a7ceb23da2b8fffc2b71b6d6af67b778184f796e89882"


def test_statements_of_pgbench_are_those_of_the_first_release() -> None:
    lines = pgbench.SCRIPT.read_text().splitlines()
    statements = "\n".join(line for line in lines if not line.startswith("--"))
    assert hashlib.sha256(statements.encode()).hexdigest() == DIGEST, (
        "tests/bench/choice.sql is the limit of the row `choice` and stays as it was in 0.1.0, "
        "because ratios of before and after a change can only be compared if both have the same "
        "limit. If a migration makes a statement fail, write a new script beside it, with a row "
        "of its own."
    )


@pytest.mark.django_db(transaction=True)
def test_pgbench_runs_its_script(ana_token: str, met: Relationship) -> None:
    url = _url_of(connection.settings_dict)
    database = Database(url, url)
    chooser = {
        "prefix": AccessToken.objects.get().prefix,
        "subject": met.subject_id,
        "brand_id": met.brand_id,
        "brand": met.brand.slug,
    }
    try:
        pgbench.prepare(database, [chooser])
        assert pgbench.choices_per_second(database, choosers=1, clients=1, seconds=1) > 0
    finally:
        with as_owner(), connection.cursor() as cursor:
            cursor.execute("DROP TABLE IF EXISTS bench_chooser")
    assert LedgerEntry.objects.filter(subject=met.subject_id, decision="deny").exists()


def _url_of(database: dict[str, Any]) -> str:
    who = f"{database['USER']}:{database['PASSWORD']}"
    return f"postgres://{who}@{database['HOST']}:{database['PORT']}/{database['NAME']}"


@pytest.mark.django_db(transaction=True)
def test_pairs_of_requests_take_turns(live_server: LiveServer, acme_key: str) -> None:
    port = int(live_server.url.rpartition(":")[2])
    asked = b'{"contact": {"email": "%s"}, "purpose": "marketing", "channel": "email"}'
    known, nobody = (
        load.request("/api/v1/check", asked % email, bearer=acme_key)
        for email in (EMAIL.encode(), b"nobody@example.org")
    )
    took = load.time_pairs(port, [(known, nobody)] * 4)
    assert [len(side) for side in took] == [4, 4]
    pairs = work.Pairs(port, iter([(known, nobody)] * work.PAIRS))
    assert pairs.known().figure > 0 and pairs.nobody().figure > 0
    assert len(pairs.others) == work.PAIRS
