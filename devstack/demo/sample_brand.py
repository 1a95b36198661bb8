"""A brand as its programmers would write one: receives webhooks, verifies them, keeps a copy.

`GET /` shows what it received; `GET /received/ENTRY` answers when an entry arrived. It knows of
CMR only what the docs say, and verifies with the public `standardwebhooks` library.
"""

from __future__ import annotations

import html
import json
import os
import sys
import threading
import time
from collections import OrderedDict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError

FOLDER = os.environ.get("CMR_FOLDER") or Path(__file__).resolve().parents[2] / "var"
PAPER = Path(FOLDER) / "demo.json"
KEPT = 5_000

_received: OrderedDict[str, dict[str, Any]] = OrderedDict()
_lock = threading.Lock()


def read_webhook_secret(slug: str) -> str | None:
    """Return the brand's webhook secret. It is read each time, since the demo may rotate it."""
    brands = json.loads(PAPER.read_text())["brands"]
    return next((brand["webhook_secret"] for brand in brands if brand["slug"] == slug), None)


def keep(slug: str, event: dict[str, Any], webhook_id: str) -> None:
    at = time.time()
    with _lock:
        kept = {"brand": slug, "received_at": at, "event": event}
        _received.setdefault(webhook_id, kept)  # a repeat has the same id, and changes nothing
        while len(_received) > KEPT:
            _received.popitem(last=False)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        body = self.rfile.read(min(int(self.headers.get("Content-Length") or 0), 100_000))
        slug = self.path.rpartition("/")[2]
        secret = read_webhook_secret(slug)
        if secret is None:
            return self.answer(404)
        try:
            event = Webhook(secret).verify(body, dict(self.headers.items()))
        except WebhookVerificationError:
            return self.answer(401)
        keep(slug, event, self.headers["webhook-id"])
        return self.answer(204)

    def do_GET(self) -> None:
        if self.path.startswith("/received/"):
            return self.answer(200, json.dumps(self._found()).encode(), "application/json")
        return self.answer(200, page().encode(), "text/html; charset=utf-8")

    def _found(self) -> dict[str, Any] | None:
        entry = self.path.rpartition("/")[2]
        with _lock:
            events = list(_received.values())
        return next((e for e in events if e["event"]["data"].get("entry") == entry), None)

    def answer(self, status: int, body: bytes = b"", kind: str = "text/plain") -> None:
        self.send_response(status)
        if status != 204:
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet: each webhook would be a line."""


def page() -> str:
    with _lock:
        newest = list(reversed(_received.values()))[:100]
    rows = "".join(
        f"<tr><td>{html.escape(e['brand'])}<td>{e['event']['sequence']}"
        f"<td>{html.escape(e['event']['type'])}<td>{html.escape(_scope(e['event']['data']))}"
        f"<td>{time.strftime('%H:%M:%S', time.localtime(e['received_at']))}"
        for e in newest
    )
    return (
        "<!doctype html><html lang=en><meta charset=utf-8><title>Sample brand</title>"
        "<meta name=viewport content='width=device-width'><h1>What the sample brand received</h1>"
        f"<p>{len(newest)} newest webhooks, each verified.</p>"
        f"<table border=1 cellpadding=4><tr><th>brand<th>sequence<th>type<th>scope<th>at{rows}"
        "</table></html>"
    )


def _scope(data: dict[str, Any]) -> str:
    scope = data.get("scope") or {}
    return " · ".join(str(scope[part]) for part in scope if scope[part]) or "everything"


def main() -> None:
    port = int(os.environ.get("SAMPLE_BRAND_PORT", "8009"))
    try:
        server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    except OSError as error:
        sys.exit(f"sample brand: port {port}: {error.strerror}")
    server.daemon_threads = True
    server.serve_forever()


if __name__ == "__main__":
    main()
