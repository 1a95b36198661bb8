"""Query plans of frequent statements: one row per person, never a whole table.

Plans are generic, as in production, so they do not depend on whom a test happens to ask about.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext

from brands import events
from brands.credentials import brand_keys
from brands.events import notify, stream
from brands.models import Brand
from brands.webhooks import leases
from cmr.sign_in import access_tokens
from consent.brand_events import recipients
from consent.checks import bulk, frequency_caps, single, suppressions
from consent.identity.identifiers import Contact
from consent.ledger import (
    appending,
    attribution,
    notifying,
    person_lock,
    plain_choices,
    previous_decisions,
)
from consent.models import Ending, Identifier, LedgerEntry, Propagation, Relationship
from consent.preferences import projection
from consent.reporting import counters
from consent.reporting.reports import catalogue
from consent.rules import scope_names
from core.db import new_id
from core.db.prepared import Statement
from tests.bench import population
from tests.ownership import as_owner

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 22, tzinfo=UTC)
PREFERENCES = 30_000
#: What grows with people, brands and time. A plan may read the others whole: they are short.
GROWING = {
    *("consent_subject", "consent_identifier", "consent_relationship", "consent_preference"),
    *("consent_ledgerentry", "consent_send", "consent_propagation", "consent_ending"),
    *("brands_brand", "brands_event", "brands_streamhead", "brands_attempt"),
}
#: Pages that a lookup of one person may touch, index pages included.
PAGES = 60

Plan = dict[str, Any]


@pytest.fixture(scope="module")
def filled(django_db_setup: None, django_db_blocker: Any) -> Iterator[Brand]:
    """A brand that a quarter of many people have; put away at the end of these tests."""
    from django.test import TestCase

    with django_db_blocker.unblock():
        atomics = TestCase._enter_atomics()  # type: ignore[attr-defined]
        try:
            with as_owner():
                population.fill(PREFERENCES, show=False)
            yield Brand.objects.get(slug="brand-0")
        finally:
            TestCase._rollback_atomics(atomics)  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def counted(filled: Brand, django_db_blocker: Any) -> None:
    """The biggest brand counted, as reports read it: plans by indexes ask for no more rows."""
    with django_db_blocker.unblock():
        counters.rebuild_brand_counts(filled.pk)
        counters.rebuild_total_counts()


@pytest.fixture
def person(filled: Brand) -> Relationship:
    """Somebody who has the brand."""
    return Relationship.objects.filter(brand=filled).order_by("subject")[100]


def explain(
    statement: Statement, values: dict[str, Any], *, again: dict[str, Any] | None = None
) -> Plan:
    """What PostgreSQL does, and did, to answer it. It runs twice, then with the values *again*."""
    statement.ask(values)
    with connection.cursor() as cursor:
        marks = ", ".join(["%s"] * len(statement.names))
        given = [(values | (again or {}))[name] for name in statement.names]
        execute = f"EXECUTE {statement.id.decode()}" + (f"({marks})" if marks else "")
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {execute}", given)
        plan: Plan = cursor.fetchone()[0][0]["Plan"]
        return plan


@contextmanager
def by_indexes() -> Iterator[Any]:
    """Where a table is empty: an index that fits is taken though reading nothing costs less."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        yield cursor
        transaction.set_rollback(True)


def nodes(plan: Plan) -> Iterator[Plan]:
    yield plan
    for child in plan.get("Plans", []):
        yield from nodes(child)


def read_whole(plan: Plan) -> set[str]:
    scans = (each for each in nodes(plan) if each["Node Type"] == "Seq Scan")
    return {each["Relation Name"] for each in scans} & GROWING


def pages(plan: Plan) -> int:
    return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])


def about(person: Relationship, **more: Any) -> dict[str, Any]:
    """A value for every name that a statement may have."""
    number = Identifier.objects.get(subject=person.subject_id).pk
    contact = Contact(email=population.email(number))
    question = single.build_query_values(contact, "marketing", "email", None)
    return question | {
        "brand": person.brand_id,
        "prefix": "0" * 16,
        "by_brand": False,
        "now": NOW,
        "subject": person.subject_id,
        "person": person.person_id,
        "id": person.subject_id,
        **more,
    }


