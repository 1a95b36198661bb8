"""The web server's side: limits of bodies, what is counted of callers, and the environment."""

from __future__ import annotations

import io
from contextlib import ExitStack
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import TooManyFieldsSent
from pytest_django import Settings

from cmr.console.imports import FIELDS
from config.web import bodies, callers
from config.web.bodies import Budget, TooManyBodies
from config.web.environ import build_environ
from config.web.heads import UNREADABLE, read_head
from config.web.refused_callers import RefusedCallers
from config.web.requests import Request
from config.web.targets import _find_target, find_target

MB = 1_000_000


def make_scope(**changed: Any) -> dict[str, Any]:
    return {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": "/",
        "query_string": b"",
        "headers": [],
        "client": ("192.0.2.7", 40_000),
        "server": ("127.0.0.1", 8000),
        **changed,
    }


def test_build_environ_joins_repeated_headers_and_drops_underscores() -> None:
    headers = [
        (b"x-forwarded-for", b"192.0.2.1"),
        (b"x-forwarded-for", b"192.0.2.2"),
        (b"x_forwarded_for", b"203.0.113.9"),
        (b"cookie", b"a=1"),
        (b"cookie", b"b=2"),
        (b"content-length", b"5"),
        (b"content-length", b"900"),
    ]
    environ = build_environ(make_scope(headers=headers, path="/é"), io.BytesIO())
    assert environ["HTTP_X_FORWARDED_FOR"] == "192.0.2.1,192.0.2.2"
    assert environ["HTTP_COOKIE"] == "a=1; b=2"
    assert environ["CONTENT_LENGTH"] == "5"
    assert environ["PATH_INFO"].encode("latin-1").decode() == "/é"


@pytest.mark.parametrize("charset", ["base64", "rot13", "idna", "undefined", "nope", "", "\0"])
def test_request_with_a_charset_that_is_none_reads_its_query_as_utf_8(charset: str) -> None:
    headers = [(b"content-type", f"text/plain; charset={charset}".encode())]
    scope = make_scope(headers=headers, query_string=b"a=%C3%A9")
    assert Request(build_environ(scope, io.BytesIO())).GET["a"] == "é"


def test_request_with_too_many_fields_is_refused_where_it_is_read() -> None:
    """Not in its constructor, where nothing would answer."""
    headers = [(b"content-type", b"text/plain; charset=utf-8")]
    scope = make_scope(headers=headers, query_string=b"&a=1" * 1_100)
    request = Request(build_environ(scope, io.BytesIO()))
    with pytest.raises(TooManyFieldsSent):
        request.GET  # noqa: B018


def test_request_in_latin_1_is_read_as_such() -> None:
    headers = [(b"content-type", b"text/plain; charset=ISO-8859-1")]
    scope = make_scope(headers=headers, query_string=b"a=%E9")
    assert Request(build_environ(scope, io.BytesIO())).GET["a"] == "é"


@pytest.mark.parametrize(
    ("method", "headers", "length", "is_form"),
    [
        ("GET", [], 0, False),
        ("POST", [(b"content-length", b"7")], 7, True),
        ("POST", [(b"content-length", b"7"), (b"content-length", b"9")], 7, True),
        ("POST", [(b"content-length", b"1" * 5_000)], UNREADABLE, True),
        ("POST", [(b"content-length", b"0" * 5_000 + b"7")], UNREADABLE, True),
        ("POST", [(b"transfer-encoding", b"chunked")], None, True),
        ("POST", [(b"authorization", b"Bearer x"), (b"content-length", b"-1")], 0, False),
    ],
)
def test_read_head_finds_the_length_and_who_may_have_sent_it(
    method: str, headers: list[tuple[bytes, bytes]], length: int | None, is_form: bool
) -> None:
    head = read_head(make_scope(method=method, headers=headers))
    assert (head.length, head.is_form) == (length, is_form)
    assert head.size == sum(len(name) + len(value) for name, value in headers)


