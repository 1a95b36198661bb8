"""Slots for streamed answers: few, shared among brands, always freed."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import suppress

import pytest
from pytest_django import Settings

from brands.api.stream_slots import Streamed, TooManyStreams, slots
from brands.models import Brand, BrandKey
from tests.conftest import Api

ABOUT = "purpose=marketing&channel=email"


@pytest.fixture(autouse=True)
def _two_places(settings: Settings) -> None:
    """And both free: what another test left open gives its place back when it is collected."""
    gc.collect()
    settings.STREAMS_AT_ONCE = 2


def stream(brand: Brand) -> Streamed:
    def written() -> Iterator[bytes]:
        yield b"{}\n"

    return Streamed(written(), BrandKey(id=1, brand=brand))


def refused(brand: Brand) -> bool:
    try:
        stream(brand).close()
    except TooManyStreams:
        return True
    return False


def test_take_slot_last_of_several_is_kept_for_others(acme: Brand, rival: Brand) -> None:
    first = stream(acme)
    assert (refused(acme), refused(rival)) == (True, False)
    first.close()
    assert not refused(acme)


def test_take_slot_single_slot_is_given(acme: Brand, settings: Settings) -> None:
    settings.STREAMS_AT_ONCE = 1
    assert not refused(acme)


def test_take_slot_all_taken_is_refused(acme: Brand, rival: Brand) -> None:
    streams = [stream(acme), stream(rival)]
    assert refused(Brand.objects.create(slug="third", name="Third"))
    for each in streams:
        each.close()


def test_close_stream_twice_frees_one_slot(acme: Brand) -> None:
    first = stream(acme)
    first.close()
    first.close()
    second = stream(acme)
    assert refused(acme)
    second.close()


def test_collect_unclosed_stream_frees_slot(acme: Brand) -> None:
    forgotten = stream(acme)
    del forgotten
    gc.collect()
    assert not refused(acme)


def test_call_without_free_slot_returns_retry_after(as_acme: Api, acme: Brand) -> None:
    slots.take(acme.pk)
    try:
        for answer in (
            as_acme.get("suppressions", purpose="marketing", channel="email"),
            as_acme.send("POST", f"checks/stream?{ABOUT}", b"{}", "application/x-ndjson"),
        ):
            assert (answer.status_code, answer.json()["code"]) == (429, "too_many_streams")
            assert answer.headers["Retry-After"] == "5"
    finally:
        slots.give_back(acme.pk)
    found = as_acme.get("suppressions", purpose="marketing", channel="email")
    found.close()
    assert found.status_code == 200


def test_waiting_call_holds_slot_during_block(acme: Brand) -> None:
    with suppress(ZeroDivisionError), slots.waiting(acme.pk):
        assert waits_in_vain(acme)
        raise ZeroDivisionError
    assert not waits_in_vain(acme)
    assert not refused(acme)


def test_waiting_call_yields_to_stream_of_same_brand(acme: Brand) -> None:
    with slots.waiting(acme.pk) as needed:
        made_room = stream(acme)
        assert needed.is_set()
        assert refused(acme)  # nobody else waits
    assert refused(acme)
    made_room.close()
    assert not refused(acme)


def test_waiting_call_does_not_yield_to_other_brand(acme: Brand, rival: Brand) -> None:
    with slots.waiting(acme.pk) as needed, slots.waiting(rival.pk):
        assert refused(Brand.objects.create(slug="third", name="Third"))
        assert not needed.is_set()


def waits_in_vain(brand: Brand) -> bool:
    try:
        with slots.waiting(brand.pk):
            return False
    except TooManyStreams:
        return True