@pytest.mark.parametrize("is_ref", [False, True])
def test_plan_of_check_reads_one_person(is_ref: bool, person: Relationship) -> None:
    Relationship.objects.filter(pk=person.pk).update(ref="A-1")
    plan = explain(single.BY_BRAND[is_ref], about(person, ref="A-1"))
    assert plan["Actual Rows"] >= 1
    assert read_whole(plan) == set()
    assert pages(plan) < PAGES


@pytest.mark.parametrize("is_ref", [False, True])
def test_plan_of_check_by_key_reads_one_person(is_ref: bool, person: Relationship) -> None:
    key = brand_keys.issue_key(person.brand, name="plans")
    Relationship.objects.filter(pk=person.pk).update(ref="A-1")
    plan = explain(single.CHECK_BY_KEY[is_ref], about(person, ref="A-1", prefix=key.split("_")[2]))
    assert plan["Actual Rows"] >= 1
    assert read_whole(plan) == set()
    assert pages(plan) < PAGES


def test_plan_of_bulk_check_reads_one_person_per_contact(filled: Brand) -> None:
    mine = Relationship.objects.filter(brand=filled).values("subject")
    numbers = Identifier.objects.filter(subject__in=mine).values_list("pk", flat=True)[:1_000]
    contacts = [Contact(email=population.email(number)) for number in numbers]
    asked = bulk.build_bulk_question(filled.pk, purpose="marketing", channel="email")
    keyed = bulk._keys(contacts, bulk._Chunk([]))
    plan = explain(bulk.QUERY, single.build_row_values(asked) | keyed)
    assert plan["Actual Rows"] >= len(contacts)
    assert read_whole(plan) == set()
    assert pages(plan) < PAGES * len(contacts)


def test_plan_of_suppressions_reads_one_person_each(filled: Brand) -> None:
    asked = bulk.build_bulk_question(filled.pk, purpose="marketing", channel="email")
    ids = Relationship.objects.filter(brand=filled).values_list("pk", flat=True)[:50]
    values = single.build_row_values(asked) | {
        "ids": str([str(each) for each in ids]).replace("'", '"')
    }
    plan = explain(suppressions.QUERY, values)
    assert pages(plan) < PAGES * 50


@pytest.mark.parametrize(
    ("name", "statement"),
    [
        ("who chooses", access_tokens.BY_PREFIX),
        ("the names of a scope", scope_names.NAMED),
        ("the lock", person_lock.LOCK),
        ("the lock of a plain choice", person_lock.LOCK_UNMERGED),
        ("what stood before", previous_decisions.PREVIOUS),
        ("the relationship", recipients.ACTIVE),
        ("what is pending", notifying.PENDING),
        ("what stands", projection.COVERING),
        ("whom to wake", notify.ENABLED),
        ("the key", brand_keys.BY_PREFIX),
    ],
)
def test_plan_of_choice_uses_indexes(name: str, statement: Statement, person: Relationship) -> None:
    unsaid = ("topic", "contact_point", "trait_kind", "trait_category", "trait")
    more: dict[str, Any] = dict.fromkeys(unsaid)
    if statement is scope_names.NAMED:
        more |= {"brand": "brand-0", "test": False}
    empty = statement is notifying.PENDING  # nothing is
    with by_indexes() if empty else nullcontext():
        plan = explain(statement, about(person, seq=1, head=b"h", **more))
    assert read_whole(plan) == set(), name
    assert pages(plan) < PAGES, name


def test_plan_of_event_uses_indexes(person: Relationship) -> None:
    notice = events.NewEvent(
        brand_id=person.brand_id,
        type="preference.denied",
        timestamp=NOW,
        subject=person.subject_id,
        cause=new_id(),
        data={},
    )
    (call,) = stream.build_append_calls([notice])
    # The first run appends the event, so the one that is explained needs another cause.
    plan = explain(call.statement, {**call.values}, again={"cause": new_id()})
    assert read_whole(plan) == set()
    assert pages(plan) < PAGES


