"""A stream takes a place; there are few, and each comes back however the stream ends."""

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


def test_a_brand_never_has_the_last_of_several_places(acme: Brand, rival: Brand) -> None:
    first = stream(acme)
    assert (refused(acme), refused(rival)) == (True, False)
    first.close()
    assert not refused(acme)


def test_the_only_place_is_anybodys(acme: Brand, settings: Settings) -> None:
    settings.STREAMS_AT_ONCE = 1
    assert not refused(acme)


def test_all_places_are_taken_by_several_brands(acme: Brand, rival: Brand) -> None:
    streams = [stream(acme), stream(rival)]
    assert refused(Brand.objects.create(slug="third", name="Third"))
    for each in streams:
        each.close()


def test_a_place_comes_back_once_however_often_the_answer_is_closed(acme: Brand) -> None:
    first = stream(acme)
    first.close()
    first.close()
    second = stream(acme)
    assert refused(acme)
    second.close()


def test_an_answer_that_nobody_closes_gives_its_place_back(acme: Brand) -> None:
    forgotten = stream(acme)
    del forgotten
    gc.collect()
    assert not refused(acme)


def test_whoever_finds_no_place_is_told_when_to_come_again(as_acme: Api, acme: Brand) -> None:
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


def test_a_call_that_waits_has_its_place_as_long_as_the_block_runs(acme: Brand) -> None:
    with suppress(ZeroDivisionError), slots.waiting(acme.pk):
        assert waits_in_vain(acme)
        raise ZeroDivisionError
    assert not waits_in_vain(acme)
    assert not refused(acme)


def test_a_call_that_waits_makes_room_for_a_stream_of_its_brand(acme: Brand) -> None:
    with slots.waiting(acme.pk) as needed:
        made_room = stream(acme)
        assert needed.is_set()
        assert refused(acme)  # nobody else waits
    assert refused(acme)
    made_room.close()
    assert not refused(acme)


def test_and_for_none_of_another(acme: Brand, rival: Brand) -> None:
    with slots.waiting(acme.pk) as needed, slots.waiting(rival.pk):
        assert refused(Brand.objects.create(slug="third", name="Third"))
        assert not needed.is_set()


def waits_in_vain(brand: Brand) -> bool:
    try:
        with slots.waiting(brand.pk):
            return False
    except TooManyStreams:
        return True
