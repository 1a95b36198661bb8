"""The application's role owns nothing, and cannot get at the record: every way is tried."""

from __future__ import annotations

import io
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.utils import timezone
from psycopg import errors
from pytest_django import Settings

from brands import webhooks
from brands.models import Attempt, Brand
from cmr.models import Consumer
from config.checks import application_owns_nothing
from config.postgres import grants, roles
from consent.decision.resolution import Scope
from consent.ledger import recording
from consent.models import LedgerEntry, Relationship
from devstack.postgres import Postgres
from tests.factories import record_choice
from tests.ownership import as_owner

RECORD = sorted(grants.INSERT_ONLY)
PRIVILEGES = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")
#: Ways to the record that need no more than one statement. `{}` is a table of the record.
WAYS = (
    "UPDATE {} SET {column} = {column}",
    "DELETE FROM {}",
    "TRUNCATE {} CASCADE",
    "TRUNCATE {} RESTART IDENTITY CASCADE",
    "ALTER TABLE {} DISABLE TRIGGER ALL",
    "ALTER TABLE {} DISABLE TRIGGER USER",
    "ALTER TABLE {} OWNER TO CURRENT_USER",
    "ALTER TABLE {} RENAME TO gone",
    "ALTER TABLE {} DROP COLUMN {column}",
    "ALTER TABLE {} ALTER COLUMN {column} DROP NOT NULL",
    "DROP TABLE {} CASCADE",
    "CREATE RULE nothing AS ON INSERT TO {} DO INSTEAD NOTHING",
    "CREATE TRIGGER mine BEFORE INSERT ON {} FOR EACH ROW"
    " EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    "INSERT INTO {} SELECT * FROM {}"
    " ON CONFLICT ON CONSTRAINT {constraint} DO UPDATE SET {column} = EXCLUDED.{column}",
    "MERGE INTO {} old USING {} new ON old.{key} = new.{key}"
    " WHEN MATCHED THEN UPDATE SET {column} = new.{column}",
    "MERGE INTO {} old USING {} new ON old.{key} = new.{key} WHEN MATCHED THEN DELETE",
    "WITH gone AS (DELETE FROM {} RETURNING 1) SELECT count(*) FROM gone",
    "SELECT * FROM {} FOR UPDATE",
    "BEGIN; LOCK TABLE {} IN ACCESS EXCLUSIVE MODE",
    "COPY {} TO '/tmp/record'",
    "COPY {} FROM '/tmp/record'",
    "CLUSTER {} USING {}_pkey",
)
#: Ways to other powers.
POWERS = (
    "SET session_replication_role = replica",
    "ALTER ROLE CURRENT_USER SUPERUSER",
    "ALTER ROLE CURRENT_USER CREATEROLE",
    "ALTER SYSTEM SET session_replication_role = replica",
    "CREATE ROLE another SUPERUSER LOGIN",
    "CREATE DATABASE another",
    "CREATE TABLE public.another ()",
    "CREATE FUNCTION public.another() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE OR REPLACE FUNCTION public._pgtrigger_should_ignore(trigger_name name)"
    " RETURNS boolean LANGUAGE sql AS 'SELECT true'",
    "CREATE EXTENSION pg_stat_statements",
    "CREATE SCHEMA another",
    "CREATE EVENT TRIGGER another ON ddl_command_start EXECUTE FUNCTION pg_catalog.version()",
    "ALTER DATABASE {database} SET session_replication_role = replica",
    "ALTER SCHEMA public OWNER TO CURRENT_USER",
    "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} GRANT ALL ON TABLES TO CURRENT_USER",
    "SET ROLE {owner}",
    "SET SESSION AUTHORIZATION {owner}",
    "SET ROLE {maintenance}",
    "SELECT pg_read_file('PG_VERSION')",
    "SELECT lo_import('/etc/hostname')",
    "SELECT pg_terminate_backend(pg_backend_pid()), pg_reload_conf()",
    "COPY (SELECT 1) TO PROGRAM 'true'",
    "UPDATE pg_catalog.pg_trigger SET tgenabled = 'D'",
    "UPDATE pg_catalog.pg_authid SET rolsuper = true",
    "INSERT INTO django_migrations (app, name, applied) VALUES ('x', 'x', now())",
    "DELETE FROM django_migrations",
    "UPDATE consent_entrytext SET evidence = 'another'",
    "TRUNCATE consent_entrytext",
)


@pytest.fixture
def application(db: None) -> Iterator[psycopg.Connection[Any]]:
    """A connection with the application's own login, as its processes have it.

    For what is refused: nothing is committed, so no table is emptied after it. A way that is not
    refused may wait for the test's own transaction, and then fails by the time limit.
    """
    with login(settings.DATABASE_URL) as connected:
        connected.execute("SET lock_timeout = '10s'")
        yield connected


