"""The table: each form, what happened, and how many connections were made."""

from __future__ import annotations

import asyncio
import os
import socket
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from unittest.mock import patch

import aiohttp
from django.test import override_settings

from brands.models import Outcome
from core.http import outbound
from core.http.outbound import Answer
from tests.hostile import forms
from tests.hostile.answers import EMPTY, MISBEHAVIOURS, OK, Endpoint, Misbehaviour
from tests.hostile.counting import CONNECTS, Trap
from tests.hostile.names import Names

#: Seconds for what only the deadline ends, and for everything else.
SHORT, LONG = 0.6, 10.0
PROXIES = "http_proxy https_proxy all_proxy ws_proxy wss_proxy ftp_proxy".split()


#: Kinds of forms that cannot all be known by looking at them.
NEED_A_LOOK_UP = {
    *["dressed up", "a name", "a name of several", "a name of a name", "a name that changes"],
    "a look-up that fails",
}


@dataclass(frozen=True, slots=True)
class Row:
    kind: str
    form: str
    happened: str
    #: Connections to where none may go: by what the audit heard.
    connections: int
    fine: bool
    #: The same with the look at the URL left out: only the socket's guard is in the way.
    past_look: int = 0
    #: The same by a client without a guard: whether the form is dangerous at all.
    without: int | None = None


@dataclass(slots=True)
class Table:
    """All rows, and what the traps counted in the end."""

    refused: list[Row] = field(default_factory=list)
    reached: list[Row] = field(default_factory=list)
    controls: list[Row] = field(default_factory=list)
    #: Connections that the guarded requests' trap accepted, before the controls.
    trapped: int = 0

    @property
    def rows(self) -> list[Row]:
        return [*self.refused, *self.reached, *self.controls]

    @property
    def connections(self) -> int:
        return sum(row.connections + row.past_look for row in self.rows) + self.trapped

    @property
    def failures(self) -> list[Row]:
        return [row for row in self.rows if not row.fine]


def run(*, without: bool = True, misbehaviours: Sequence[Misbehaviour] = MISBEHAVIOURS) -> Table:
    """Try everything there is; *without* a guard as well, to see what that would do."""
    with ExitStack() as stack:
        names = Names()
        names.zone.update(forms.zone())
        stack.callback(names.close)
        trap, other = Trap(), Trap()
        stack.callback(trap.close)
        stack.callback(other.close)
        return asyncio.run(_run(names, trap, other, without, misbehaviours))


async def _run(
    names: Names, trap: Trap, other: Trap, without: bool, misbehaviours: Sequence[Misbehaviour]
) -> Table:
    """*trap* is for guarded requests alone and must stay empty; *other* for the rest."""
    table = Table()
    CONNECTS.ours = {trap.port, other.port}
    ports = [443, trap.port, other.port]
    with override_settings(OUTBOUND_ALLOW_LOOPBACK=False, OUTBOUND_PORTS=ports):
        tried = forms.urls(trap.port) + forms.names(trap.port)
        bare = forms.urls(other.port) + forms.names(other.port)
        for form, same in zip(tried, bare, strict=True):
            table.refused.append(await _refuse(names, form, same.url if without else None))
    with override_settings(OUTBOUND_ALLOW_LOOPBACK=True):
        table.reached = [
            *await _reach(misbehaviours, trap),
            *await _environment(trap),
            await _hanging_names(names),
            await _many_addresses(names),
        ]
        table.trapped = trap.count()
        table.controls = await _controls(names, trap)
    return table


# -- Forms that lead inside -----------------------------------------------------------------------


async def _refuse(names: Names, form: forms.Form, bare: str | None) -> Row:
    hangs = "hang" in form.url
    async with _client(names, SHORT if hangs else LONG) as session:
        with CONNECTS.counted() as made:
            answer = await outbound.post(session, form.url, body=b"{}", headers={})
        with CONNECTS.counted() as past_look:
            await _post_anyhow(session, form.url)
    with CONNECTS.counted() as without:
        if bare is not None:
            async with _bare_client(names) as session:
                await _post_anyhow(session, bare)
    expected = Outcome.FORBIDDEN
    if form.kind == "a look-up that fails":
        expected = Outcome.TIMED_OUT if hangs else Outcome.UNREACHABLE
    looks_bad = _looks_bad(form.url)
    fine = answer.outcome is expected and (looks_bad or form.kind in NEED_A_LOOK_UP)
    told = f"{_told(answer)}{'' if looks_bad else ' (by the socket or the look-up)'}"
    counts = (len(past_look), len(without))
    return Row(form.kind, form.url, told, len(made), fine and not made and not past_look, *counts)


def _looks_bad(url: str) -> bool:
    try:
        outbound.check_url(url)
    except ValueError as error:
        return isinstance(error, outbound.ForbiddenUrl)
    return False


def _told(answer: Answer) -> str:
    said = answer.status or (answer.text if answer.outcome is Outcome.FORBIDDEN else "")
    return f"{answer.outcome.value}: {said}" if said else answer.outcome.value


