"""Proof that a company controls its domain, by a TXT record or a file on its web site."""

from __future__ import annotations

import asyncio
import hmac
import re
import threading
from datetime import datetime
from typing import NamedTuple

import aiodns
from django.conf import settings
from pycares import DNSResult, TXTRecordData

from brands.models import Outcome, Workspace
from brands.workspaces import lifecycle
from core import http
from core.http import Answer

RECORD = "_cmr-challenge"
FILE = "/.well-known/cmr-challenge.txt"
PREFIX = "cmr-verify="
#: Timeout in seconds, for name servers and for the web site each.
PATIENCE = 5.0
#: Errors of name servers for a name that does not exist, and for one without such a record.
NO_SUCH_NAME, NO_SUCH_RECORD = aiodns.error.ARES_ENOTFOUND, aiodns.error.ARES_ENODATA


#: One proof at a time in each process, so that slow name servers do not block all its threads.
_turn = threading.Lock()


class DomainProofBusy(Exception):
    """Another domain is being checked by this process. Try again in a moment."""


class DomainNotProven(Exception):
    """The challenge was found in neither place; the message says what was found instead."""


def prove_domain(workspace: Workspace, *, now: datetime) -> None:
    """Look for the challenge at the domain. If it is there, make the workspace live.

    Raises:
        DomainNotProven, DomainProofBusy, DomainTaken
    """
    if workspace.live is not None:
        return
    if not _turn.acquire(blocking=False):
        raise DomainProofBusy("another domain is being checked; try again in a moment")
    try:
        texts, answer, exists = asyncio.run(_look(workspace.domain))
    finally:
        _turn.release()
    if not _stands(build_txt_value(workspace), [*texts.found, _fetch_file(answer)]):
        file = _words_of_file(workspace.domain, answer) if exists else _no_name(workspace.domain)
        raise DomainNotProven(f"{_words_of_record(workspace.domain, texts)}; and {file}")
    lifecycle.make_workspace_live(workspace, now=now)


def _stands(wanted: str, found: list[str]) -> bool:
    return any(hmac.compare_digest(each.encode(), wanted.encode()) for each in found)


def build_txt_name(domain: str) -> str:
    return f"{RECORD}.{domain}"


def build_txt_value(workspace: Workspace) -> str:
    """Return the text that the TXT record or the file must have."""
    return f"{PREFIX}{workspace.challenge}"


def build_proof_url(domain: str) -> str:
    """Return the URL of the file. It uses https, except for a web site on this machine in tests."""
    scheme = "http" if settings.OUTBOUND_ALLOW_LOOPBACK and _is_here(domain) else "https"
    return f"{scheme}://{domain}{FILE}"


def _is_here(domain: str) -> bool:
    return _host(domain) in ("localhost", "127.0.0.1", "[::1]")


def _host(domain: str) -> str:
    """Return *domain* without its port. Only a domain on this machine has one."""
    return re.sub(r":\d+$", "", domain)


# -- DNS and HTTP requests ------------------------------------------------------------------------


class Texts(NamedTuple):
    """The TXT records of a name, and whether a name server answered, even if with no records."""

    found: list[str]
    is_answered: bool


async def _look(domain: str) -> tuple[Texts, Answer, bool]:
    return await asyncio.gather(
        _texts(build_txt_name(domain)), _file(build_proof_url(domain)), _exists(_host(domain))
    )


async def _texts(name: str) -> Texts:
    try:
        found = await _query(name, "TXT")
    except aiodns.error.DNSError as error:
        return Texts([], error.args[0] in (NO_SUCH_NAME, NO_SUCH_RECORD))
    except (TimeoutError, UnicodeError):
        return Texts([], is_answered=False)
    data = (each.data for each in found.answer)
    texts = (each.data for each in data if isinstance(each, TXTRecordData))
    return Texts([each.decode("ascii", "replace") for each in texts], is_answered=True)


async def _exists(name: str) -> bool:
    """Return whether *name* exists. If no name server answers, assume that it does."""
    if http.ENDS_IN_NUMBER.fullmatch(name):  # It is an address, which needs no look-up.
        return True
    try:
        await _query(name, "A")
    except aiodns.error.DNSError as error:
        return bool(error.args[0] != NO_SUCH_NAME)
    except (TimeoutError, UnicodeError):
        return True
    return True


async def _query(name: str, kind: str) -> DNSResult:
    servers = settings.DNS_SERVERS or None
    resolver = aiodns.DNSResolver(nameservers=servers, timeout=PATIENCE, tries=1)
    async with asyncio.timeout(PATIENCE):
        return await resolver.query_dns(name, kind)


async def _file(url: str) -> Answer:
    async with http.open_session(seconds=PATIENCE) as session:
        return await http.get(session, url)


def _fetch_file(answer: Answer) -> str:
    return answer.text.strip() if answer.outcome is Outcome.DELIVERED else ""


# -- Messages about what was found ----------------------------------------------------------------


def _words_of_record(domain: str, texts: Texts) -> str:
    where = build_txt_name(domain)
    if texts.found:
        return f"the TXT record at {where} has a different value"
    if texts.is_answered:
        return f"there is no TXT record at {where}"
    return f"no name server answered for {where}"


def _words_of_file(domain: str, answer: Answer) -> str:
    """Return a message about the response for the file.

    It does not contain an address that is not public, because the caller may not know it.
    """
    return {
        Outcome.DELIVERED: f"the file at {build_proof_url(domain)} says something else",
        Outcome.REFUSED: f"{build_proof_url(domain)} was answered with {answer.status}",
        Outcome.TIMED_OUT: f"{domain} did not answer within {PATIENCE:.0f} seconds",
        Outcome.FORBIDDEN: f"the address of {domain} is not public",
    }.get(answer.outcome, f"there was no connection to {domain}")


def _no_name(domain: str) -> str:
    return f"the name {domain} does not exist"
