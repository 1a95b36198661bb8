"""Tables can be distributed without a rewrite: keys and statements have the column it takes."""

from __future__ import annotations

import importlib
import io
import pkgutil
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext

import brands
import cmr
import consent
from brands.models import Brand
from cmr.models import Consumer
from config.postgres.placement import KEY_EXCEPTIONS, REFERENCE_EXCEPTIONS, TABLES, Place
from consent.decision.resolution import Scope
from consent.imports import jobs, receiving
from consent.ledger import recording
from consent.ledger.recording import Actor, ChoiceTerms, NewChoice
from consent.models import Relationship
from consent.propagation import expirations, late_reasons, propagate
from core.db.prepared import Insertion, Statement
from tests.conftest import Api
from tests.factories import record_choice

DISTRIBUTED = {
    name: table
    for name, table in TABLES.items()
    if table.place not in (Place.REFERENCE, Place.LOCAL)
}
#: Columns whose values exist once, since they are made up when a row is: a key that has one keeps
#: its meaning when the distribution column, which follows from it, is put before it.
MADE_UP = {"id", "entry_id", "relationship_id", "subscription_id", "campaign_id"}


@dataclass(frozen=True, slots=True)
class Key:
    table: str
    name: str
    columns: frozenset[str]


@dataclass(frozen=True, slots=True)
class Link:
    """A foreign key."""

    table: str
    column: str
    to: str


def _ask(sql: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall())


def _read_keys() -> list[Key]:
    rows = _ask("""
        SELECT held.indrelid::regclass::text, held.indexrelid::regclass::text,
               array_agg(field.attname::text)
        FROM pg_index held
        JOIN pg_class ON pg_class.oid = held.indrelid
        JOIN pg_attribute field ON field.attrelid = held.indrelid
            AND field.attnum = ANY(held.indkey::int2[])
        WHERE held.indisunique AND pg_class.relnamespace = 'public'::regnamespace
        GROUP BY 1, 2 ORDER BY 1, 2
    """)
    return [Key(table, name, frozenset(columns)) for table, name, columns in rows]


def _read_links() -> list[Link]:
    rows = _ask("""
        SELECT conrelid::regclass::text, field.attname::text, confrelid::regclass::text
        FROM pg_constraint held
        JOIN pg_attribute field ON field.attrelid = held.conrelid
            AND field.attnum = ANY(held.conkey)
        WHERE contype = 'f' AND connamespace = 'public'::regnamespace ORDER BY 1, 2
    """)
    return [Link(*row) for row in rows]


def _read_not_null() -> set[tuple[str, str]]:
    rows = _ask("""
        SELECT attrelid::regclass::text, attname::text FROM pg_attribute
        JOIN pg_class ON pg_class.oid = attrelid
        WHERE attnotnull AND attnum > 0 AND relkind = 'r'
            AND relnamespace = 'public'::regnamespace
    """)
    return set(rows)


