"""A dispatcher that cannot start says so; a database thread that hangs does not stop it closing."""

from __future__ import annotations

import threading

import pytest

from brands import dispatch, outbound
from brands.dispatch import CannotStart, Dispatcher


def test_a_dispatcher_that_cannot_start_raises_and_lets_go(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail() -> None:
        raise OSError("no more open files")

    with monkeypatch.context() as patched:
        patched.setattr(outbound, "client", fail)
        for _ in range(2):  # a second task is not held up by the first one's lock
            with pytest.raises(CannotStart):
                dispatch.own()
    try:
        assert dispatch.own().thread.is_alive()
    finally:
        dispatch.close_own()


def test_a_dispatcher_that_begins_too_late_raises_and_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    may_begin = threading.Event()
    begin = outbound.client

    def begin_late() -> object:
        may_begin.wait(30)
        return begin()

    monkeypatch.setattr(outbound, "client", begin_late)
    monkeypatch.setattr(dispatch, "START", 0.01)
    with pytest.raises(CannotStart):
        Dispatcher()
    thread = next(each for each in threading.enumerate() if each.name == "delivery")
    may_begin.set()
    thread.join(30)
    assert not thread.is_alive()


def test_a_database_thread_that_hangs_does_not_keep_it_from_closing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(dispatch, "GRACE", 0.2)
    dispatcher, may_end = Dispatcher(), threading.Event()
    dispatcher.database.submit(may_end.wait, 30)
    try:
        dispatcher.close()
    finally:
        may_end.set()