def test_plan_of_preference_uses_index(person: Relationship) -> None:
    entry = LedgerEntry.objects.filter(subject=person.subject_id).earliest("subject_seq")
    values = {
        n: getattr(entry, "id" if n == "entry_id" else n) for n in projection.PREFERENCE_COLUMNS
    }
    plan = explain(projection.UPSERT, values)
    assert read_whole(plan) == set()
    assert pages(plan) < PAGES


def test_plan_of_entry_uses_indexes(person: Relationship) -> None:
    entry = LedgerEntry.objects.filter(subject=person.subject_id).latest("subject_seq")
    made = [new_id(), new_id()]
    values = appending.ENTRY.build_values(entry) | {"id": made[0], "entry_id": made[0]}
    again = {"id": made[1], "entry_id": made[1], "subject_seq": entry.subject_seq + 2}
    plan = explain(appending.RECORD, values | {"subject_seq": entry.subject_seq + 1}, again=again)
    assert read_whole(plan) == set()
    assert pages(plan) < PAGES


@pytest.mark.parametrize("query", [frequency_caps.NOW, frequency_caps.THEN])
def test_plan_of_frequency_cap_reads_window(query: str, person: Relationship) -> None:
    columns = ("subject", "brand", "purpose", "channel", "topic", "contact_point", "max", "since")
    one = dict.fromkeys(columns) | {"subject": person.subject_id, "max": 3, "since": NOW}
    given: dict[str, Any] = {name: [value] for name, value in one.items()}
    known = {name: [person.subject_id] for name in ("subjects", "holders", "persons")}
    with by_indexes() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {query}", given | known | {"as_of": NOW})
        assert read_whole(cursor.fetchone()[0][0]["Plan"]) == set()


def test_plan_of_the_past_of_a_choice_uses_indexes(person: Relationship) -> None:
    unsaid = ("topic", "contact_point", "trait_kind", "trait_category", "trait")
    values = about(person, after=NOW, searches=True, **dict.fromkeys(unsaid))
    with by_indexes():
        assert read_whole(explain(plain_choices.PAST, values)) == set()


def test_plan_of_attribution_uses_index(person: Relationship) -> None:
    with by_indexes():
        plan = explain(attribution.LAST, about(person, after=NOW, topic=None))
    assert read_whole(plan) == set()


@pytest.mark.parametrize(
    ("name", "tables"),
    [
        (
            "overview",
            {
                "consent_brandcount",
                "consent_peoplecount",
                "consent_totalcount",
                "brands_campaignday",
            },
        ),
        ("campaigns", {"consent_campaigncount", "brands_campaignday"}),
    ],
)
def test_plan_of_report_reads_smallest_table(name: str, tables: set[str], counted: None) -> None:
    with CaptureQueriesContext(connection) as asked:
        catalogue.build_named_report(
            name, {"first": "2026-08-01", "last": "2026-10-28"}, today=NOW.date()
        )
    queries = [each["sql"] for each in asked.captured_queries]
    read = set(re.findall(r'"((?:consent|brands)_\w+)"', " ".join(queries)))
    assert {each for each in read if "count" in each or "day" in each} == tables
    assert read.isdisjoint({"consent_dailycount", "brands_event", "consent_ledgerentry"})
    with by_indexes() as cursor:
        for query in queries:
            cursor.execute(f"EXPLAIN {query}")
            plan = "\n".join(line for (line,) in cursor.fetchall())
            assert not any(f"Seq Scan on {table}" in plan for table in tables), plan


@pytest.mark.parametrize(
    "due",
    [
        lambda: Ending.objects.due(NOW),
        lambda: Propagation.objects.filter(done_at=None).order_by("pk"),
    ],
)
def test_plan_of_sweep_reads_due_rows(due: Any, filled: Brand) -> None:
    rows: QuerySet[Any] = due()
    with by_indexes():
        assert "Seq Scan on consent_" not in rows.explain()


def test_plan_of_due_subscriptions_uses_index(filled: Brand) -> None:
    with by_indexes() as cursor:
        cursor.execute(f"EXPLAIN {leases.DUE_NOW.sql}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "subscription_due" in plan
    assert "Seq Scan" not in plan