@pytest.mark.django_db
def test_placement_lists_each_table_of_the_database_and_no_other() -> None:
    rows = _ask("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    assert {name for (name,) in rows} == set(TABLES)


def test_placement_columns_are_columns_of_the_models() -> None:
    models = {each._meta.db_table: each for each in apps.get_models(include_auto_created=True)}
    for name, table in TABLES.items():
        if wanted := {table.column, table.month} - {""}:
            assert wanted <= {field.column for field in models[name]._meta.concrete_fields}, name


@pytest.mark.django_db
def test_distribution_and_month_columns_are_never_null() -> None:
    needed = {
        (name, column)
        for name, table in TABLES.items()
        for column in (table.column, table.month)
        if column
    }
    assert needed <= _read_not_null()


@pytest.mark.django_db
def test_unique_keys_contain_the_distribution_column_or_can() -> None:
    offending = {
        key.name
        for key in _read_keys()
        if key.table in DISTRIBUTED
        and DISTRIBUTED[key.table].column not in key.columns
        and (key.table == "consent_identifier" or not key.columns & MADE_UP)
    }
    assert offending == set(KEY_EXCEPTIONS)


def _is_colocated(link: Link) -> bool:
    """Whether the row that is referred to is on the same machine."""
    here, there = TABLES[link.table], TABLES[link.to]
    if there.place in (Place.REFERENCE, here.place) and here.place is not Place.SUBJECT:
        return there.place is Place.REFERENCE or here.place is not Place.ADDRESS
    return there.place is Place.REFERENCE or (
        here.place is there.place and (link.table, link.column) not in REFERENCE_EXCEPTIONS
    )


@pytest.mark.django_db
def test_foreign_keys_stay_on_one_machine_or_are_named() -> None:
    elsewhere = {(link.table, link.column) for link in _read_links() if not _is_colocated(link)}
    assert elsewhere == set(REFERENCE_EXCEPTIONS)


# -- Statements --------------------------------------------------------------------------------

NAMED_TABLE = re.compile(
    r"(?P<verb>FROM|JOIN|UPDATE|INTO)\s+\"?(?P<table>\w+)\"?"
    r"(?:\s+(?:AS\s+)?\"?(?P<alias>(?!WHERE|JOIN|ON|SET|LEFT|USING|VALUES|ORDER|LIMIT|FOR|INNER"
    r"|CROSS|GROUP|UNION|SELECT)\w+)\"?)?"
)
#: Statements that do not name the column, by table and a piece of each, and why that is right.
STATEMENT_EXCEPTIONS: Mapping[tuple[str, str], str] = {
    ("consent_identifier", "subject_id"): "the address of a subject: a column of it, later",
    ("consent_identifier", "former_id"): "whose address it was before, when it changed hands",
    ("consent_relationship", "person_id ="): "of merged persons on several machines",
    ("consent_relationship", "WHERE brand_id = %(brand)s AND id >"): "the list of a brand's people",
    ("consent_relationship", "SELECT count(*) FROM"): "how many of a brand's people have no hash",
    ("consent_relationship", "json_array_elements_text"): "a batch of people, by the brand's ids",
    ("consent_contacthash", "json_array_elements_text"): "a batch of people, by the brand's ids",
    ("consent_contacthash", "ORDER BY relationship_id LIMIT 1"): "one row of all, to try a key",
    ("consent_contacthash", "WHERE relationship_id > %(last)s"): "all, to encrypt them anew",
    ("consent_relationship", "WHERE relationship_id > %(last)s"): "as above",
    (
        "consent_entrytext",
        "consent_ledgerentry.id = consent_entrytext.entry_id",
    ): "beside its entry",
    ("consent_ledgerentry", "consent_propagation.entry_id = consent_ledgerentry.id"): "as above",
    ("consent_ledgerentry", "consent_ending.entry_id = consent_ledgerentry.id"): "as above",
    ("consent_ending", "consent_ending.ends_at <="): "all that are due",
    ("brands_subscription", "s.id = $"): "the broker's message names the subscription alone",
    ("brands_subscription", "ORDER BY s.next_try_at"): "all that are due",
}


def _find_unnamed(sql: str, excused: Collection[str] = ()) -> Iterator[str]:
    """Yield the distributed tables that a statement reads or changes without their column.

    A column is named where it is compared with anything but the column of a table that is neither
    named itself nor *excused*.
    """
    nodes = {
        (found["alias"] or found["table"], table.column): found
        for found in NAMED_TABLE.finditer(sql)
        if (table := DISTRIBUTED.get(found["table"]))
    }
    named = {
        node
        for node, found in nodes.items()
        if found["table"] in excused or _is_given(sql, node, found, nodes)
    }
    links = [pair for pair in _list_equalities(sql) if set(pair) <= set(nodes)]
    for _ in links:
        named |= {one for pair in links if set(pair) & named for one in pair}
    yield from (found["table"] for node, found in nodes.items() if node not in named)


def _list_equalities(sql: str) -> list[tuple[tuple[str, str], tuple[str, str]]]:
    plain = sql.replace('"', "")
    found = re.findall(r"\b(\w+)\.(\w+) = \(?(\w+)\.(\w+)", plain)
    return [((a, b), (c, d)) for a, b, c, d in found]


def _is_given(
    sql: str, node: tuple[str, str], found: re.Match[str], nodes: Mapping[tuple[str, str], Any]
) -> bool:
    alias, column = node
    if found["verb"] == "INTO":
        return re.search(rf"\b{column}\b", sql[found.end() :]) is not None
    plain = sql.replace('"', "")
    compared = (
        rf"(?:\b{alias}\.|(?<![\w.])){column}\)?(?:, \w+\))? (?:=|IN|NOT IN|>) (\(?\w+\.\w+)?"
    )
    others = [match[1] for match in re.finditer(compared, plain)]
    others += re.findall(rf"(\w+\.\w+) = {alias}\.{column}\b", plain)
    known = {f"{name}.{field}" for name, field in nodes}
    return any(other is None or other.strip("(") not in known for other in others)


def _list_excuses(sql: str) -> set[tuple[str, str]]:
    return {
        (name, piece)
        for name, piece in STATEMENT_EXCEPTIONS
        if piece in sql and name in set(_find_unnamed(sql))
    }


def _find_unexcused(statements: Iterable[str]) -> set[tuple[str, str]]:
    return {
        (table, sql)
        for sql in statements
        for table in _find_unnamed(sql, {name for name, _ in _list_excuses(sql)})
    }


def _flatten(sql: str) -> str:
    return " ".join(sql.split()).replace('"', "")


#: How a constant begins that is SQL.
VERBS = ("SELECT ", "INSERT INTO ", "UPDATE ", "DELETE FROM ", "WITH ")


def _list_constants() -> list[str]:
    """Return the SQL of every prepared statement, and of modules that fetch rows by SQL."""
    found: set[str] = set()
    for package in (brands, consent, cmr):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if ".migrations" not in module.name and ".management" not in module.name:
                held = vars(importlib.import_module(module.name))
                found |= {_flatten(each) for each in _list_sql(held.values())}
                if "fetch_rows" in held:
                    texts = {_flatten(each) for each in held.values() if isinstance(each, str)}
                    found |= {each for each in texts if each.startswith(VERBS)}
    return sorted(found)


def _list_sql(values: Iterable[Any]) -> Iterator[str]:
    for each in values:
        if isinstance(each, Statement):
            yield each.sql
        elif isinstance(each, Insertion):
            yield each.statement.sql
        elif isinstance(each, dict):
            yield from (one.sql for one in each.values() if isinstance(one, Statement))


def test_sql_constants_name_the_distribution_column() -> None:
    statements = _list_constants()
    assert len(statements) > 40
    assert _find_unexcused(statements) == set()


@pytest.fixture
def busy_day(
    ana: Consumer, met: Relationship, acme: Brand, as_acme: Api, now: datetime
) -> list[str]:
    """The statements of a day on which each main path was walked once."""
    with CaptureQueriesContext(connection) as asked:
        _choose(ana, met, now)
        _ask_as_brand(as_acme)
        _import(acme, now)
        expirations.tell_due_endings(now + timedelta(days=9))
    return [_flatten(each["sql"]) for each in asked.captured_queries]


def _choose(ana: Consumer, met: Relationship, now: datetime) -> None:
    by, until = Actor("portal"), now + timedelta(days=8)
    wide, narrow = Scope(purpose="marketing"), Scope(met.brand_id, "marketing", "email")
    said = [
        NewChoice(narrow, ChoiceTerms("pause", until=until)),
        NewChoice(narrow, ChoiceTerms("deny")),
    ]
    *_, no = recording.record_choices(ana.subject_id, said, by=by, now=now)
    record_choice(ana, "deny", wide, by=by, now=now)
    assert propagate.propagate_choices(ana.subject_id, now=now) == 1
    assert late_reasons.record_late_reason(no, "privacy", now=now)
    record_choice(ana, "clear", Scope(met.brand_id), by=by, now=now)


def _ask_as_brand(as_acme: Api) -> None:
    contact = {"email": "dora@example.org"}
    told = {"contact": contact, "note": "A customer.", "ref": "D-1"}
    assert as_acme.post("relationships", told).status_code == 201
    about = {"purpose": "marketing", "channel": "email"}
    for by in (contact, {"ref": "D-1"}):
        assert as_acme.post("check", {"contact": by, **about}).status_code == 200
    assert (
        as_acme.post("checks", {"contacts": [contact, {"ref": "D-1"}], **about}).status_code == 200
    )
    assert as_acme.get("events").status_code == 200


def _import(acme: Brand, now: datetime) -> None:
    rows = (
        "email,ref,purpose,channel,decision,made_at,evidence\n"
        "eve@example.org,E-1,marketing,email,grant,2024-03-01T10:00:00Z,form 7\n"
        "dora@example.org,D-2,marketing,email,grant,2024-03-01T10:00:00Z,form 7\n"
    )
    for _ in range(2):  # the second time the people are known
        job = jobs.begin_import(acme, note="Our list", tells=True, now=now)
        receiving.receive_part(job, 1, io.BytesIO(rows.encode()), form="csv", now=now)
        jobs.start_import(job, now=now)
        jobs.run_import(job.pk, now=now)


def test_main_paths_name_the_distribution_column(busy_day: list[str]) -> None:
    assert _find_unexcused(busy_day) == set()


@pytest.mark.usefixtures("busy_day")
def test_rows_that_hang_together_have_one_distribution_column() -> None:
    """What a foreign key would check if the column were in it."""
    for link in _read_links():
        here, there = TABLES[link.table], TABLES[link.to]
        if here.place is not there.place or not here.column or link.column == here.column:
            continue
        if (link.table, link.column) in REFERENCE_EXCEPTIONS:
            continue
        apart = _ask(
            f"SELECT count(*) FROM {link.table} one JOIN {link.to} other"
            f" ON other.id = one.{link.column} WHERE other.{there.column} <> one.{here.column}"
        )
        assert apart == [(0,)], link


@pytest.mark.usefixtures("busy_day")
def test_references_of_a_brand_are_those_of_its_relationships() -> None:
    listed = _ask("SELECT brand_id, ref, subject_id FROM consent_brandreference ORDER BY 1, 2")
    held = _ask(
        "SELECT brand_id, ref, subject_id FROM consent_relationship WHERE ref IS NOT NULL"
        " ORDER BY 1, 2"
    )
    assert [ref for _, ref, _ in listed] == ["D-2", "E-1"]
    assert listed == held


def test_each_exception_is_needed(busy_day: list[str]) -> None:
    statements = [*_list_constants(), *busy_day]
    used = {excuse for sql in statements for excuse in _list_excuses(sql)}
    assert used == STATEMENT_EXCEPTIONS.keys()


def test_a_statement_without_the_column_is_found() -> None:
    assert list(_find_unnamed("SELECT 1 FROM brands_event e WHERE e.sequence = 1"))
    assert list(_find_unnamed('DELETE FROM "consent_send" WHERE "consent_send"."id" = 1'))
    assert not list(_find_unnamed("SELECT 1 FROM brands_event e WHERE e.brand_id = 1"))
