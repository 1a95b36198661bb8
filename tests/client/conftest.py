"""A brand's client, its command line, and its own endpoint, beside the running service."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypedDict

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from cmr_client import Client
from consent.imports import applying, jobs
from consent.propagation import expirations
from tests.chaos.fleet import wait_until

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60  # seconds


class Matter(TypedDict):
    purpose: str
    channel: str


MAILS: Matter = {"purpose": "marketing", "channel": "email"}

Command = Callable[..., "subprocess.CompletedProcess[str]"]
Begin = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture(autouse=True)
def _nobody_waits_for_long(settings: Settings) -> None:
    """A call that waits for events goes on for half as long, also when its client is gone."""
    settings.CONNECTION_IDLE_SECONDS = 2


@pytest.fixture
def service(live_server: LiveServer) -> Iterator[LiveServer]:
    """The running service. When its tables are emptied, nobody may still be calling it."""
    yield live_server
    wait_until(lambda: not _calls(), "every call is over")


def _calls() -> list[str]:
    return [each.name for each in threading.enumerate() if "process_request" in each.name]


@pytest.fixture
def acme_client(service: LiveServer, acme_key: str) -> Iterator[Client]:
    with Client(service.url, acme_key, timeout=60) as client:
        yield client


@pytest.fixture
def environment(service: LiveServer, acme_key: str, tmp_path: Path) -> dict[str, str]:
    """Of a shell in which acme's developer has set an address and a key."""
    return {
        **os.environ,
        "CMR_URL": service.url,
        "CMR_KEY": acme_key,
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "PYTHONPATH": str(ROOT / "client" / "src"),
        "PYTHONUNBUFFERED": "1",
    }


@pytest.fixture
def begin(environment: dict[str, str], tmp_path: Path) -> Iterator[Begin]:
    """Starts `cmr …`; what is left running at the end is stopped."""
    started: list[subprocess.Popen[str]] = []

    def run(*words: str, **more: Any) -> subprocess.Popen[str]:
        started.append(
            subprocess.Popen(
                [sys.executable, "-m", "cmr_client.command", *words],
                env=environment,
                cwd=tmp_path,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                **more,
            )
        )
        return started[-1]

    yield run
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def cmr(begin: Begin) -> Command:
    """Runs `cmr …` to its end."""

    def run(*words: str, said: str | None = None) -> subprocess.CompletedProcess[str]:
        process = begin(*words, stdin=subprocess.PIPE)
        out, err = process.communicate(said, timeout=PATIENCE)
        assert "Traceback" not in err, err
        return subprocess.CompletedProcess(words, process.returncode, out, err)

    return run


@pytest.fixture
def at_work(db: None) -> Iterator[None]:
    """Beside the test, what a worker does: imports, and the ends of pauses and yeses."""
    over = threading.Event()

    def work() -> None:
        while not over.wait(0.05):
            now = timezone.now()
            expirations.tell_due_endings(now)
            for each in applying.list_running_imports():
                jobs.run_import(each, now=now)
        connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    yield
    over.set()
    thread.join()
