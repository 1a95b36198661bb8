"""`make run` as a newcomer sees it: the main job before their eyes, then the README's own lines."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from config.services import ports

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 120.0  # seconds
NOT_OURS = ("DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE", "CMR_", "SECRET_KEY")


@dataclass(frozen=True)
class Product:
    """Everything, running; `shown` is what it printed."""

    folder: Path
    port: int
    shown: Path
    process: subprocess.Popen[bytes]

    @property
    def paper(self) -> dict[str, Any]:
        said: dict[str, Any] = json.loads((self.folder / "demo.json").read_text())
        return said

    def wait_for(self, text: str) -> str:
        until = time.monotonic() + PATIENCE
        while text not in (printed := self.shown.read_text()):
            assert self.process.poll() is None, f"it ended:\n{printed}"
            assert time.monotonic() < until, f"no {text!r} in:\n{printed}"
            time.sleep(0.1)
        return printed


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    place = tmp_path_factory.mktemp("run")
    folder, port, shown = place / "var", ports.free(), place / "shown"
    folder.mkdir()
    argv = [sys.executable, "-m", "config.services", "run", "--port", str(port)]
    environment = {k: v for k, v in os.environ.items() if not k.startswith(NOT_OURS)}
    with shown.open("wb") as output:
        process = subprocess.Popen(
            [*argv, "--folder", str(folder)],
            cwd=ROOT,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    running = Product(folder, port, shown, process)
    try:
        running.wait_for("Ctrl-C stops it")
        yield running
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
    assert _left_over(folder) == []


def _left_over(folder: Path) -> list[str]:
    """The command lines of processes that name *folder*: nothing may outlive the launcher."""
    lines = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            lines.append(path.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
        except OSError:
            continue
    return [line for line in lines if str(folder) in line]


def test_it_shows_the_main_job(product: Product) -> None:
    """Who chose what, when it was committed, received and counted, and what the check says."""
    printed = product.shown.read_text()
    assert "ana@example.org said no to marketing by email from Acme Outdoor" in printed
    assert re.search(r"received .* signature verified, event \d+", printed)
    assert "check      allowed: false  rule: person_denied" in printed
    counted = re.search(r"counted +(\d+) opt-outs today \(before: (\d+)\)", printed)
    assert counted
    assert int(counted[1]) == int(counted[2]) + 1


def test_the_paper_for_scripts_is_for_its_owner_only(product: Product) -> None:
    paper = product.folder / "demo.json"
    assert paper.stat().st_mode & 0o777 == 0o600
    assert set(product.paper) >= {"base_url", "consumers", "brands", "admin"}
    assert set(product.paper["consumers"][0]) == {"email", "password", "token"}
    assert set(product.paper["brands"][0]) == {"slug", "key", "webhook_secret"}


def test_the_readmes_lines_do_what_it_says(product: Product) -> None:
    readme = (ROOT / "README.md").read_text()
    blocks = [b for b in re.findall(r"```sh\n(.*?)```", readme, re.S) if "curl" in b]
    answers = [json.loads(_sh(product, block)) for block in blocks]
    assert [set(answer) >= {"allowed", "rule"} for answer in answers] == [True, False]
    assert answers[1]["data"][0]["decision"] == "deny"


def test_the_guides_lines_import_people_and_make_links(product: Product) -> None:
    imported, linked = (
        re.findall(r"```sh\n(.*?)```", (ROOT / guide).read_text(), re.S)[0]
        for guide in ("docs/imports.md", "docs/links.md")
    )
    printed = _sh(product, imported)
    assert '"rows":1,"bad":1' in printed
    assert printed.splitlines()[-1] == "1,2,email,invalid_contact,this is not an e-mail address"
    assert set(json.loads(_sh(product, linked))) == {"one_click_url", "preferences_url", "headers"}


def _sh(product: Product, block: str) -> str:
    here = block.replace("http://127.0.0.1:8000", product.paper["base_url"])
    here = here.replace("var/demo.json", str(product.folder / "demo.json"))
    return subprocess.run(
        ["sh", "-ec", here], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout


def test_the_sample_brand_shows_what_it_received(product: Product) -> None:
    with urllib.request.urlopen(product.paper["sample_brand"], timeout=10) as answer:
        page = answer.read().decode()
    assert "preference.denied" in page


def test_a_problem_leads_to_this_machine(product: Product) -> None:
    base = product.paper["base_url"]
    with pytest.raises(urllib.error.HTTPError) as answer:
        urllib.request.urlopen(f"{base}/api/v1/brand", timeout=10)
    assert json.load(answer.value)["type"] == f"{base}/docs/errors#not_authenticated"


def test_a_directory_is_imported_beside_it(product: Product, tmp_path: Path) -> None:
    """`manage.py` meets the services that are up, and a key is issued for a new brand."""
    line = {"slug": "blue-shop", "name": "Blue Shop"}
    (tmp_path / "companies.jsonl").write_text(json.dumps(line))
    assert "1 created" in _manage(product, "import_directory", str(tmp_path / "companies.jsonl"))
    key = _manage(product, "issue_key", "blue-shop", "--scopes", "check").strip()
    question = {"contact": {"email": "x@example.org"}, "purpose": "research", "channel": "sms"}
    request = urllib.request.Request(
        f"{product.paper['base_url']}/api/v1/check",
        json.dumps(question).encode(),
        {"Content-Type": "application/json", "Authorization": f"Bearer {key}"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert json.load(answer)["rule"] == "no_relationship"


def _manage(product: Product, *arguments: str) -> str:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(NOT_OURS)}
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=environment | {"CMR_FOLDER": str(product.folder)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def test_demo_data_is_made_once_and_kept(product: Product) -> None:
    before = product.paper
    _manage(product, "demo")
    assert product.paper["consumers"] == before["consumers"]
    assert product.paper["brands"] == before["brands"]