@contextmanager
def login(url: str) -> Iterator[psycopg.Connection[Any]]:
    """Connect to the tests' database as the role of *url*."""
    path = f"/{connection.settings_dict['NAME']}"
    target = urlsplit(url)._replace(path=path).geturl()
    with psycopg.connect(target, autocommit=True) as connected:
        yield connected


def columns_of(table: str) -> dict[str, str]:
    """Return the table's key, its constraint, and a column that may be set to itself.

    The table is left without a lock, for which some ways would wait before they are refused.
    """
    introspection = connection.introspection
    with transaction.atomic(), connection.cursor() as cursor:
        fields = introspection.get_table_description(cursor, table)
        key = introspection.get_primary_key_column(cursor, table)
        found = introspection.get_constraints(cursor, table)
        transaction.set_rollback(True)
    assert key
    column = next(each.name for each in fields if each.name != key)
    constraint = next(name for name, each in found.items() if each["primary_key"])
    return {"key": key, "column": column, "constraint": constraint}


def names() -> dict[str, str]:
    return {
        "owner": settings.OWNER_DATABASE["USER"],
        "maintenance": settings.MAINTENANCE_ROLE,
        "database": connection.settings_dict["NAME"],
    }


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("table", RECORD)
def test_record_refuses_application(
    table: str, way: str, application: psycopg.Connection[Any]
) -> None:
    statement = way.format(*[table] * way.count("{}"), **columns_of(table))
    with pytest.raises(errors.InsufficientPrivilege):
        application.execute(statement.encode())


@pytest.mark.parametrize("way", POWERS)
def test_application_gains_no_power(way: str, application: psycopg.Connection[Any]) -> None:
    with pytest.raises(errors.InsufficientPrivilege):
        application.execute(way.format(**names()).encode())


@pytest.mark.parametrize("table", RECORD)
def test_ignoring_triggers_helps_application_nothing(
    table: str, application: psycopg.Connection[Any]
) -> None:
    """The setting by which django-pgtrigger's own functions look away; anybody may set it."""
    column = columns_of(table)["column"]
    application.execute("SELECT set_config('pgtrigger.ignore', '{all}', false)")
    for statement in (f"UPDATE {table} SET {column} = {column}", f"DELETE FROM {table}"):
        with pytest.raises(errors.InsufficientPrivilege):
            application.execute(statement.encode())


@pytest.mark.parametrize("table", RECORD)
def test_application_grants_itself_nothing(
    table: str, application: psycopg.Connection[Any]
) -> None:
    """PostgreSQL answers with a warning, and grants nothing."""
    application.execute(f"GRANT ALL ON {table} TO CURRENT_USER WITH GRANT OPTION".encode())
    held = f"SELECT has_table_privilege('{table}', 'UPDATE, DELETE, TRUNCATE')"
    assert application.execute(held.encode()).fetchone() == (False,)


def test_application_owns_nothing(application: psycopg.Connection[Any]) -> None:
    found = application.execute(
        "SELECT relname FROM pg_class WHERE relowner = current_user::regrole"
        " UNION ALL SELECT proname FROM pg_proc WHERE proowner = current_user::regrole"
        " UNION ALL SELECT nspname FROM pg_namespace WHERE nspowner = current_user::regrole"
        " UNION ALL SELECT datname FROM pg_database WHERE datdba = current_user::regrole"
        " UNION ALL SELECT roleid::regrole::text FROM pg_auth_members"
        " WHERE member = current_user::regrole"
    )
    assert found.fetchall() == []


def test_every_table_has_the_privileges_that_are_listed(db: None) -> None:
    """All tables of the database, whoever added them."""
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        for role, listed in (
            (settings.APPLICATION_ROLE, grants.privileges_of_application),
            (settings.MAINTENANCE_ROLE, grants.privileges_of_maintenance),
        ):
            for table in tables:
                held = [each for each in PRIVILEGES if has_privilege(cursor, role, table, each)]
                assert held == list(listed(table)), (role, table)
    assert {*grants.INSERT_ONLY, *grants.READ_ONLY, *grants.ERASABLE} <= set(tables)


def has_privilege(cursor: Any, role: str, table: str, privilege: str) -> bool:
    cursor.execute("SELECT has_table_privilege(%s, %s, %s)", [role, table, privilege])
    return bool(cursor.fetchone()[0])


