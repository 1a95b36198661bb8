"""docker-compose.yml and the Dockerfile say the same as the settings and the launcher."""

import itertools
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings

from devstack import product
from tests.cmr.mail_servers import MailServer

ROOT = Path(__file__).resolve().parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
#: One line an instruction, its continuations joined, comments left out.
DOCKERFILE = re.sub(r"^#.*\n", "", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)
INSTRUCTIONS = [
    line.split(maxsplit=1) for line in DOCKERFILE.replace("\\\n", "").splitlines() if line.strip()
]
#: Processes of `make run` that only the demo has.
DEMO = {"sample-brand", "name-server"}
OURS = {"migrate", "web", "delivery", "records", "imports"}
SECRET = re.compile(r"SECRET|PEPPER|PASSWORD|KEY")
#: Settings that compose does not pass, and why.
NOT_PASSED = {
    "DEBUG": "shows settings to strangers",
    "OUTBOUND_ALLOW_LOOPBACK": "is refused in production",
    "ACCOUNT_LIMITS": "is for measuring alone",
    "CMR_FOLDER": "is a folder of the image",
    "STATIC_ROOT": "is a folder of the image",
    "DOCS_FOLDER": "is a folder of the image",
}
#: Only who migrates and prunes is told these.
OF_MIGRATE = {"OWNER_DATABASE_URL", "MAINTENANCE_DATABASE_URL"}
#: `${NAME:?hint}`: compose stops where the environment does not say it.
DEMANDED = r"\$\{[A-Z_]+:\?[^}]+\}"


def words_of(command: str | list[str]) -> list[str]:
    return command.split() if isinstance(command, str) else command


def queues_of(command: str | list[str]) -> set[str]:
    words = words_of(command)
    return {
        queue
        for flag, value in itertools.pairwise(words)
        if flag == "--queues"
        for queue in value.split(",")
    }


def routed_queues() -> set[str]:
    routes = settings.CELERY["task_routes"].values()
    return {settings.CELERY["task_default_queue"], *(route["queue"] for route in routes)}


def settings_from_environment() -> set[str]:
    text = (ROOT / "config" / "settings.py").read_text()
    return set(re.findall(r'\b(?:env\.\w+|read_list)\(\s*"([A-Z_]+)"', text))


def major_version(service: str) -> int:
    found = re.fullmatch(r"[a-z]+:(\d+)(\.\d+)*(-\w+)?", SERVICES[service]["image"])
    assert found, f"{service} has no version"
    return int(found[1])


def test_has_every_service() -> None:
    assert set(SERVICES) == OURS | {"postgres", "redis", "proxy"}


def test_every_dependency_is_a_service_and_can_become_what_is_waited_for() -> None:
    for name, service in SERVICES.items():
        for needed, how in service.get("depends_on", {}).items():
            assert needed in SERVICES, f"{name} waits for {needed}"
            if how["condition"] == "service_healthy" and needed != "web":  # the image's own
                assert "test" in SERVICES[needed]["healthcheck"]
            if how["condition"] == "service_completed_successfully":
                assert SERVICES[needed]["restart"] == "no"


def test_nothing_starts_before_the_migrations() -> None:
    for name in OURS - {"migrate"}:
        condition = SERVICES[name]["depends_on"]["migrate"]["condition"]
        assert condition == "service_completed_successfully"


def test_every_queue_is_consumed_under_compose() -> None:
    commands = [service.get("command", "") for service in SERVICES.values()]
    assert set().union(*map(queues_of, commands)) == routed_queues()


def test_every_queue_is_consumed_under_make_run() -> None:
    consumed = [queues_of(process.argv) for process in processes_of_make_run()]
    assert set().union(*consumed) == routed_queues()


def processes_of_make_run() -> list[Any]:
    return [p for p in product.processes(8000, ROOT / "var") if p.name not in DEMO]


@pytest.mark.parametrize("name", ["delivery", "records", "imports"])
def test_a_worker_is_the_one_of_make_run(name: str) -> None:
    here = next(p.argv for p in processes_of_make_run() if p.name == name)
    assert words_of(SERVICES[name]["command"]) == list(here)[2:]  # without `python -m`


def test_web_is_the_one_of_make_run() -> None:
    (command,) = (words for name, words in INSTRUCTIONS if name == "CMD")
    in_container = yaml.safe_load(command)  # JSON's list is YAML's
    here = next(p for p in processes_of_make_run() if p.name == "web")
    expected = ["0.0.0.0" if word == "127.0.0.1" else word for word in list(here.argv)[2:]]
    assert sorted(in_container[2:]) == sorted(expected)


def test_versions_are_new_enough() -> None:
    assert major_version("postgres") >= 16
    assert major_version("redis") >= 7


def test_redis_keeps_what_it_has() -> None:
    assert "--appendonly yes" in " ".join(SERVICES["redis"]["command"])


def test_data_stands_in_volumes() -> None:
    for name in ("postgres", "redis"):
        volume, _, _ = SERVICES[name]["volumes"][0].partition(":")
        assert volume in COMPOSE["volumes"]


