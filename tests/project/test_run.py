"""`make run` as a newcomer sees it: the main job before their eyes, and what is left to scripts."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import dns.message
import dns.query
import pytest

from tests.project import running
from tests.project.running import Product


def test_it_shows_the_main_job(product: Product) -> None:
    """Who chose what, when it was committed, received and counted, and what the check says."""
    printed = product.shown.read_text()
    assert "ana@example.org said no to marketing by email from Acme Outdoor" in printed
    assert re.search(r"received .* signature verified, event \d+", printed)
    assert "check      allowed: false  rule: person_denied" in printed
    counted = re.search(r"counted +(\d+) opt-outs today \(before: (\d+)\)", printed)
    assert counted
    assert int(counted[1]) == int(counted[2]) + 1


class HoldsAnswers(BaseHTTPRequestHandler):
    """Hands calls on to the product; the answer to a choice comes a second late."""

    product: Product

    def _hand_on(self) -> None:
        size = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(size) if size else None
        headers = {k: v for k, v in self.headers.items() if k not in ("Host", "Connection")}
        call = HTTPConnection("127.0.0.1", self.product.port, timeout=60)
        call.request(self.command, self.path, body, headers)
        answer = call.getresponse()
        said = answer.read()
        if self.path.endswith("/me/choices"):
            time.sleep(1)
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("transfer-encoding", "connection", "content-length"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def do_GET(self) -> None:
        self._hand_on()

    def do_POST(self) -> None:
        self._hand_on()


@contextmanager
def answers_held(product: Product, folder: Path) -> Iterator[None]:
    """Have the commands of *folder* call the product by way of `HoldsAnswers`."""
    handler = type("Handler", (HoldsAnswers,), {"product": product})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever).start()
        paper = product.paper | {"base_url": f"http://127.0.0.1:{server.server_port}"}
        (folder / "demo.json").write_text(json.dumps(paper))
        shutil.copy(product.folder / "run.env", folder)
        try:
            yield
        finally:
            server.shutdown()


def test_nothing_is_received_before_it_was_said(product: Product, tmp_path: Path) -> None:
    """Also where the webhook comes before the answer to the choice, as both follow the commit."""
    say_yes(product)
    with answers_held(product, tmp_path):
        printed = _manage(product, "main_job", folder=tmp_path)
    said = re.search(r"said +(\d\S+)", printed)
    received = re.search(r"received +(\S+) .* \(after (\d+) ms\)", printed)
    assert said and received, printed
    assert said[1] <= received[1]


def say_yes(product: Product) -> None:
    """Take Ana's no of before away, for the same no again would be no second choice."""
    scope = {"brand": "acme", "purpose": "marketing", "channel": "email"}
    request = urllib.request.Request(
        f"{product.paper['base_url']}/api/v1/me/choices",
        json.dumps({"scope": scope, "decision": "grant"}).encode(),
        {
            "Content-Type": "application/json",
            "Authorization": f"Bearer {product.paper['consumers'][0]['token']}",
        },
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        assert answer.status == HTTPStatus.CREATED


def test_the_paper_for_scripts_is_for_its_owner_only(product: Product) -> None:
    paper = product.folder / "demo.json"
    assert paper.stat().st_mode & 0o777 == 0o600
    assert set(product.paper) >= {"base_url", "consumers", "brands", "admin"}
    assert set(product.paper["consumers"][0]) == {"email", "password", "token"}
    assert set(product.paper["brands"][0]) == {
        "slug",
        "key",
        "test_key",
        "webhook_secret",
    }


def test_the_sample_brand_shows_what_it_received(product: Product) -> None:
    with urllib.request.urlopen(product.paper["sample_brand"], timeout=60) as answer:
        page = answer.read().decode()
    assert "preference.denied" in page


def test_the_made_up_mailbox_is_there_and_its_keys_are_in_dns(product: Product) -> None:
    mailbox = product.folder / "demo-mailbox.mbox"
    assert mailbox.stat().st_size > 3_000_000
    assert str(mailbox) in product.wait_for("Find my companies")
    records = json.loads(mailbox.with_suffix(".dns.json").read_text())
    port = int((product.folder / "name_server.port").read_text())
    for name in list(records)[:3]:
        answer = dns.query.udp(dns.message.make_query(name, "TXT"), "127.0.0.1", 10, port)
        (found,) = answer.answer[0]
        assert b"".join(found.strings).decode() == records[name]


def test_a_problem_leads_to_this_machine(product: Product) -> None:
    base = product.paper["base_url"]
    with pytest.raises(urllib.error.HTTPError) as answer:
        urllib.request.urlopen(f"{base}/api/v1/brand", timeout=60)
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
    with urllib.request.urlopen(request, timeout=60) as answer:
        assert json.load(answer)["rule"] == "no_relationship"


def _manage(product: Product, *arguments: str, folder: Path | None = None) -> str:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=running.ROOT,
        env=running.environment() | {"CMR_FOLDER": str(folder or product.folder)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def test_demo_data_is_made_once_and_kept(product: Product) -> None:
    before = product.paper
    _manage(product, "demo")
    assert product.paper["consumers"] == before["consumers"]
    assert product.paper["brands"] == before["brands"]
