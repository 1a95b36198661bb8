"""A worker that cannot start raises; a database thread that hangs does not keep it from closing."""

from __future__ import annotations

import threading

import pytest

from brands.webhooks.delivery import worker
from brands.webhooks.delivery.worker import CannotStart, DeliveryWorker
from core.http import outbound
from tests.replacing import replace_everywhere


def test_worker_that_cannot_start_raises_and_releases_its_lock(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail() -> None:
        raise OSError("no more open files")

    with monkeypatch.context() as patched:
        replace_everywhere(patched, outbound.open_session, fail)
        for _ in range(2):  # a second task is not held up by the first one's lock
            with pytest.raises(CannotStart):
                worker.get_worker()
    try:
        assert worker.get_worker().thread.is_alive()
    finally:
        worker.close_worker()


def test_worker_that_starts_too_late_raises_and_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    may_begin = threading.Event()
    begin = outbound.open_session

    def begin_late() -> object:
        may_begin.wait(30)
        return begin()

    replace_everywhere(monkeypatch, outbound.open_session, begin_late)
    monkeypatch.setattr(worker, "START_TIMEOUT", 0.01)
    with pytest.raises(CannotStart):
        DeliveryWorker()
    thread = next(each for each in threading.enumerate() if each.name == "delivery")
    may_begin.set()
    thread.join(30)
    assert not thread.is_alive()


def test_worker_with_hanging_database_thread_closes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(worker, "GRACE", 0.2)
    delivery, may_end = DeliveryWorker(), threading.Event()
    delivery.database.submit(may_end.wait, 30)
    try:
        delivery.close()
    finally:
        may_end.set()