@pytest.mark.parametrize(
    ("path", "whole", "streams"),
    [
        ("/api/v1/check", MB, False),
        ("/api/v1/checks", 5 * MB, False),
        ("/api/v1/checks/stream", 0, True),
        ("/api/v1/imports/01a228b1-eb3e-770e-8964-ea3dec53bb39/parts/1", 20 * MB, True),
        ("/console/acme/live/imports", 20 * MB + FIELDS, False),
        ("/inbound/mail/postmark/secret", 20 * MB, False),
        ("/companies/upload", 65_536, True),
        ("/companies/imap", MB, False),
        ("/account/login/", MB, False),
        ("/nowhere", MB, False),
    ],
)
def test_find_target_has_the_limit_of_the_view(path: str, whole: int, streams: bool) -> None:
    assert find_target(path).limit == (whole, streams)


@pytest.mark.parametrize(
    ("path", "runs_long"),
    [("/companies/upload", True), ("/companies/imap", True), ("/companies/forward", False)],
)
def test_find_target_knows_requests_that_run_long(path: str, runs_long: bool) -> None:
    assert find_target(path).runs_long is runs_long


def test_long_paths_are_not_kept() -> None:
    for length, more in [(100, 1), (5_000, 0)]:
        path = f"/p/{uuid4().hex}".ljust(length, "x")
        before = _find_target.cache_info().currsize
        assert find_target(path).route == "/p/<str:token>"
        assert _find_target.cache_info().currsize == before + more


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("/api/v1/check", {"POST", "OPTIONS"}),
        ("/api/v1/keys/current", {"GET", "HEAD", "OPTIONS"}),
        ("/account/login/", {"GET", "HEAD", "POST", "OPTIONS"}),
        ("/healthz", {"GET", "HEAD", "POST"}),
        ("/nowhere", {"GET", "HEAD", "POST"}),
    ],
)
def test_find_target_has_the_methods_of_the_view(path: str, methods: set[str]) -> None:
    assert find_target(path).methods - {"PUT"} == methods


def test_budget_leaves_a_caller_a_quarter_and_small_bodies_always_room() -> None:
    budget = Budget(8 * MB)
    with budget.hold("a") as count, budget.hold("a") as more, budget.hold("b") as others:
        count(2 * MB)
        more(1_000)
        others(2 * MB)
        with pytest.raises(TooManyBodies):
            more(100_000)
    with budget.hold("a") as count:
        count(2 * MB)


def test_budget_ends_with_the_process() -> None:
    budget = Budget(8 * MB)
    with ExitStack() as held:
        counts = [held.enter_context(budget.hold(str(number))) for number in range(5)]
        for count in counts[:4]:
            count(2 * MB)
        counts[4](65_536)
        with pytest.raises(TooManyBodies):
            counts[4](1)


def test_budget_limits_how_many_bodies_a_caller_has() -> None:
    budget = Budget(8 * MB)
    with ExitStack() as held:
        for _ in range(Budget.MOST_OF_CALLER):
            held.enter_context(budget.hold("a"))
        with pytest.raises(TooManyBodies):
            held.enter_context(budget.hold("a"))
        held.enter_context(budget.hold("b"))


def test_find_caller_is_a_network_of_ipv6_and_what_the_proxies_saw(settings: Settings) -> None:
    ipv6 = make_scope(client=("2001:db8:1:2::7", 1))
    assert callers.find_caller(ipv6) == callers.find_caller(
        make_scope(client=("2001:db8:1:2:ffff::1", 2))
    )
    headers = [(b"x-forwarded-for", b"203.0.113.9, 198.51.100.1")]
    assert callers.find_caller(make_scope(headers=headers)) == "192.0.2.7"
    settings.TRUSTED_PROXIES = 1
    assert callers.find_caller(make_scope(headers=headers)) == "198.51.100.1"


def test_refused_callers_wait_after_ten_refusals_and_nobody_else() -> None:
    refused = RefusedCallers()
    for _ in range(RefusedCallers.FREE):
        refused.note("a", 403)
        refused.note("b", 200)
    assert refused.wait_of("a") == 0
    refused.note("a", 429)
    assert (refused.wait_of("a"), refused.wait_of("b")) == (RefusedCallers.WAIT, 0)


def test_refused_callers_are_forgotten_after_the_window(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RefusedCallers, "WINDOW", 0.0)
    refused = RefusedCallers()
    for _ in range(20):
        refused.note("a", 403)
    assert refused.wait_of("a") == 0


def test_unread_body_cannot_be_read() -> None:
    from django.core.exceptions import RequestDataTooBig

    with pytest.raises(RequestDataTooBig):
        bodies.Unread().read(10)
