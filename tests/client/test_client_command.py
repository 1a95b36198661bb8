"""The command line of a brand's developer, as they use it."""

from __future__ import annotations

import csv
import json
import subprocess
import time
from pathlib import Path

import pytest
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer
from pytest_httpserver import HTTPServer

from brands import webhooks
from brands.models import Brand
from consent.imports import applying, jobs
from consent.models import Import, Relationship
from tests.chaos.fleet import free_port
from tests.client.conftest import PATIENCE, Begin, Command
from tests.conftest import EMAIL, Api

pytestmark = pytest.mark.django_db(transaction=True)

ABOUT = ("--purpose", "marketing", "--channel", "email")
PEOPLE = "email,purpose,channel,decision,made_at,evidence\n"


def line(number: int, email: str = "") -> str:
    address = email or f"p{number}@example.org"
    return f"{address},marketing,email,grant,2024-03-01T10:00:00Z,form\n"


# -- Signing in ------------------------------------------------------------------------------------


def test_login_and_logout(
    cmr: Command,
    environment: dict[str, str],
    service: LiveServer,
    acme_key: str,
    tmp_path: Path,
) -> None:
    del environment["CMR_URL"], environment["CMR_KEY"]
    before = cmr("whoami")
    assert (before.returncode, before.stdout) == (2, "") and "cmr login" in before.stderr
    signed_in = cmr("login", "--url", f"{service.url}/", "--key", acme_key)
    assert (signed_in.returncode, "Acme (acme)" in signed_in.stdout) == (0, True)
    file = tmp_path / "config" / "cmr" / "config.json"
    assert file.stat().st_mode & 0o777 == 0o600
    assert json.loads(file.read_text()) == {"url": service.url, "key": acme_key}
    assert "Acme (acme)" in cmr("whoami").stdout
    assert acme_key not in cmr("whoami").stdout
    assert cmr("logout").returncode == 0 and not file.exists()
    assert cmr("logout").stdout == "Nothing was stored.\n"


def test_login_without_url_asks_for_it(
    cmr: Command, environment: dict[str, str], service: LiveServer, acme_key: str
) -> None:
    del environment["CMR_KEY"]
    signed_in = cmr("login", "--key", acme_key, said=f"{service.url}\n")
    assert signed_in.returncode == 0, signed_in.stderr
    assert "Acme" in cmr("whoami").stdout


def test_login_unknown_key_is_not_stored(cmr: Command, service: LiveServer, tmp_path: Path) -> None:
    failed = cmr("login", "--url", service.url, "--key", "cmr_live_none")
    assert failed.returncode == 2
    assert "invalid_key" in failed.stderr and len(failed.stderr.splitlines()) == 1
    assert not (tmp_path / "config").exists()


def test_stored_key_is_not_sent_to_other_service(
    cmr: Command, environment: dict[str, str], service: LiveServer, acme_key: str
) -> None:
    cmr("login", "--url", service.url, "--key", acme_key)
    del environment["CMR_KEY"]
    environment["CMR_URL"] = f"http://127.0.0.1:{free_port()}"
    assert "no key to call with" in cmr("whoami").stderr


# -- Asking ----------------------------------------------------------------------------------------


def test_check_exit_code_is_answer(cmr: Command, met: Relationship, as_ana: Api) -> None:
    no = cmr("check", EMAIL, *ABOUT)
    assert (no.returncode, no.stdout) == (1, "allowed  no\nrule     default_opt_in\n")
    said = {"scope": {"brand": "acme", "purpose": "marketing"}, "decision": "grant"}
    as_ana.post("me/choices", said)
    yes = cmr("check", EMAIL, *ABOUT, "--json")
    assert (yes.returncode, json.loads(yes.stdout)["rule"]) == (0, "person_granted")


