"""`make bench-portal`: the home page of somebody with many brands and senders, and with few."""

from __future__ import annotations

import gzip
import os
import statistics
import time
from pathlib import Path
from typing import Any

import django

ROUNDS = 30
#: Brands of the person, and senders in their mailbox.
SIZES = ((300, 500), (300, 0), (3, 0))
FOLDER = Path("var/bench").resolve()


def main() -> None:
    os.environ |= {"DJANGO_ALLOW_ASYNC_UNSAFE": "true", "CMR_ENVIRONMENT": "development"}
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from tests.bench import pages

    with pages.served(FOLDER, {}) as port:
        people = {
            (brands, senders): pages.person(
                f"n{brands}s{senders}@example.org", brands=brands, senders=senders
            )
            for brands, senders in SIZES
        }
        for (brands, senders), consumer in people.items():
            print(f"{brands} brands, {senders} senders: {_in_process(consumer)}")
        for (brands, senders), consumer in people.items():
            print(f"{brands} brands, {senders} senders in Chromium: {_in_chromium(port, consumer)}")


def _in_process(consumer: Any) -> str:
    """Server time without the network: middle and worst of some calls, queries and sizes."""
    from django.db import connection
    from django.test import Client

    browser = Client(headers={"Accept-Encoding": "gzip", "Host": "localhost"})
    browser.force_login(consumer.user)
    asked: list[str] = []

    def count(execute: Any, sql: str, *rest: Any) -> Any:
        asked.append(sql)
        return execute(sql, *rest)

    with connection.execute_wrapper(count):
        page = browser.get("/", secure=True)
    taken = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        browser.get("/", secure=True)
        taken.append((time.perf_counter() - began) * 1000)
    raw = len(gzip.decompress(page.content))
    return (
        f"{statistics.median(taken):.0f} ms (worst {max(taken):.0f}), {len(asked)} queries, "
        f"{raw / 1024:.0f} kB, {len(page.content) / 1024:.1f} kB on the wire"
    )


def _in_chromium(port: int, consumer: Any) -> str:
    """From the request to the first button that can be pressed, and to the end of loading."""
    from playwright.sync_api import sync_playwright

    from tests.bench.pages import PASSWORD
    from tests.browser import chromium

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium.require(), args=["--no-sandbox"])
        page = browser.new_page(base_url=f"http://127.0.0.1:{port}")
        page.goto("/account/login/")
        page.get_by_label("Email").fill(consumer.user.email)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("main").get_by_role("button", name="Sign in").click()
        page.get_by_role("heading", name="Your companies").wait_for()
        usable, loaded = [], []
        for _ in range(10):
            began = time.perf_counter()
            page.goto("/", wait_until="commit")
            page.get_by_role("button", name="Stop everything").first.wait_for()
            usable.append((time.perf_counter() - began) * 1000)
            page.wait_for_load_state("load")
            loaded.append((time.perf_counter() - began) * 1000)
        browser.close()
    middle, end = statistics.median(usable), statistics.median(loaded)
    return f"usable after {middle:.0f} ms (worst {max(usable):.0f}), loaded after {end:.0f} ms"


if __name__ == "__main__":
    main()
