"""Backing up and restoring, as an operator does it, and what brands see of it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from django.conf import settings
from django.db import connection, connections
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone
from psycopg import sql
from pytest_httpserver import HTTPServer

from brands.events.restore_gaps import compute_restart_number
from brands.models import Brand
from brands.webhooks.delivery.worker import DeliveryWorker
from config.postgres import grants
from consent.models import LedgerEntry, Relationship
from tests.brands.endpoints import Endpoint
from tests.conftest import ROOT, Api
from tests.factories import post_choices
from tests.ownership import as_owner

pytestmark = pytest.mark.django_db(transaction=True)

MARKETING = {"brand": "acme", "purpose": "marketing", "channel": "email"}
ROLES = ("DATABASE_URL", "OWNER_DATABASE_URL", "MAINTENANCE_DATABASE_URL")


def manage(
    database: str, *arguments: str, given: Path | None = None, options: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run a command of `manage.py` with the three roles' logins to *database*.

    *given* is its standard input, *options* are added to the logins.
    """
    urls = {
        name: urlsplit(getattr(settings, name))
        ._replace(path=f"/{database}", query=options)
        .geturl()
        for name in ROLES
    }
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=os.environ | urls,
        stdin=given.open("rb") if given else subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def empty() -> Iterator[str]:
    """The name of another database, which has nothing in it."""
    name = f"{connection.settings_dict['NAME']}_restored"
    with psycopg.connect(settings.OWNER_DATABASE_URL, autocommit=True) as owner:
        owner.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        yield name
        gone = sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name))
        owner.execute(gone)


@contextmanager
def everybody_uses(database: str) -> Iterator[None]:
    """Have each new connection of this process go to *database*, as after a change of the URL."""
    before = connection.settings_dict["NAME"]
    connections.close_all()
    connection.settings_dict["NAME"] = database
    yield
    connections.close_all()
    connection.settings_dict["NAME"] = before


def back_up(folder: Path, *, name: str = "cmr.dump") -> str:
    file = folder / name
    done = manage(connection.settings_dict["NAME"], "backup", str(file))
    assert done.returncode == 0, done.stderr
    assert file.stat().st_mode & 0o777 == 0o600
    return str(file)


