"""The limit of a wake-up: one plain Celery task a change, which posts it with `requests`."""

from __future__ import annotations

import os

import requests
from celery import Celery

app = Celery("plain", broker=os.environ["REDIS_URL"])
app.conf.update(task_ignore_result=True, task_default_queue="plain", worker_prefetch_multiplier=1)
#: How a worker for it is started; like the product's own, without what neither needs.
WORKER = (
    "celery -A tests.bench.plain worker --pool threads --concurrency 16 --loglevel WARNING "
    "--without-gossip --without-mingle --without-heartbeat --queues plain --hostname plain@%h"
)


@app.task(name="plain.post")
def post(url: str, body: str) -> None:
    requests.post(url, data=body, headers={"Content-Type": "application/json"}, timeout=15)