@asynccontextmanager
async def _client(names: Names, seconds: float) -> AsyncIterator[aiohttp.ClientSession]:
    """The product's own, which asks the small DNS server."""
    resolver = _resolver(names)
    async with outbound.open_session(seconds=seconds, resolver=resolver) as session:
        yield session
    await resolver.close()


@asynccontextmanager
async def _bare_client(names: Names) -> AsyncIterator[aiohttp.ClientSession]:
    resolver = _resolver(names)
    connector = aiohttp.TCPConnector(resolver=resolver)
    timeout = aiohttp.ClientTimeout(total=SHORT)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
        yield session
    await resolver.close()


def _resolver(names: Names) -> aiohttp.AsyncResolver:
    return aiohttp.AsyncResolver(nameservers=[names.address], timeout=5, tries=1)


async def _post_anyhow(session: aiohttp.ClientSession, url: str) -> None:
    """What comes of it is seen by who was connected to."""
    try:
        async with session.post(url, data=b"{}", allow_redirects=False):
            pass
    except Exception:  # whatever a client without our checks makes of such a URL
        return


# -- Endpoints that misbehave ---------------------------------------------------------------------


async def _reach(misbehaviours: Sequence[Misbehaviour], trap: Trap) -> list[Row]:
    quick = [await _meet(each, trap) for each in misbehaviours if not each.hangs]
    slow = asyncio.gather(*(_meet(each, trap) for each in misbehaviours if each.hangs))
    return [*quick, *await slow]


async def _meet(bad: Misbehaviour, trap: Trap) -> Row:
    endpoint = Endpoint(lambda: bad.script(trap.port), tls=bad.tls, shakes_hands=bad.shakes_hands)
    CONNECTS.ours.add(endpoint.port)
    try:
        async with outbound.open_session(seconds=SHORT if bad.hangs else LONG) as session:
            with _elsewhere(endpoint, bad.hangs) as made:
                answer = await outbound.post(session, endpoint.url, body=b"{}", headers={})
    finally:
        endpoint.close()
    fine = answer.outcome in bad.expected and not made and len(answer.text) <= 500
    told = f"{_told(answer)}, {len(answer.text)} characters kept, {_size(endpoint.sent)} sent"
    return Row(bad.kind, bad.name, told, len(made), fine)


@contextmanager
def _elsewhere(endpoint: Endpoint, at_once: bool) -> Iterator[list[tuple[str, int]]]:
    """Connections to anybody but the endpoint; where many run at once the trap has to tell."""
    if at_once:
        yield []
        return
    with CONNECTS.counted() as made:
        yield made
    made[:] = [each for each in made if each[1] != endpoint.port]


def _size(count: int) -> str:
    return f"{count / 1_000_000:.1f} MB" if count > 100_000 else f"{count:,} bytes"


# -- What the environment says --------------------------------------------------------------------


async def _environment(trap: Trap) -> list[Row]:
    """A proxy for everything, and a password for this host: neither is used."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        netrc = Path(folder) / "netrc"
        netrc.write_text("machine 127.0.0.1 login ana password secret\n")
        proxy = f"http://user:pw@127.0.0.1:{trap.port}"
        names = [*PROXIES, *(name.upper() for name in PROXIES)]
        for tls in (False, True):
            with patch.dict(os.environ, {**dict.fromkeys(names, proxy), "NETRC": str(netrc)}):
                os.environ.pop("no_proxy", None)
                os.environ.pop("NO_PROXY", None)
                rows.append(await _past_proxy(tls))
    return rows


async def _past_proxy(tls: bool) -> Row:
    endpoint = Endpoint(lambda: iter([OK + EMPTY]), tls=tls)
    CONNECTS.ours.add(endpoint.port)
    try:
        async with outbound.open_session(seconds=LONG) as session:
            with CONNECTS.counted() as made:
                answer = await outbound.post(session, endpoint.url, body=b"{}", headers={})
    finally:
        endpoint.close()
    elsewhere = [each for each in made if each[1] != endpoint.port]
    # The endpoint speaks no TLS; that it was asked itself is the point.
    expected = Outcome.UNREACHABLE if tls else Outcome.DELIVERED
    plain = not any(b"uthorization" in head for head in endpoint.heads)
    fine = answer.outcome is expected and endpoint.connections > 0 and not elsewhere and plain
    form = f"proxies and netrc for {'https' if tls else 'http'}"
    return Row("the environment", form, f"{_told(answer)}, asked directly", len(elsewhere), fine)


async def _hanging_names(names: Names) -> Row:
    """A hundred names that are never answered, and one that is."""
    endpoint = Endpoint(lambda: iter([OK + EMPTY]))
    CONNECTS.ours.add(endpoint.port)
    try:
        async with _client(names, 3) as session:
            urls = [f"http://hang{each}.test:{endpoint.port}/" for each in range(100)]
            hanging = [
                asyncio.create_task(outbound.post(session, url, body=b"", headers={}))
                for url in urls
            ]
            await asyncio.sleep(0)
            good = await outbound.post(
                session, f"http://good.test:{endpoint.port}/", body=b"", headers={}
            )
            waiting = sum(not task.done() for task in hanging)
            outcomes = {answer.outcome for answer in await asyncio.gather(*hanging)}
    finally:
        endpoint.close()
    fine = good.outcome is Outcome.DELIVERED and outcomes == {Outcome.TIMED_OUT}
    told = f"{_told(good)} while {waiting} wait"
    return Row("slow", "a look-up beside 100 that hang", told, 0, fine and waiting == 100)


async def _many_addresses(names: Names) -> Row:
    """A name whose sixty addresses are somebody's: they are not all knocked at."""
    names.zone["many.test"] = [[f"127.0.0.{each}" for each in range(2, 62)]]
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    CONNECTS.ours.add(port)
    async with _client(names, LONG) as session:
        with CONNECTS.counted() as made:
            answer = await outbound.post(session, f"http://many.test:{port}/", body=b"", headers={})
    places = {host for host, _ in made}
    told = f"{_told(answer)}, {len(places)} of them tried"
    fine = len(places) == outbound.MAX_ADDRESSES and answer.outcome is Outcome.UNREACHABLE
    return Row("a name of many", "sixty addresses that do not answer", told, 0, fine)