def restore(database: str, *arguments: str) -> str:
    done = manage(database, "restore", *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stderr


def read_feed(as_acme: Api, after: int) -> list[dict[str, Any]]:
    answer = as_acme.get("events", after=after)
    assert answer.status_code == 200, answer.content
    events: list[dict[str, Any]] = answer.json()["data"]
    return events


def may_mail(as_acme: Api) -> bool:
    contact = {"contact": {"email": "ana@example.org"}, "purpose": "marketing", "channel": "email"}
    allowed: bool = as_acme.post("check", contact).json()["allowed"]
    return allowed


@pytest.fixture
def subscribe(httpserver: HTTPServer, met: Relationship) -> Callable[[DeliveryWorker], Endpoint]:
    """Make an endpoint of acme's, to which a worker delivers."""
    return lambda worker: Endpoint(httpserver, met.brand, worker)


def test_a_drill(
    subscribe: Callable[[DeliveryWorker], Endpoint],
    as_ana: Api,
    as_acme: Api,
    empty: str,
    tmp_path: Path,
) -> None:
    """Choices, a backup, more choices, the loss of it all, a restore, and everybody goes on."""
    with working() as worker:
        endpoint = subscribe(worker)
        post_choices(as_ana, "deny", "grant", **MARKETING)
        kept = read_feed(as_acme, 0)[-1]["sequence"]
        file = back_up(tmp_path)
        post_choices(as_ana, "deny", "grant", "deny", **MARKETING)
        endpoint.deliver()
        lost = read_feed(as_acme, kept)
        assert len(lost) == 3
    began = compute_restart_number(timezone.now())
    assert "later ones are lost" in restore(empty, file)
    with everybody_uses(empty), working() as worker:
        assert may_mail(as_acme)
        post_choices(as_ana, "deny", **MARKETING)
        assert not may_mail(as_acme)
        # Who had read less than the backup goes on, and misses nothing.
        (new,) = read_feed(as_acme, kept)
        assert began < new["sequence"] <= compute_restart_number(timezone.now())
        # Who had read more is told so, and begins again.
        for event in lost:
            refused = as_acme.get("events", after=event["sequence"])
            assert refused.json()["code"] == "beyond_stream"
        through = int(as_acme.get("exports/preferences").headers["X-Through-Sequence"])
        post_choices(as_ana, "grant", **MARKETING)
        (next_one,) = read_feed(as_acme, through)
        assert next_one["sequence"] == new["sequence"] + 1
        # The webhook goes on, with an event that is newer than all that it was sent.
        endpoint.worker = worker
        endpoint.deliver()
        seen = [each for each in endpoint.received if each["sequence"] > began]
        assert [each["sequence"] for each in seen] == [new["sequence"], next_one["sequence"]]
        before = max(each["data"]["subject_seq"] for each in lost)
        assert seen[0]["data"]["subject_seq"] > before
    assert manage(empty, "verify_ledger").returncode == 0


@contextmanager
def working() -> Iterator[DeliveryWorker]:
    delivery = DeliveryWorker()
    try:
        yield delivery
    finally:
        delivery.close()


def test_the_application_owns_nothing_of_what_was_restored(
    met: Relationship, empty: str, tmp_path: Path
) -> None:
    restore(empty, back_up(tmp_path))
    url = urlsplit(settings.DATABASE_URL)._replace(path=f"/{empty}").geturl()
    with psycopg.connect(url, autocommit=True) as application:
        owned = application.execute(
            "SELECT count(*) FROM pg_class WHERE relowner = current_user::regrole"
        ).fetchone()
        assert owned == (0,)
        for table in grants.INSERT_ONLY:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                application.execute(f"DELETE FROM {table}".encode())
        assert application.execute("SELECT count(*) FROM brands_brand").fetchone() == (1,)


def test_a_database_with_tables_is_left_alone(
    met: Relationship, empty: str, tmp_path: Path
) -> None:
    file = back_up(tmp_path)
    restore(empty, file)
    again = manage(empty, "restore", file)
    assert (again.returncode, "--replace" in again.stderr) == (2, True)
    began = compute_restart_number(timezone.now())
    restore(empty, file, "--replace")
    with everybody_uses(empty):
        assert Brand.objects.get().stream_gaps.get().last > began


def test_a_database_in_use_is_left_alone(met: Relationship, empty: str, tmp_path: Path) -> None:
    file = back_up(tmp_path)
    url = urlsplit(settings.OWNER_DATABASE_URL)._replace(path=f"/{empty}").geturl()
    with psycopg.connect(url):
        refused = manage(empty, "restore", file)
    assert (refused.returncode, "Stop web and workers" in refused.stderr) == (2, True)


def test_a_broken_file_drops_nothing(met: Relationship, empty: str, tmp_path: Path) -> None:
    """One that lacks its end, too: its list of contents is at its beginning, and whole."""
    file = tmp_path / "broken"
    backup = back_up(tmp_path)
    restore(empty, backup)
    whole = Path(backup).read_bytes()
    for kept, source in ((9, str(file)), (len(whole) // 2, str(file)), (len(whole) // 2, "-")):
        file.write_bytes(whole[:kept])
        refused = manage(empty, "restore", source, "--replace", given=file)
        assert (refused.returncode, "Nothing is changed" in refused.stderr) == (2, True)
    with everybody_uses(empty):
        assert Brand.objects.count() == 1


def test_a_restore_that_did_not_end_shows_until_one_does(
    met: Relationship, empty: str, tmp_path: Path
) -> None:
    """Without the mark, the service would start on streams that give numbers twice."""
    file = back_up(tmp_path)
    with as_owner():
        tomorrow = MigrationRecorder.Migration.objects.create(
            id=9999, app="cmr", name="9999_of_tomorrow"
        )
    newer = back_up(tmp_path, name="newer.dump")
    with as_owner():
        tomorrow.delete()
    failed = manage(empty, "restore", newer)
    assert (failed.returncode, "9999_of_tomorrow" in failed.stderr) == (2, True)
    refused = manage(empty, "database_age")
    assert (refused.returncode, "did not end" in refused.stderr) == (1, True)
    restore(empty, file)
    assert manage(empty, "database_age").returncode == 0


def test_a_record_that_was_not_whole_shows_in_the_exit_code(
    met: Relationship, as_ana: Api, empty: str, tmp_path: Path
) -> None:
    post_choices(as_ana, "deny", **MARKETING)
    with psycopg.connect(settings.OWNER_DATABASE_URL, dbname=connection.settings_dict["NAME"]) as o:
        o.execute("SET session_replication_role = replica")
        o.execute(f"UPDATE {LedgerEntry._meta.db_table} SET reason = 'x'".encode())
    done = manage(empty, "restore", back_up(tmp_path))
    assert done.returncode == 1
    assert "was altered" in done.stdout


def test_a_backup_writes_over_nothing(met: Relationship, tmp_path: Path) -> None:
    file = back_up(tmp_path)
    again = manage(connection.settings_dict["NAME"], "backup", file)
    assert (again.returncode, "there already" in again.stderr) == (1, True)
    assert os.listdir(tmp_path) == ["cmr.dump"]


def test_two_backups_to_one_file_do_not_mix(met: Relationship, empty: str, tmp_path: Path) -> None:
    """One is kept, whole; the other says that it is not."""
    file = tmp_path / "cmr.dump"
    with ThreadPoolExecutor(2) as threads:
        both = [
            threads.submit(manage, connection.settings_dict["NAME"], "backup", str(file))
            for _ in range(2)
        ]
    assert sorted(each.result().returncode for each in both) == [0, 1]
    assert os.listdir(tmp_path) == ["cmr.dump"]
    assert file.stat().st_mode & 0o777 == 0o600
    assert manage(empty, "restore", "-", given=file).returncode == 0
    with everybody_uses(empty):
        assert Brand.objects.count() == 1


@pytest.mark.parametrize("command", ["backup", "restore"])
def test_no_secret_is_among_arguments(met: Relationship, tmp_path: Path, command: str) -> None:
    file = tmp_path / "cmr.dump"
    if command == "restore":
        back_up(tmp_path)
    name = connection.settings_dict["NAME"]
    refused = manage(name, command, str(file), options="sslpassword=hush")
    assert refused.returncode
    assert "sslpassword" in refused.stderr
    assert "hush" not in refused.stderr
    assert file.exists() == (command == "restore")
