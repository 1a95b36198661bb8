"""Proving that a company's domain is its own: by a TXT record, or by a file on its web site."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import threading
from datetime import datetime

import aiodns
from django.conf import settings
from pycares import TXTRecordData

from brands import outbound, workspaces
from brands.models import Outcome, Workspace

RECORD = "_cmr-challenge"
FILE = "/.well-known/cmr-challenge.txt"
PREFIX = "cmr-verify="
#: Seconds that name servers and the web site have, each.
PATIENCE = 5.0


#: One at a time in each process, so that slow name servers do not take all its threads.
_turn = threading.Lock()


class Busy(Exception):
    """This process is looking at another domain; try again in a moment."""


class NotProven(Exception):
    """The challenge was found in neither place; the text says what was."""


def prove(workspace: Workspace, *, now: datetime) -> None:
    """Look for the challenge at the domain, and make the workspace live where it stands.

    Raises:
        NotProven, Busy, workspaces.DomainTaken
    """
    if workspace.live is not None:
        return
    if not _turn.acquire(blocking=False):
        raise Busy("another domain is being looked at; try again in a moment")
    try:
        record, file = asyncio.run(_look(workspace.domain))
    finally:
        _turn.release()
    wanted = value_of(workspace)
    if not any(hmac.compare_digest(each.encode(), wanted.encode()) for each in [*record, file]):
        raise NotProven(_found(record, file))
    workspaces.make_live(workspace, now=now)


def record_of(domain: str) -> str:
    return f"{RECORD}.{domain}"


def value_of(workspace: Workspace) -> str:
    """What has to stand there."""
    return f"{PREFIX}{workspace.challenge}"


def url_of(domain: str) -> str:
    """Where the file is looked for; over plain http only where loopback is allowed, for tests."""
    return f"{'http' if settings.OUTBOUND_ALLOW_LOOPBACK else 'https'}://{domain}{FILE}"


async def _look(domain: str) -> tuple[list[str], str]:
    return await asyncio.gather(_texts(record_of(domain)), _file(url_of(domain)))


async def _texts(name: str) -> list[str]:
    """The TXT records of *name*; none where there are none, or nobody answers."""
    servers = settings.DNS_SERVERS or None
    resolver = aiodns.DNSResolver(nameservers=servers, timeout=PATIENCE, tries=1)
    with contextlib.suppress(aiodns.error.DNSError, TimeoutError, UnicodeError):
        async with asyncio.timeout(PATIENCE):
            found = await resolver.query_dns(name, "TXT")
        data = (each.data for each in found.answer)
        return [
            each.data.decode("ascii", "replace") for each in data if isinstance(each, TXTRecordData)
        ]
    return []


async def _file(url: str) -> str:
    async with outbound.client(seconds=PATIENCE) as session:
        answer = await outbound.get(session, url)
    return answer.text.strip() if answer.outcome is Outcome.DELIVERED else ""


def _found(record: list[str], file: str) -> str:
    if not record and not file:
        return "there is neither such a record nor such a file yet"
    if record:
        return "there is such a record, but it says something else"
    return "there is such a file, but it says something else"
