"""Rate limits by caller, address, account and workspace, shared by all processes."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.core.cache import cache
from django.db import connection, transaction
from django.test import RequestFactory
from pytest_django import Settings

from cmr import tasks
from cmr.models import RateLimitCount
from cmr.rate_limits.limits import (
    LIMITS,
    LimitsUnavailable,
    TooManyAttempts,
    count_attempt,
    find_caller,
    use_secret_once,
)
from tests.conftest import ROOT
from tests.ownership import as_owner

pytestmark = pytest.mark.django_db


def call_from(address: str) -> object:
    return RequestFactory(REMOTE_ADDR=address).post("/")


def try_password(caller: str, address: str = "ana@example.org") -> bool:
    try:
        count_attempt("password", request=call_from(caller), address=address)  # type: ignore[arg-type]
    except TooManyAttempts:
        return False
    return True


def end_windows() -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE cmr_ratelimitcount SET expires_at = now() - interval '1 second'")


def test_consume_beyond_a_limit_says_how_long_to_wait() -> None:
    assert [try_password("192.0.2.1") for _ in range(6)] == [True] * 5 + [False]
    with pytest.raises(TooManyAttempts) as refused:
        count_attempt("password", request=call_from("192.0.2.1"), address="ana@example.org")  # type: ignore[arg-type]
    assert 290 <= refused.value.wait <= 300
    assert str(refused.value) == "Too many attempts. Try again in 5 minutes."


@pytest.mark.parametrize(
    ("wait", "said"),
    [
        (1, "1 second"),
        (30, "30 seconds"),
        (119, "119 seconds"),
        (121, "3 minutes"),
        (86400, "24 hours"),
    ],
)
def test_describe_names_a_time_that_people_can_read(wait: int, said: str) -> None:
    assert str(TooManyAttempts(wait)).endswith(f"in {said}.")


def test_consume_after_the_window_begins_anew() -> None:
    assert not all(try_password("192.0.2.1") for _ in range(6))
    end_windows()
    assert try_password("192.0.2.1")


def test_consume_another_spelling_counts_as_the_same_address() -> None:
    spellings = ["ana@example.org", "ANA@Example.org", " ana@example.org ", "ana@EXAMPLE.org"]
    assert [try_password("192.0.2.1", each) for each in [*spellings, *spellings]].count(True) == 5


def test_consume_from_many_callers_is_limited_by_address() -> None:
    allowed = [try_password(f"192.0.2.{n}") for n in range(60)]
    assert allowed.count(True) == 20


def test_consume_of_many_addresses_is_limited_by_caller() -> None:
    allowed = [try_password("192.0.2.1", f"p{n}@example.org") for n in range(60)]
    assert allowed.count(True) == 30


def test_consume_a_refused_attempt_adds_no_key() -> None:
    for n in range(31):
        try_password("192.0.2.1", f"p{n}@example.org")
    before = RateLimitCount.objects.count()
    assert not any(try_password("192.0.2.1", f"q{n}@example.org") for n in range(50))
    assert RateLimitCount.objects.count() == before


def test_consume_refused_for_one_caller_leaves_the_owner_alone() -> None:
    assert [try_password("192.0.2.1") for _ in range(30)].count(True) == 5
    assert try_password("198.51.100.7")


@pytest.mark.parametrize(
    ("address", "caller"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("192.0.2.1:4711", "192.0.2.1"),
        ("[2001:db8:1:2::9]:4711", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("nowhere", "nowhere"),
    ],
)
def test_find_caller_takes_a_whole_ipv6_network(address: str, caller: str) -> None:
    assert find_caller(call_from(address)) == caller  # type: ignore[arg-type]


def test_give_back_leaves_room_for_others() -> None:
    for _ in range(20):
        attempt = count_attempt("password", request=call_from("192.0.2.1"), address="a@example.org")  # type: ignore[arg-type]
        attempt.give_back()
    assert set(RateLimitCount.objects.values_list("count", flat=True)) == {0}


def test_counts_name_no_address_and_no_caller() -> None:
    try_password("192.0.2.1")
    keys = RateLimitCount.objects.values_list("key", flat=True)
    assert keys and all(re.fullmatch("[0-9a-f]{64}", key) for key in keys)


def test_counts_outlive_a_cleared_cache() -> None:
    assert not all(try_password("192.0.2.1") for _ in range(6))
    cache.clear()
    assert not try_password("192.0.2.1")


def test_cache_keeps_nothing_at_all() -> None:
    cache.set("anything", 1)
    assert cache.get("anything") is None


def test_forget_rate_limits_deletes_what_is_over_alone() -> None:
    try_password("192.0.2.1")
    end_windows()
    try_password("192.0.2.2", "ben@example.org")
    held = RateLimitCount.objects.count() // 2
    tasks.forget_rate_limits()
    assert RateLimitCount.objects.count() == held


def test_use_once_takes_a_secret_once_until_it_is_over() -> None:
    assert use_secret_once("x", seconds=90)
    assert not use_secret_once("x", seconds=90)
    end_windows()
    assert use_secret_once("x", seconds=90)


def test_consume_switched_off_counts_nothing(settings: Settings) -> None:
    settings.RATE_LIMITS = False
    assert all(try_password("192.0.2.1") for _ in range(50))


@pytest.mark.django_db(transaction=True)
def test_consume_without_the_table_refuses() -> None:
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE cmr_ratelimitcount RENAME TO away")
    try:
        with pytest.raises(LimitsUnavailable):
            try_password("192.0.2.1")
    finally:
        with as_owner(), connection.cursor() as cursor:
            cursor.execute("ALTER TABLE away RENAME TO cmr_ratelimitcount")


@pytest.mark.django_db(transaction=True)
def test_consume_inside_a_transaction_is_a_mistake() -> None:
    with transaction.atomic(), pytest.raises(RuntimeError):
        try_password("192.0.2.1")


@pytest.mark.django_db(transaction=True)
def test_consume_by_many_threads_at_once_lets_through_no_more() -> None:
    together = Barrier(8)

    def guess(_: int) -> int:
        together.wait()
        try:
            return [try_password("192.0.2.1") for _ in range(5)].count(True)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(guess, range(8))) == 5


def test_limits_are_documented_as_they_are() -> None:
    text = (ROOT / "docs" / "operations.md").read_text()
    for action, limits in LIMITS.items():
        for per, rates in limits.items():
            assert f"| {action} | {per} | {rates} |" in text