# -- Controls: what may be reached is, and the counters count -------------------------------------


async def _controls(names: Names, trap: Trap) -> list[Row]:
    """Forms that must connect; what they connect to is allowed."""
    names.zone["mixed.test"] = [["10.0.0.1", "169.254.169.254", "127.0.0.1", "fd00::1"]]
    names.zone["turning.test"] = [["127.0.0.1"], ["10.0.0.1"]]
    return [
        await _control(names, trap, "an allowed address", [f"http://127.0.0.1:{trap.port}/"], [1]),
        await _control(names, trap, "an allowed name", [f"http://good.test:{trap.port}/"], [1]),
        await _control(
            names, trap, "one allowed among four", [f"http://mixed.test:{trap.port}/"], [1]
        ),
        await _control(
            names,
            trap,
            "a name that turns inwards",
            [f"http://turning.test:{trap.port}/"] * 2,
            [1, 0],
        ),
    ]


async def _control(
    names: Names, trap: Trap, form: str, urls: list[str], expected: list[int]
) -> Row:
    """Both counters must say *expected*, and nothing but this machine may have been tried."""
    before = trap.count()
    counts = []
    async with _client(names, LONG) as session:
        for url in urls:
            assert session.connector is not None
            session.connector.clear_dns_cache()  # type: ignore[attr-defined]
            with CONNECTS.counted() as made:
                await outbound.post(session, url, body=b"{}", headers={})
            counts.append(len(made))
            wrong = [each for each in made if each[0] != "127.0.0.1"]
    heard, accepted = sum(counts), trap.count() - before
    told = f"{heard} heard by the audit, {accepted} accepted"
    fine = counts == expected and accepted == heard and not wrong
    return Row("control", form, told, 0, fine)


# -- As text --------------------------------------------------------------------------------------

ROW = "{:<26} {:<58} {:<78} {:>5} {:>9} {:>7}"


def text(table: Table) -> str:
    heads = ROW.format("kind", "form", "what happened", "conn.", "past look", "without")
    wrong = [f"NOT AS IT MUST BE: {_line(row)}" for row in table.failures]
    rows = [heads, *map(_line, table.rows), "", *by_kind(table), ""]
    return "\n".join([*rows, *summary(table), *wrong])


def by_kind(table: Table) -> list[str]:
    """As it stands in docs/outbound.md."""
    kinds: dict[str, list[Row]] = {}
    for row in table.rows:
        kinds.setdefault(row.kind.partition(":")[0], []).append(row)
    heads = ["| kind | tried | connections | without the guard |", "|---|---|---|---|"]
    return [*heads, *(_kind_line(kind, rows) for kind, rows in kinds.items())]


def _kind_line(kind: str, rows: list[Row]) -> str:
    made = sum(row.connections + row.past_look for row in rows)
    without = sum((row.without or 0) > 0 for row in rows) if rows[0].without is not None else "–"
    return f"| {kind} | {len(rows)} | {made} | {without} |"


def summary(table: Table) -> list[str]:
    tried, reached, controls = map(len, (table.refused, table.reached, table.controls))
    dangerous = sum((row.without or 0) > 0 for row in table.refused)
    return [
        f"{tried} forms that lead inside, {reached} endpoints that misbehave, {controls} controls.",
        f"{table.connections} connections to where none may go, as heard by the audit of every "
        f"socket and counted by the listeners.",
        f"A client without the guard tries to connect for {dangerous} of the {tried} forms.",
        f"{len(table.failures)} rows are not as they must be.",
    ]


def _line(row: Row) -> str:
    form = ascii(row.form)[1:-1]
    form = form if len(form) < 58 else f"{form[:54]}…"
    numbers = (row.connections, row.past_look, "–" if row.without is None else row.without)
    return ROW.format(row.kind, form, row.happened, *numbers).rstrip()
