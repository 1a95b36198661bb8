"""The product's own web server, once for each database; the bare one and the peer likewise."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path

from config import settings
from devstack import ports, product
from devstack.interruptions import Interruptions
from devstack.supervisor import Process, Supervisor
from tests.bench.databases import Database

APPLICATION = "config.asgi:application"
BARE = "tests.bench.bare:application"
PEER = "tests.bench.peer.wsgi:application"


@contextmanager
def running(
    folder: Path,
    databases: dict[str, Database],
    *,
    bare: str,
    workers: int,
    peer_url: str | None = None,
) -> Iterator[dict[str, int]]:
    """Ports by name: one of the product for each of *databases*, "echo", and on *bare* the
    product without an access log ("unlogged") and one that does nothing else ("bare").

    With the *peer_url* of a database there is the peer on it ("peer").

    Two names of one database have one server.
    """
    (folder / "log").mkdir(parents=True, exist_ok=True)
    first = {each: name for name, each in reversed(databases.items())}
    own = (*first.values(), "unlogged", "bare", "echo", *(["peer"] if peer_url else []))
    at = {name: ports.kept(folder / f"{name}.port") for name in own}
    wanted = [build_product(name, at[name], each, folder) for each, name in first.items()]
    wanted += [_unlogged(at["unlogged"], databases[bare], folder)]
    wanted += [_bare(at["bare"], databases[bare], folder)]
    wanted += [_peer(at["peer"], peer_url, folder)] if peer_url else []
    wanted = [with_workers(each, workers) for each in wanted]
    wanted += [_echo(at["echo"])]
    at |= {name: at[first[each]] for name, each in databases.items()}
    supervisor = Supervisor(
        folder, databases[bare].serving_environment, working_directory=product.ROOT
    )
    try:
        supervisor.start(wanted)
        with Interruptions() as interruptions:
            supervisor.wait_until_ready(interruptions, seconds=product.READY_SECONDS)
        yield at
    finally:
        supervisor.stop()


def build_product(name: str, port: int, database: Database, folder: Path) -> Process:
    """Return the product's web server on the database, run by the Python of its working copy."""
    web = next(each for each in product.processes(port, folder) if each.name == "web")
    environment = {**web.environment, "DATABASE_URL": database.application_url}
    argv = [database.python, *web.argv[1:]]
    return replace(web, name=name, argv=argv, environment=environment)


def with_workers(web: Process, workers: int) -> Process:
    place = web.argv.index("--workers") + 1
    return replace(web, argv=[*web.argv[:place], str(workers), *web.argv[place + 1 :]])


def _unlogged(port: int, database: Database, folder: Path) -> Process:
    web = build_product("unlogged", port, database, folder)
    return replace(web, environment={**web.environment, "ACCESS_LOG": "off"})


def _bare(port: int, database: Database, folder: Path) -> Process:
    web = build_product("bare", port, database, folder)
    argv = [BARE if word == APPLICATION else word for word in web.argv]
    assert BARE in argv, f"the web server no longer runs {APPLICATION}"
    return replace(web, argv=argv, ready=lambda: _answers(port, "/rows/1"))


def _peer(port: int, url: str, folder: Path) -> Process:
    """The same flags and as many threads, by WSGI, which is what plain Django speaks."""
    web = build_product("peer", port, Database(url, url), folder)
    words = {APPLICATION: PEER, "asginl": "wsgi"}
    argv = [words.get(word, word) for word in web.argv]
    assert {PEER, "wsgi"} <= set(argv), f"the web server no longer runs {APPLICATION} by asginl"
    argv += ["--blocking-threads", str(settings.WEB_THREADS)]
    return replace(web, argv=argv, ready=lambda: _answers(port, "/", HTTPStatus.NOT_FOUND))


def _echo(port: int) -> Process:
    argv = [product.PY, "-m", "tests.bench.echo", str(port)]
    return Process("echo", argv, ready=lambda: _answers(port, "/"))


def _answers(port: int, path: str, status: HTTPStatus = HTTPStatus.OK) -> bool:
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        line.request("GET", path)
        return line.getresponse().status == status
    except (OSError, http.client.HTTPException):
        return False
    finally:
        line.close()