def test_check_in_quiet_hours_exits_one(cmr: Command, met: Relationship, as_ana: Api) -> None:
    scope = {"brand": "acme", "purpose": "marketing"}
    as_ana.post("me/choices", {"scope": scope, "decision": "grant"})
    hour = timezone.now().hour
    quiet = {"start": f"{hour:02}:00", "end": f"{(hour + 2) % 24:02}:00"}
    as_ana.patch("me", {"quiet_hours": quiet, "time_zone": "UTC"})
    later = cmr("check", EMAIL, *ABOUT)
    assert later.returncode == 3
    assert "allowed     yes, but not now" in later.stdout and "not before  20" in later.stdout


def test_check_with_exhausted_limit_exits_one(
    cmr: Command, met: Relationship, as_ana: Api, as_acme: Api
) -> None:
    scope = {"brand": "acme", "purpose": "marketing"}
    limit = {"scope": scope, "decision": "limit", "limit": {"max": 1, "per": "day"}}
    as_ana.post("me/choices", [{"scope": scope, "decision": "grant"}, limit])
    assert cmr("check", EMAIL, *ABOUT).returncode == 0
    matter = {"purpose": "marketing", "channel": "email"}
    sent = as_acme.post("sends/reserve", {"contact": {"email": EMAIL}, **matter})
    assert sent.json()["reserved"]
    assert cmr("check", EMAIL, *ABOUT).returncode == 3


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("check", EMAIL), "Missing option '--purpose'"),
        (("check", EMAIL, *ABOUT, "--topic", "zz"), "unknown_topic"),
        (("check", "no address", *ABOUT), "invalid_contact"),
        (("links", "nobody@example.org"), "no_relationship"),
        (("import", "missing.csv"), "does not exist"),
        (("listen", "--forward-to", "ftp://localhost"), "not the URL of an endpoint"),
        (("listen", "--forward-to", "localhost:9000/hook"), "not the URL of an endpoint"),
        (("listen", "--forward-to", "http://localhost", "--secret", "x y"), "a secret is whsec_"),
        (("events", "resend", "1"), "either --subscription or --forward-to"),
        (("events", "resend", "9", "--forward-to", "http://localhost:1"), "There is no event 9"),
        (("trigger", "preference.denied"), "requires a test key"),
        (("trigger", "preference.shouted"), "is not one of"),
    ],
)
def test_command_error_is_one_line(cmr: Command, words: tuple[str, ...], told: str) -> None:
    failed = cmr(*words)
    assert failed.returncode == 2
    assert told in failed.stderr.splitlines()[-1]


def test_command_without_service_explains(cmr: Command, environment: dict[str, str]) -> None:
    environment["CMR_URL"] = f"http://127.0.0.1:{free_port()}"
    failed = cmr("check", EMAIL, *ABOUT)
    assert (failed.returncode, "unreachable" in failed.stderr) == (2, True)


def test_links_prints_headers(cmr: Command, met: Relationship) -> None:
    shown = cmr("links", EMAIL, *ABOUT, "--campaign", "spring").stdout
    assert "List-Unsubscribe-Post: List-Unsubscribe=One-Click" in shown
    assert "one click    http" in shown


def test_help_of_every_command_is_printed(cmr: Command) -> None:
    assert "trigger" in cmr("--help").stdout
    for words in ("login", "check", "import", "listen", "trigger", "links"):
        assert cmr(words, "--help").returncode == 0
    assert cmr("events", "resend", "-h").returncode == 0
    assert cmr("--version").stdout.startswith("cmr, version ")


# -- Importing -------------------------------------------------------------------------------------