def test_tests_run_as_application(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, current_setting('is_superuser')")
        assert cursor.fetchone() == (settings.APPLICATION_ROLE, "off")


@pytest.mark.parametrize("table", [*RECORD, *sorted(grants.ERASABLE)])
def test_triggers_refuse_owner(table: str, db: None, ana: Consumer, acme: Brand) -> None:
    """The second wall, for whoever has the privileges."""
    refused = pytest.raises(DatabaseError, match="is never emptied")
    with as_owner(), refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {table} CASCADE")


def test_the_record_can_be_added_to(met: Relationship, ana: Consumer) -> None:
    """What the application needs it has: this runs as the application."""
    before = LedgerEntry.objects.count()
    record_choice(ana, "deny", Scope(brand=met.brand_id), by=recording.Actor("api"))
    assert LedgerEntry.objects.count() == before + 1


# -- Pruning -----------------------------------------------------------------------------------


@pytest.fixture
def attempts(transactional_db: None, acme: Brand) -> list[Attempt]:
    """Attempts that began 100, 60 and 10 days ago."""
    now = timezone.now()
    terms = webhooks.SubscriptionTerms(url="https://acme.example/hooks")
    subscription, _ = webhooks.create_subscription(acme, terms, now=now)
    return [
        Attempt.objects.create(
            brand=acme,
            subscription=subscription,
            sequence=number,
            message="00000000-0000-4000-8000-000000000000",
            started_at=now - timedelta(days=days),
            latency_ms=1,
            outcome="delivered",
            status=200,
        )
        for number, days in enumerate((100, 60, 10), start=1)
    ]


def test_old_attempts_are_pruned(attempts: list[Attempt], tests_database: None) -> None:
    out = io.StringIO()
    call_command("prune_attempts", stdout=out)
    assert "Deleted 1 attempts" in out.getvalue()
    call_command("prune_attempts", days=30, stdout=out)
    assert list(Attempt.objects.all()) == [attempts[2]]
    with pytest.raises(CommandError, match="at least 30 days"):
        call_command("prune_attempts", days=29)


def test_maintenance_role_prunes_nothing_young(attempts: list[Attempt]) -> None:
    with login(settings.MAINTENANCE_DATABASE_URL) as maintenance:
        with pytest.raises(errors.RaiseException, match="kept for 30 days"):
            maintenance.execute("DELETE FROM brands_attempt")
        for table in ("consent_ledgerentry", "brands_event", "cmr_user"):
            with pytest.raises(errors.InsufficientPrivilege):
                maintenance.execute(f"DELETE FROM {table}".encode())
    assert Attempt.objects.count() == 3


@pytest.fixture
def tests_database(settings: Settings) -> None:
    path = f"/{connection.settings_dict['NAME']}"
    url = urlsplit(settings.MAINTENANCE_DATABASE_URL)._replace(path=path).geturl()
    settings.MAINTENANCE_DATABASE_URL = url


@pytest.fixture
def folder() -> Iterator[Path]:
    """Reachable for the server's user, which pytest's tmp_path is not."""
    made = Path(tempfile.mkdtemp(prefix="cmr-test-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)


# -- Setting up --------------------------------------------------------------------------------


def test_roles_lose_what_they_had(transactional_db: None) -> None:
    """Running it again takes powers away that somebody gave, and sets the password."""
    role = roles.Role("cmr_test_role", "first-password")
    with psycopg.connect(settings.OWNER_DATABASE_URL, autocommit=True) as owner:
        try:
            roles.create_roles(owner, [role])
            owner.execute("ALTER ROLE cmr_test_role SUPERUSER CREATEDB")
            roles.create_roles(owner, [role._replace(password="second-password")])
            found = owner.execute(
                "SELECT rolsuper, rolcreatedb, rolcanlogin FROM pg_roles"
                " WHERE rolname = 'cmr_test_role'"
            )
            assert found.fetchone() == (False, False, True)
        finally:
            owner.execute("DROP ROLE cmr_test_role")


def test_owner_is_refused_as_application(transactional_db: None) -> None:
    owner = roles.Role(settings.OWNER_DATABASE["USER"], "x")
    with (
        psycopg.connect(settings.OWNER_DATABASE_URL) as connected,
        pytest.raises(roles.OwnerAsApplication),
    ):
        roles.create_roles(connected, [owner])


def test_check_finds_an_owner(db: None, settings: Settings) -> None:
    assert application_owns_nothing(None, databases=["default"]) == []
    settings.APPLICATION_ROLE = settings.OWNER_DATABASE["USER"]
    settings.DEVELOPMENT = False
    (error,) = application_owns_nothing(None, databases=["default"])
    assert error.id == "config.E009"


def test_folder_of_before_gets_roles(folder: Path) -> None:
    """An older `var/` has one role, which owns everything, and no password of another."""
    server = Postgres(folder / "postgres", fast=True)
    try:
        server.start()
        with psycopg.connect(server.urls["OWNER_DATABASE_URL"], autocommit=True) as owner:
            owner.execute("CREATE TABLE old (id int)")
            for role in ("cmr_application", "cmr_maintenance"):
                owner.execute(f"DROP ROLE {role}".encode())
                (server.home / f"password-{role}").unlink()
        server.stop()
        url = server.start()
        with psycopg.connect(url) as application, pytest.raises(errors.InsufficientPrivilege):
            application.execute("SELECT * FROM old")
        with psycopg.connect(server.urls["OWNER_DATABASE_URL"]) as owner:
            assert owner.execute("SELECT count(*) FROM old").fetchone() == (0,)
    finally:
        server.stop()