def test_no_secret_stands_here() -> None:
    secrets = [
        (name, value)
        for service in SERVICES.values()
        for name, value in service.get("environment", {}).items()
        if SECRET.search(name)
    ]
    assert {"SECRET_KEY", "IDENTIFIER_PEPPER", "WEBHOOK_SECRETS_KEY"} <= {n for n, _ in secrets}
    assert [name for name, value in secrets if value and not re.fullmatch(DEMANDED, value)] == []


def test_no_password_stands_in_a_url() -> None:
    for name in OURS:
        url = SERVICES[name]["environment"]["DATABASE_URL"]
        assert re.fullmatch(rf"postgres://cmr_application:{DEMANDED}@postgres:5432/cmr", url)
    migrate = SERVICES["migrate"]["environment"]
    for name, role in (("OWNER", "cmr"), ("MAINTENANCE", "cmr_maintenance")):
        url = migrate[f"{name}_DATABASE_URL"]
        assert re.fullmatch(rf"postgres://{role}:{DEMANDED}@postgres:5432/cmr", url)


def test_only_the_migrations_know_the_owner() -> None:
    """What serves and works cannot become the owner: it does not have the password."""
    for name in OURS - {"migrate"}:
        text = yaml.safe_dump(SERVICES[name])
        assert "POSTGRES_PASSWORD" not in text and "MAINTENANCE_PASSWORD" not in text
    commands = SERVICES["migrate"]["command"][-1].split(" && ")
    order = ["create_roles", "database_age", "migrate", "check --database default"]
    assert [c.removeprefix("python manage.py ").removesuffix(" --no-input") for c in commands] == [
        "check",
        *order,
    ]


def test_the_example_names_what_is_demanded_and_has_no_secret() -> None:
    text = (ROOT / ".env.example").read_text()
    example = dict(line.split("=", 1) for line in text.splitlines() if re.match(r"[A-Z]", line))
    demanded = set(re.findall(r"\$\{([A-Z_]+):\?", (ROOT / "docker-compose.yml").read_text()))
    assert demanded <= set(example)
    assert [name for name, value in example.items() if SECRET.search(name) and value] == []


def test_every_setting_is_passed_to_every_service() -> None:
    for service in OURS:
        passed = set(SERVICES[service]["environment"])
        wanted = settings_from_environment() - set(NOT_PASSED)
        assert passed == (wanted if service == "migrate" else wanted - OF_MIGRATE), service


def test_everything_that_reads_the_environment_is_known() -> None:
    """What the settings do not read is not configuration of the service."""
    apps = ("mailbox_reader", "core", "brands", "consent", "cmr", "config", "devstack")
    reading = {
        str(file.relative_to(ROOT))
        for app in apps
        for file in (ROOT / app).rglob("*.py")
        if re.search(r"os\.environ\b|getenv", file.read_text())
    }
    assert {f for f in reading if not f.startswith("devstack/")} == {
        "config/celery.py",  # which settings there are, for both
        "config/asgi.py",  # … and where prometheus_client finds the counts
        "config/postgres/backups.py",  # hands it on to pg_dump
    }  # fmt: skip


@pytest.mark.parametrize("name", ["delivery", "records"])
def test_a_worker_is_healthy_while_its_sweep_goes_round(name: str, tmp_path: Path) -> None:
    """The command itself, in a folder as the container's."""
    command = SERVICES[name]["healthcheck"]["test"]
    assert command[0] == "CMD"
    heartbeat = tmp_path / "var" / "heartbeat"
    heartbeat.parent.mkdir()
    assert not is_healthy(command, tmp_path)
    heartbeat.touch()
    assert is_healthy(command, tmp_path)
    old = time.time() - 121
    os.utime(heartbeat, (old, old))
    assert not is_healthy(command, tmp_path)
    assert settings.HEARTBEAT_FILE == settings.FOLDER / "heartbeat"


def is_healthy(command: list[str], folder: Path) -> bool:
    program = [sys.executable, *command[2:]]
    return subprocess.run(program, cwd=folder, capture_output=True, check=False).returncode == 0


def test_every_container_that_stays_has_a_limit_of_memory() -> None:
    for name, service in SERVICES.items():
        assert service["deploy"]["resources"]["limits"]["memory"], name


def test_redis_asks_for_a_password() -> None:
    command = SERVICES["redis"]["command"]
    password = command[command.index("--requirepass") + 1]
    assert re.fullmatch(DEMANDED, password)
    assert SERVICES["redis"]["environment"]["REDISCLI_AUTH"] == password
    for name in OURS:
        assert SERVICES[name]["environment"]["REDIS_URL"] == f"redis://:{password}@redis:6379/0"


