"""The whole product on one machine: what is done before it runs, and what runs."""

import http.client
import os
import shutil
import sys
from pathlib import Path

from devstack import CannotRun, ports
from devstack.steps import Step
from devstack.supervisor import Process

ROOT = Path(__file__).resolve().parents[1]
PY = sys.executable

STEPS = (
    Step("Settings", "check"),
    Step("Age of the database", "database_age"),  # before migrate: it may be newer than the code
    Step("Migrations", "migrate --no-input"),
    Step("Static files", "collectstatic --no-input --verbosity 0"),  # copies only what changed
    Step("Demo data", "demo"),
    Step("Made-up mailbox", "devstack.demo.mailbox", program="-m"),
)
#: Takes some ten seconds when its sources changed, so it is built beside the steps.
DOCUMENTATION = Step("Documentation", "devstack.documentation", program="-m")
MAIN_JOB = Step("The main job", "main_job")

WEB = (
    "granian --interface asginl --http 1 --host 127.0.0.1 --workers 2 --no-ws "
    "--http1-buffer-size 65536 --backlog 4096 --respawn-failed-workers config.asgi:application"
)
WORKER = (
    "celery -A config worker --pool threads --loglevel WARNING "
    "--without-gossip --without-mingle --without-heartbeat"
)
DELIVERY = f"{WORKER} --queues delivery --concurrency 2 --hostname delivery@%h"
RECORDS = f"{WORKER} --queues records --concurrency 4 --hostname records@%h"
IMPORTS = f"{WORKER} --queues imports --concurrency 1 --hostname imports@%h"


def processes(port: int, folder: Path) -> list[Process]:
    """What runs, in the order of starting; it is stopped in reverse."""
    web = _module(WEB, "--port", str(port))
    return [
        Process("sample-brand", _module("devstack.demo.sample_brand")),
        Process("name-server", _module("devstack.demo.name_server")),
        Process("web", web, ready=lambda: is_ready(port)),
        Process("delivery", _module(DELIVERY)),
        Process("records", _module(RECORDS)),
        Process("imports", _module(IMPORTS)),
    ]


def variables(port: int, folder: Path) -> dict[str, str]:
    """What every step and process is told besides run.env."""
    name_server = ports.kept(folder / "name_server.port")
    return {
        "PORT": str(port),
        "PUBLIC_URL": os.environ.get("PUBLIC_URL") or f"http://127.0.0.1:{port}",
        "CMR_FOLDER": str(folder.resolve()),
        "SAMPLE_BRAND_PORT": str(ports.kept(folder / "sample_brand.port")),
        "NAME_SERVER_PORT": str(name_server),
        "MAILBOX_DNS_SERVER": os.environ.get("MAILBOX_DNS_SERVER") or f"127.0.0.1:{name_server}",
        "PYTHONUNBUFFERED": "1",  # or a log's last lines die with its process
    }


#: Without any progress. While web and workers log or use the CPU they are waited for.
READY_SECONDS = 60
FREE_BYTES = 200_000_000


class DiskFull(CannotRun):
    """There is not enough room to begin."""


def check_disk(folder: Path) -> None:
    """Raises DiskFull."""
    free = shutil.disk_usage(folder).free
    if free < FREE_BYTES:
        raise DiskFull(
            f"only {free // 1_000_000} MB are free on the disk that holds {folder}; "
            f"{FREE_BYTES // 1_000_000} MB are needed"
        )


class PortTaken(CannotRun):
    """The web port is somebody else's."""


def check_port(port: int) -> None:
    """Raises PortTaken."""
    try:
        free = ports.is_free(port)
    except PermissionError:
        raise PortTaken(f"this user may not use port {port}; choose one above 1023") from None
    if not free:
        raise PortTaken(f"port {port} is taken; choose another with PORT={port + 1} make run")


def is_ready(port: int) -> bool:
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        line.request("GET", "/readyz")
        return line.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        line.close()


def _module(command: str, *more: str) -> list[str]:
    return [PY, "-m", *command.split(), *more]
