"""Quiet connections of clients are closed, and no others."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from config import idle

QUIET = 0.3  # seconds


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as made:
        yield made


def pair(listener: socket.socket) -> tuple[socket.socket, socket.socket]:
    client = socket.create_connection(listener.getsockname())
    return client, listener.accept()[0]


def is_open(client: socket.socket) -> bool:
    client.settimeout(0.05)
    try:
        return client.recv(1) != b""
    except TimeoutError:
        return True


def test_a_quiet_one_is_closed_and_a_lively_one_is_not(listener: socket.socket) -> None:
    with ExitStack() as held:
        quiet, lively, heard = (pair(listener) for _ in range(3))
        for each in (*quiet, *lively, *heard):
            held.enter_context(each)
        time.sleep(QUIET + 0.1)
        lively[0].sendall(b"?")
        heard[1].sendall(b"!")
        assert idle.close_quiet(seconds=QUIET) == 1
        assert [is_open(client) for client, _ in (quiet, lively, heard)] == [False, True, True]


def test_a_connection_of_ours_to_another_server_is_left_alone(listener: socket.socket) -> None:
    """Nobody here listens at its port any more: it is as one to PostgreSQL."""
    client, server = pair(listener)
    with client, server:
        listener.close()
        time.sleep(QUIET + 0.1)
        assert idle.close_quiet(seconds=QUIET) == 0
        assert is_open(client)
