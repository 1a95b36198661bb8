"""One task a webhook and change."""

from __future__ import annotations

from typing import Any

import requests
from celery import Celery

app = Celery("peer")
app.config_from_object("tests.bench.peer.settings", namespace="CELERY")


@app.task(name="peer.post_change")
def post_change(url: str, body: dict[str, Any]) -> None:
    requests.post(url, json=body, timeout=15).raise_for_status()
