"""Settings mistakes are found at start, in words that say what to do."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from pytest_django import Settings

from config import checks

ROOT = Path(__file__).resolve().parents[2]
SECRETS = {name: f"{name}-of-32-random-bytes" for name in checks.SECRETS}


def production(**more: str) -> subprocess.CompletedProcess[str]:
    """`manage.py check --deploy` as a production machine would run it."""
    environment = {"CMR_ENVIRONMENT": "production", "ALLOWED_HOSTS": "cmr.example", **more}
    argv = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "ERROR"]
    return subprocess.run(
        argv, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


def test_production_with_its_secrets_passes() -> None:
    done = production(**SECRETS)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("missing", checks.SECRETS)
def test_production_refuses_a_development_secret(missing: str) -> None:
    done = production(**{**SECRETS, missing: "insecure-only-for-development"})
    assert done.returncode == 1
    assert f"{missing} has its development default" in done.stderr


def test_production_refuses_webhooks_to_itself() -> None:
    done = production(**SECRETS, OUTBOUND_ALLOW_LOOPBACK="1")
    assert "config.E002" in done.stderr


def test_a_lease_shorter_than_a_batch_is_refused(settings: Settings) -> None:
    assert checks.lease_outlives_a_batch(None) == []
    settings.DELIVERY_LEASE_SECONDS = (
        settings.DELIVERY_DEADLINE_SECONDS + settings.DELIVERY_BUDGET_SECONDS
    )
    (error,) = checks.lease_outlives_a_batch(None)
    assert error.id == "config.E003"


@pytest.mark.parametrize("streams", [0, 4, 5])
def test_streams_that_take_every_thread_are_refused(settings: Settings, streams: int) -> None:
    assert checks.streams_leave_threads_free(None) == []
    settings.STREAMS_AT_ONCE = streams
    (error,) = checks.streams_leave_threads_free(None)
    assert error.id == "config.E004"


@pytest.mark.django_db
def test_no_model_has_changed_without_a_migration() -> None:
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


@pytest.mark.django_db
def test_a_database_newer_than_the_code_is_refused() -> None:
    call_command("database_age")
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO django_migrations (app, name, applied)"
            " VALUES ('consent', '0999_from_the_future', now())"
        )
    with pytest.raises(CommandError, match=r"consent\.0999_from_the_future"):
        call_command("database_age")
