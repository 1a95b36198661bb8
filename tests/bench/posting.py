"""The limit of a delivery: a bare aiohttp loop that posts the same bytes with the same signatures.

`python -m tests.bench.posting --url URL --brand ID --batch N` reads the brand's stream, and then
posts it, with as many requests at once as our own sender comes to.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import hmac
import time
from collections.abc import Iterator

import aiohttp
import django

AT_ONCE = 32
SECRET = bytes(32)


def bodies(brand: int, batch: int) -> list[tuple[str, bytes]]:
    """What our own sender would send: the events, or batches of them, each with its id."""
    from brands.events import stream
    from brands.webhooks import PendingEvent, build_request

    rows, _ = stream.read_window(brand, after=0, limit=10**6, wanted=stream.EventFilter())
    events = [PendingEvent(*row) for row in rows]
    starts = range(0, len(events), batch)
    requests = [build_request(events[n : n + batch], batch=batch) for n in starts]
    return [(each.webhook_id, each.body) for each in requests]


async def post_all(url: str, messages: list[tuple[str, bytes]]) -> None:
    left = iter(messages)
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as session:
        await asyncio.gather(*(_post(session, url, left) for _ in range(AT_ONCE)))


async def _post(
    session: aiohttp.ClientSession, url: str, left: Iterator[tuple[str, bytes]]
) -> None:
    for webhook_id, body in left:
        async with session.post(url, data=body, headers=_headers(webhook_id, body)) as answer:
            await answer.read()


def _headers(webhook_id: str, body: bytes) -> dict[str, str]:
    timestamp = str(int(time.time()))
    signed = f"{webhook_id}.{timestamp}.".encode() + body
    signature = base64.b64encode(hmac.digest(SECRET, signed, "sha256")).decode()
    return {
        "content-type": "application/json",
        "webhook-id": webhook_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1,{signature}",
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.posting", description=__doc__)
    parser.add_argument("--url", required=True)
    parser.add_argument("--brand", type=int, required=True)
    parser.add_argument("--batch", type=int, default=1)
    chosen = parser.parse_args()
    asyncio.run(post_all(chosen.url, bodies(chosen.brand, chosen.batch)))


if __name__ == "__main__":
    django.setup()
    main()