def test_the_proxy_ends_tls_before_web() -> None:
    proxy = SERVICES["proxy"]
    assert {"80:80", "443:443"} <= set(proxy["ports"])
    assert "./Caddyfile:/etc/caddy/Caddyfile:ro" in proxy["volumes"]
    caddyfile = re.sub(r"#.*", "", (ROOT / "Caddyfile").read_text())
    assert caddyfile.split()[:2] == ["{$PUBLIC_URL}", "{"]
    assert re.search(r"dynamic a web 8000\b", caddyfile)
    assert caddyfile.count("{") == caddyfile.count("}")
    # One proxy, which replaces what a caller sent: Caddy's default, unless it trusts somebody.
    assert SERVICES["web"]["environment"]["TRUSTED_PROXIES"] == "${TRUSTED_PROXIES:-1}"
    assert "trusted_proxies" not in caddyfile


def environment_of(service: str, **dotenv: str) -> dict[str, str]:
    """What compose tells *service*, with the example's values and *dotenv* in .env."""
    lines = (ROOT / ".env.example").read_text().splitlines()
    example = dict(line.split("=", 1) for line in lines if re.match(r"[A-Z]", line))
    filled = {name: value or name.lower() + "x" * 40 for name, value in example.items()}
    known = filled | dotenv

    def insert(found: re.Match[str]) -> str:
        return known.get(found[1]) or found[2] or ""

    passed = {
        name: known.get(name) if value is None else value
        for name, value in SERVICES[service]["environment"].items()
    }
    variable = re.compile(r"\$\{([A-Z_]+)(?::[-?]([^}]*))?\}")
    return {name: variable.sub(insert, str(v)) for name, v in passed.items() if v is not None}


SEND = (
    "import django; django.setup();"
    "from django.core.management import call_command; call_command('check', fail_level='WARNING');"
    "from django.core.mail import send_mail; send_mail('Hello', 'text', None, ['ana@example.org'])"
)


def test_a_mail_leaves_with_composes_environment(tmp_path: Path) -> None:
    """From web and from a worker, with nothing else in the environment."""
    server = MailServer(utf8=True)
    server.start()
    try:
        for service in ("web", "records"):
            environment = environment_of(
                service,
                EMAIL_URL=f"smtp://127.0.0.1:{server.port}",
                MAIL_FROM="CMR <cmr@example.org>",
            ) | {"CMR_FOLDER": str(tmp_path), "DJANGO_SETTINGS_MODULE": "config.settings"}
            command = [sys.executable, "-c", SEND]
            done = subprocess.run(
                command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, done.stderr
    finally:
        server.stop()
    assert [mail.sender for mail in server.mails] == ["cmr@example.org"] * 2


def test_the_example_names_every_variable() -> None:
    text = (ROOT / ".env.example").read_text()
    named = set(re.findall(r"^#?([A-Z_]+)=", text, re.MULTILINE))
    compose = (ROOT / "docker-compose.yml").read_text()
    without_value = {n for n, value in SERVICES["web"]["environment"].items() if value is None}
    assert named == set(re.findall(r"\$\{([A-Z_]+)", compose)) | without_value


def test_is_production_and_answers_its_own_health_check() -> None:
    for name in OURS:
        environment = SERVICES[name]["environment"]
        assert environment["CMR_ENVIRONMENT"] == "production"
        assert "localhost" in environment["ALLOWED_HOSTS"].split(",")
    assert "http://localhost:8000/healthz" in DOCKERFILE


def test_services_can_be_scaled() -> None:
    for name in OURS:
        assert "container_name" not in SERVICES[name]
        assert ("ports" in SERVICES[name]) == (name == "web")
    assert SERVICES["web"]["ports"] == ["${WEB_PORT:-127.0.0.1:8000}:8000"]


def test_all_of_ours_are_one_image() -> None:
    assert {(SERVICES[name]["image"], SERVICES[name]["build"]) for name in OURS} == {("cmr", ".")}


def test_the_image_installs_what_is_locked() -> None:
    product, documentation = (words for name, words in INSTRUCTIONS if "pip install" in words)
    assert "--require-hashes -r requirements/base.txt" in product
    assert "--require-hashes -r requirements/docs.txt" in documentation


def test_the_image_ends_as_a_user_without_rights() -> None:
    users = [words for name, words in INSTRUCTIONS if name == "USER"]
    found = re.fullmatch(r"(\d+):(\d+)", users[-1])
    assert found and int(found[1]) >= 1000 and int(found[2]) >= 1000
    after = [name for name, _ in INSTRUCTIONS[INSTRUCTIONS.index(["USER", users[-1]]) :]]
    assert "RUN" not in after and "COPY" not in after


def test_the_image_holds_the_apps_and_no_secrets() -> None:
    lines = (ROOT / ".dockerignore").read_text().split()
    assert lines[0] == "*"
    taken = {line[1:] for line in lines if line.startswith("!")}
    apps = {"brands", "client", "cmr", "config", "consent", "core", "devstack"} | {"mailbox_reader"}
    documents = {"docs", "CHANGELOG.md", "LICENSE"}
    assert (
        taken == {"manage.py", "requirements/base.txt", "requirements/docs.txt"} | apps | documents
    )


def test_the_image_sets_what_settings_read() -> None:
    said = [words for name, words in INSTRUCTIONS if name == "ENV"]
    names = {pair.partition("=")[0] for words in said for pair in words.split()}
    assert {n for n in names if not n.startswith("PYTHON")} <= settings_from_environment()