def finish(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """As a worker beside it would have it applied."""
    until = time.monotonic() + PATIENCE
    while process.poll() is None:
        assert time.monotonic() < until
        for each in applying.list_running_imports():
            jobs.run_import(each, now=timezone.now())
        time.sleep(0.05)
    out, err = process.communicate()
    return process.returncode, out, err


def test_import_valid_file_is_applied(begin: Begin, tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text(PEOPLE + "".join(map(line, range(30))))
    code, out, err = finish(begin("import", "people.csv", "--part-bytes", "500"))
    assert code == 0, err
    assert "people         30" in out and "uploading" in err
    assert Import.objects.get().note == "From our list of customers."
    assert not (tmp_path / "people.csv.exceptions.csv").exists()


def test_import_bad_rows_are_written_to_file(begin: Begin, tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text(PEOPLE + line(1) + line(2, "nobody"))
    code, out, _ = finish(begin("import", "people.csv", "--note", "Shop", "--webhooks"))
    assert code == 1 and "people.csv.exceptions.csv" in out
    with (tmp_path / "people.csv.exceptions.csv").open() as file:
        (bad,) = csv.DictReader(file)
    assert (bad["row_of_all"], bad["code"]) == ("2", "invalid_contact")
    assert (Import.objects.get().note, Import.objects.get().tells) == ("Shop", True)


def test_import_interrupted_is_resumed(begin: Begin, cmr: Command, tmp_path: Path) -> None:
    """The second part is in no encoding, so the upload ends there; then the file is put right."""
    file = tmp_path / "people.csv"
    rows = "".join(map(line, range(20)))
    file.write_bytes(PEOPLE.encode() + rows.encode() + b"\x81,,,,,\n")
    broken = cmr("import", "people.csv", "--part-bytes", "700")
    assert broken.returncode == 2 and "unreadable_part" in broken.stderr
    job = Import.objects.get()
    assert 0 < job.rows < 20 and f"--resume {job.pk}" in broken.stderr
    file.write_text(PEOPLE + rows + line(99))
    code, out, err = finish(
        begin("import", "people.csv", "--part-bytes", "700", "--resume", str(job.pk))
    )
    assert code == 0, err
    assert "people         21" in out and Import.objects.count() == 1


def test_import_unknown_columns_starts_nothing(cmr: Command, tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text("Email Address\nann@example.org\n")
    broken = cmr("import", "people.csv")
    assert broken.returncode == 2 and "Unknown headings 'Email Address'" in broken.stderr
    assert "--resume" not in broken.stderr and Import.objects.get().state == "cancelled"


# -- Events ----------------------------------------------------------------------------------------


@pytest.fixture
def _three(met: Relationship, as_ana: Api) -> None:
    """Her start with acme, and two choices."""
    for decision in ("deny", "grant"):
        as_ana.post("me/choices", {"scope": {"brand": "acme"}, "decision": decision})


@pytest.mark.usefixtures("_three")
def test_events_list_prints_last(cmr: Command) -> None:
    last = cmr("events", "list", "--limit", "2").stdout.splitlines()
    assert [each.split()[0] for each in last] == ["2", "3"]
    first = cmr("events", "list", "--after", "0", "--limit", "1", "--json").stdout
    assert json.loads(first)["type"] == "relationship.started"


@pytest.mark.usefixtures("_three")
def test_events_replay_sends_to_webhook(cmr: Command, acme: Brand) -> None:
    asked = webhooks.SubscriptionTerms(url="https://acme.example/hook")
    hook, _ = webhooks.create_subscription(acme, asked, now=timezone.now())
    again = cmr("events", "resend", "2", "3", "--subscription", str(hook.pk))
    assert (again.returncode, again.stdout) == (0, "2 will be sent again.\n")


@pytest.mark.usefixtures("_three")
def test_events_forward_sends_to_url(cmr: Command, httpserver: HTTPServer) -> None:
    httpserver.expect_ordered_request("/hook").respond_with_data(status=204)
    httpserver.expect_ordered_request("/hook").respond_with_data(status=500)
    url = httpserver.url_for("/hook")
    again = cmr("events", "resend", "3", "2", "--forward-to", url)
    assert again.returncode == 1
    _, taken, refused = again.stdout.splitlines()
    assert "preference.granted" in taken and "204" in taken
    assert "preference.denied" in refused and "500" in refused
    assert [json.loads(each.data)["sequence"] for each, _ in httpserver.log] == [3, 2]
