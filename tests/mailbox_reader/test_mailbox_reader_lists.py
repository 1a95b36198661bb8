"""Lists are found by their `List-Id`, and without one by the addresses of list programs."""

from __future__ import annotations

import pytest

from mailbox_reader.lists import (
    build_list_id,
    drop_campaign,
    find_list_by_sender,
    find_list_by_unsubscribe,
    find_mailto,
    parse_list_id,
)


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("<News.Shop.example>", ("news.shop.example", "")),
        ('"The Shop" <news.shop.example>', ("news.shop.example", "The Shop")),
        ("=?utf-8?q?B=C3=BCcher?= <a.example>", ("a.example", "Bücher")),
        ("news.shop.example", ("news.shop.example", "")),
        ("ana@example.org <a.example>", ("a.example", "")),
        ("<a b.example>", ("ab.example", "")),
        ("<>", ("", "")),
        ("<" * 8_000, ("", "")),
    ],
)
def test_parse_list_id(value: str, found: tuple[str, str]) -> None:
    assert parse_list_id(value) == found


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("<mailto:leave-lgtech-2534369U@sprocket.shop.example>", "lgtech@sprocket.shop.example"),
        ("<https://a.example>, <mailto:talk-unsubscribe@groups.example>", "talk@groups.example"),
        ("<mailto:talk-unsubscribe-ana=example.org@groups.example>", "talk@groups.example"),
        ("<mailto:dns-swap-off@lists.example?subject=x>", "dns-swap@lists.example"),
        ("<mailto:unsubscribe@shop.example>", ""),
        ("<mailto:u-8839201-unsubscribe@shop.example>", ""),
        ("<https://shop.example/unsubscribe>", ""),
        ("", ""),
    ],
)
def test_find_list_by_unsubscribe(value: str, found: str) -> None:
    assert find_list_by_unsubscribe({"list-unsubscribe": [value]}) == found


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        ({"sender": ["owner-news-users@a.example"]}, "news-users@a.example"),
        ({"sender": ["News <news-bounces+ana=b.org@a.example>"]}, "news@a.example"),
        ({"sender": ["news@a.example"], "to": ["b@c.d, News@A.example"]}, "news@a.example"),
        ({"sender": ["boss@a.example"], "to": ["b@c.example"]}, ""),
        ({"delivered-to": ["mailing list news@a.example", "b@c.example"]}, "news@a.example"),
        ({}, ""),
    ],
)
def test_find_list_by_sender(headers: dict[str, list[str]], found: str) -> None:
    assert find_list_by_sender(headers) == found


@pytest.mark.parametrize(
    ("address", "found"),
    [("a@ls9.shop.co.uk", "a.shop.co.uk"), ("a@localhost", ""), ("@a.example", ""), ("", "")],
)
def test_build_list_id(address: str, found: str) -> None:
    assert build_list_id(address) == found


def test_find_mailto_takes_the_first() -> None:
    assert find_mailto("<https://a>, <MAILTO:A@b.example?subject=x>, <mailto:c@d>") == "a@b.example"
    assert find_mailto("NO") == ""


@pytest.mark.parametrize(
    ("list_id", "found"),
    [
        ("20260301.news.shop.example", "news.shop.example"),
        ("2026.news.shop.example", "2026.news.shop.example"),
        ("1000123.shop.example", "1000123.shop.example"),
        ("7952914.xt.local", "7952914.xt.local"),
        ("", ""),
    ],
)
def test_drop_campaign_only_before_a_name(list_id: str, found: str) -> None:
    assert drop_campaign(list_id, "shop.example") == found
