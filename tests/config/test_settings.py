"""Settings mistakes are found at start, in words that say what to do."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import connection
from pytest_django import Settings

from cmr.messages import sms
from config import checks
from tests.ownership import as_owner

ROOT = Path(__file__).resolve().parents[2]
SECRETS = {name: f"{name}-of-thirty-two-random-bytes" for name in checks.SECRETS}
#: What else production needs.
NEEDED = {
    "PUBLIC_URL": "https://cmr.example",
    "EMAIL_URL": "smtp+tls://user:password@smtp.example:587",
    "MAIL_FROM": "CMR <cmr@cmr.example>",
    "TRUSTED_PROXIES": "1",
}
#: As if they were not set.
DEFAULTS = {
    "PUBLIC_URL": "http://127.0.0.1:8000",
    "EMAIL_URL": "consolemail://",
    "MAIL_FROM": "cmr@localhost",
}


def production(**more: str) -> subprocess.CompletedProcess[str]:
    """`manage.py check --deploy` as a production machine would run it."""
    named = {"CMR_ENVIRONMENT": "production", "ALLOWED_HOSTS": "cmr.example"}
    environment = {**named, **NEEDED, **more}
    argv = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "ERROR"]
    return subprocess.run(
        argv, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


def test_production_with_its_secrets_passes() -> None:
    done = production(**SECRETS)
    assert done.returncode == 0, done.stderr
    assert "config." not in done.stderr


@pytest.mark.parametrize("missing", checks.SECRETS)
def test_production_refuses_a_development_secret(missing: str) -> None:
    done = production(**{**SECRETS, missing: "insecure-only-for-development"})
    assert done.returncode == 1
    assert f"{missing} is not set" in done.stderr


def test_production_refuses_webhooks_to_itself() -> None:
    done = production(**SECRETS, OUTBOUND_ALLOW_LOOPBACK="1")
    assert "config.E002" in done.stderr


@pytest.fixture
def as_production(settings: Settings) -> Settings:
    """The settings as production has them; a process for each case would take seconds."""
    settings.DEVELOPMENT, settings.EMAIL_BACKEND = False, "cmr.messages.smtp.Backend"
    settings.PUBLIC_URL, settings.DEFAULT_FROM_EMAIL = NEEDED["PUBLIC_URL"], NEEDED["MAIL_FROM"]
    settings.TRUSTED_PROXIES, settings.OUTBOUND_ALLOW_LOOPBACK = 1, False
    for name, value in SECRETS.items():
        setattr(settings, name, value)
    return settings


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("EMAIL_BACKEND", "cmr.messages.smtp.ConsoleBackend", "config.E005"),
        ("EMAIL_BACKEND", "django.core.mail.backends.filebased.EmailBackend", "config.E005"),
        ("EMAIL_BACKEND", "django.core.mail.backends.dummy.EmailBackend", "config.E005"),
        ("PUBLIC_URL", "http://cmr.example", "config.E006"),
        ("PUBLIC_URL", "https://127.0.0.1:8000", "config.E006"),
        ("PUBLIC_URL", "https://10.0.0.7", "config.E006"),
        ("PUBLIC_URL", "https://localhost", "config.E006"),
        ("PUBLIC_URL", "cmr.example", "config.E006"),
        ("DEFAULT_FROM_EMAIL", "cmr@localhost", "config.E007"),
        ("DEFAULT_FROM_EMAIL", "cmr", "config.E007"),
        ("LINKS_OLD_KEYS", ["a", "insecure-only-for-development"], "config.E008"),
        ("LINKS_KEY", SECRETS["RECEIPT_KEY"], "config.W002"),
        ("SESSIONS_KEY", "", "config.E001"),
        ("SESSIONS_KEY", "x" * 31, "config.E001"),
        ("TRUSTED_PROXIES", None, "config.W001"),
    ],
)
def test_production_mistake_is_found(
    name: str, value: object, found: str, as_production: Settings
) -> None:
    assert ours() == []
    setattr(as_production, name, value)
    assert ours() == [found]


def ours() -> list[str]:
    """What our own checks find."""
    return [each.id for each in run_checks() if (each.id or "").startswith("config.") and each.id]


def test_production_without_its_needs_is_refused() -> None:
    done = production(**SECRETS, **DEFAULTS)
    assert {"config.E005", "config.E006", "config.E007"} <= set(
        re.findall(r"config\.\w+", done.stderr)
    )


def test_every_list_of_old_keys_is_checked() -> None:
    text = (ROOT / "config" / "settings.py").read_text()
    assert set(re.findall(r'"(\w+_(?:OLD_KEYS|FALLBACKS))"', text)) == set(checks.OLD_KEYS)


def test_text_message_is_not_printed_in_production(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.DEVELOPMENT, settings.SMS_URL = False, ""
    with pytest.raises(ImproperlyConfigured, match="SMS_URL"):
        sms.send_sms("+4915112345678", "123456 is your code")
    assert capsys.readouterr().out == ""


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


def test_uploads_that_a_process_could_not_hold_are_a_mistake(settings: Settings) -> None:
    assert checks.uploads_fit_into_buffer(None) == []
    settings.MAX_UPLOAD_BYTES = settings.MAX_BUFFERED_BYTES // 4
    (error,) = checks.uploads_fit_into_buffer(None)
    assert error.id == "config.E010"


@pytest.mark.django_db
def test_no_model_has_changed_without_a_migration() -> None:
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


@pytest.mark.django_db
def test_a_database_newer_than_the_code_is_refused() -> None:
    call_command("database_age")
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO django_migrations (app, name, applied)"
            " VALUES ('consent', '0999_from_the_future', now())"
        )
    with pytest.raises(CommandError, match=r"consent\.0999_from_the_future"):
        call_command("database_age")
