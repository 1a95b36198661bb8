"""The same in an event loop, and many calls at once."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from pytest_django.live_server_helper import LiveServer

from cmr_client import AsyncClient, Unreachable
from consent.models import Relationship
from tests.chaos.fleet import free_port
from tests.client.conftest import MAILS
from tests.conftest import EMAIL, Api

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def url(service: LiveServer) -> str:
    return service.url


def say_no(ana: Api) -> None:
    ana.post("me/choices", {"scope": {"brand": "acme"}, "decision": "deny"})
    connection.close()  # this thread's own


def run(doing: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(doing, 60))


def test_async_client_concurrent_calls_are_answered(
    url: str, acme_key: str, met: Relationship, as_ana: Api
) -> None:
    async def do() -> None:
        async with AsyncClient(url, acme_key) as client:
            following = client.events.follow(after=1, wait=10)
            first = asyncio.ensure_future(anext(aiter(following)))
            contacts = [EMAIL, "nobody@example.org"]
            checks = (client.check(each, **MAILS) for each in contacts)
            rules = [decision.rule for decision in await asyncio.gather(*checks)]
            assert rules == ["default_opt_in", "no_relationship"]
            await asyncio.to_thread(say_no, as_ana)
            event = await first
            assert (event.sequence, event.type) == (2, "preference.denied")

    run(do())


def test_async_client_lists_streams_and_imports(
    url: str, acme_key: str, met: Relationship, tmp_path: Path
) -> None:
    file = tmp_path / "people.ndjson"
    file.write_text('{"email": "a@example.org"}\n{"email": "b@example.org"}\n')

    async def do() -> None:
        async with AsyncClient(url, acme_key) as client:
            contacts = [EMAIL, "nobody@example.org"]
            rules = {whom: d async for whom, d in client.check_stream(contacts, **MAILS)}
            assert list(rules) == contacts
            async with client.suppressions(**MAILS) as people:
                assert people.through == 1
                assert [each.rule async for each in people] == ["default_opt_in"]
            job = await client.imports.create(note="Shop")
            parts = await client.imports.upload(job.id, file, part_bytes=10)
            assert [part.rows for part in parts] == [1, 1]
            assert [each.id async for each in client.imports.list()] == [job.id]
            assert await client.events.newest() == 1

    run(do())


def test_async_client_without_service_is_unreachable() -> None:
    async def do() -> None:
        async with AsyncClient(f"http://127.0.0.1:{free_port()}", "key", retries=1) as client:
            with pytest.raises(Unreachable) as failed:
                await client.brand.get()
            assert failed.value.code == "unreachable"

    run(do())
