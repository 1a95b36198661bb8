"""/me/relationships and /brands: adding, listing and ending relationships."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from brands.catalogue import topics
from brands.events import stream
from brands.models import Brand, Channel, Purpose, Topic
from cmr.models import Consumer
from cmr.sign_in import access_tokens
from consent.models import Relationship
from tests.conftest import EMAIL, Api
from tests.factories import open_account

QUESTION = {"contact": {"email": EMAIL}, "purpose": "marketing", "channel": "email"}


def brands_named(*names: str) -> list[Brand]:
    return [Brand.objects.create(slug=f"b{n}", name=name) for n, name in enumerate(names)]


def walk(api: Api, path: str, **query: Any) -> list[list[dict[str, Any]]]:
    """The pages of a list, followed by their cursors to the end."""
    pages: list[list[dict[str, Any]]] = []
    cursor: dict[str, str] = {}
    while len(pages) < 50:
        answer = api.get(path, **query, **cursor)
        assert answer.status_code == 200, answer.content
        pages.append(answer.json()["data"])
        if answer.json()["next_cursor"] is None:
            return pages
        cursor = {"cursor": answer.json()["next_cursor"]}
    raise AssertionError("the list has no end")


# -- Adding and ending ----------------------------------------------------------------------------


def test_add_brand_twice_creates_one_relationship(as_ana: Api, acme: Brand) -> None:
    answers = [as_ana.post("me/relationships", {"brand": "acme"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 200]
    shown = answers[0].json()
    assert (shown["brand"]["slug"], shown["origin"], shown["note"]) == ("acme", "person", None)
    assert answers[1].json() == shown
    assert [event.type for event in stream.read_events(acme.pk, after=0, limit=9)] == [
        "relationship.started"
    ]


def test_add_brand_event_contains_no_address(as_ana: Api, as_acme: Api) -> None:
    as_ana.post("me/relationships", {"brand": "acme"})
    feed = as_acme.get("events").content.decode()
    assert EMAIL not in feed
    assert "sha256" in feed


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ({"brand": "no-such"}, "unknown_brand", "brand"),
        ({"brand": "ACME"}, "unknown_brand", "brand"),
        ({"brand": "acme\0"}, "null_characters_not_allowed", "brand"),
        ({"brand": ""}, "blank", "brand"),
        ({"brand": None}, "null", "brand"),
        ({"brand": "a" * 101}, "max_length", "brand"),
        ({"brand": {"slug": "acme"}}, "invalid", "brand"),
        ({}, "required", "brand"),
        ({"brand": "acme", "ref": "1"}, "unknown_field", "ref"),
        ([], "invalid", None),
    ],
)
def test_add_brand_invalid_body_is_refused(
    body: Any, code: str, field: str | None, as_ana: Api, acme: Brand
) -> None:
    answer = as_ana.post("me/relationships", body)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert field is None or answer.json()["field"] == field
    assert not Relationship.objects.exists()


def test_end_relationship_denies_every_check(as_ana: Api, as_acme: Api, met: Relationship) -> None:
    yes = {"scope": {"brand": "acme"}, "decision": "grant"}
    as_ana.post("me/choices", yes)
    assert as_acme.post("check", QUESTION).json()["allowed"] is True
    assert as_ana.delete("me/relationships/acme").status_code == 204
    decision = as_acme.post("check", QUESTION).json()
    assert (decision["allowed"], decision["rule"]) == (False, "no_relationship")
    assert as_acme.get("events").json()["data"][-1]["type"] == "relationship.ended"


def test_end_relationship_removes_it_from_list(as_ana: Api, met: Relationship) -> None:
    as_ana.delete("me/relationships/acme")
    assert as_ana.get("me/relationships").json()["data"] == []
    assert as_ana.get("me/relationships/acme").status_code == 404
    assert as_ana.delete("me/relationships/acme").status_code == 404


def test_restart_relationship_keeps_denial(as_ana: Api, as_acme: Api, met: Relationship) -> None:
    as_ana.post("me/choices", {"scope": {"brand": "acme"}, "decision": "deny"})
    as_ana.delete("me/relationships/acme")
    assert as_ana.post("me/relationships", {"brand": "acme"}).status_code == 201
    assert as_acme.post("check", QUESTION).json()["rule"] == "person_denied"
    told = as_acme.get("events").json()["data"][-1]
    assert told["data"]["standing"][0]["decision"] == "deny"


@pytest.mark.parametrize("slug", ["rival", "no-such", "no such", "a" * 300, "%00", "..", "acme/x"])
def test_relationship_of_unknown_brand_is_not_found(
    slug: str, as_ana: Api, met: Relationship, rival: Brand
) -> None:
    for answer in (
        as_ana.get(f"me/relationships/{slug}"),
        as_ana.delete(f"me/relationships/{slug}"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_permissions_follow_choice(as_ana: Api, met: Relationship) -> None:
    scope = {"brand": "acme", "purpose": "marketing"}
    wish = [
        {"scope": scope, "decision": "grant"},
        {"scope": {**scope, "channel": "email"}, "decision": "deny"},
    ]
    as_ana.post("me/choices", wish)
    shown = as_ana.get("me/relationships/acme").json()["permissions"]
    may = {(each["purpose"], each["channel"]): (each["allowed"], each["rule"]) for each in shown}
    assert may["marketing", "email"] == (False, "person_denied")
    assert may["marketing", "sms"] == (True, "person_granted")
    assert may["service", "email"] == (True, "required")
    assert may["profiling", None] == (False, "default_opt_in")
    rows = [len(Channel) if each.has_channels else 1 for each in Purpose.objects.all()]
    assert len(shown) == sum(rows)


def test_permissions_list_rule_and_remaining_per_topic(
    as_ana: Api, as_acme: Api, met: Relationship, offers: Topic
) -> None:
    scope = {"brand": "acme", "purpose": "marketing"}
    wishes = [
        {"scope": scope, "decision": "grant"},
        {"scope": {**scope, "topic": offers.code}, "decision": "deny"},
        {"scope": {}, "decision": "limit", "limit": {"max": 9, "per": "week"}},
        {"scope": {"brand": "acme"}, "decision": "limit", "limit": {"max": 2, "per": "day"}},
    ]
    yes, no, *_ = as_ana.post("me/choices", wishes).json()["data"]
    assert as_acme.post("sends/reserve", QUESTION).json()["reserved"]
    shown = as_ana.get("me/relationships/acme").json()
    may = {(e["purpose"], e["channel"], e["topic"]): e for e in shown["permissions"]}
    mail = may["marketing", "email", None]
    assert (mail["allowed"], mail["because"]["entry"]) == (True, yes["entry"])
    assert (mail["because"]["scope"], mail["because"]["made_at"]) == (yes["scope"], yes["made_at"])
    assert (mail["limit"], mail["remaining"]) == ({"max": 9, "per": "week"}, 1)
    topic = may["marketing", "email", "weekly-offers"]
    assert (topic["allowed"], topic["because"]["entry"]) == (False, no["entry"])
    service = may["service", "email", None]
    assert (service["because"], service["limit"], service["remaining"]) == (None, None, None)
    assert shown["known_by"][0]["permissions"] == shown["permissions"]


def test_permissions_show_wide_limit_to_person_only(
    as_ana: Api, as_acme: Api, met: Relationship
) -> None:
    wide = {"scope": {}, "decision": "limit", "limit": {"max": 9, "per": "week"}}
    yes = {"scope": {"brand": "acme", "purpose": "marketing"}, "decision": "grant"}
    as_ana.post("me/choices", [wide, yes])
    assert as_acme.post("sends/reserve", QUESTION).json()["remaining"] is None
    (shown,) = as_ana.get("me/relationships").json()["data"]
    left = {(e["purpose"], e["channel"]): e["remaining"] for e in shown["permissions"]}
    assert left["marketing", "email"] == 8


def test_topics_list_offered_and_chosen(
    as_ana: Api, acme: Brand, offers: Topic, now: datetime
) -> None:
    path = "brands/acme/topics"
    row = {"code": "weekly-offers", "name": offers.name, "purpose": "marketing"}
    assert as_ana.get(path).json()["data"] == [row | {"retired_at": None}]
    topics.withdraw_topic(offers, now=now)
    assert as_ana.get(path).json()["data"] == []
    as_ana.post(
        "me/choices", {"scope": {"brand": "acme", "topic": offers.code}, "decision": "deny"}
    )
    (kept,) = as_ana.get(path).json()["data"]
    assert (kept["code"], kept["retired_at"] is None) == ("weekly-offers", False)


def test_topics_of_unknown_brand_are_not_found(as_ana: Api, acme: Brand) -> None:
    Brand.objects.filter(pk=acme.pk).update(test=True)
    for slug in ("acme", "no-such"):
        assert as_ana.get(f"brands/{slug}/topics").status_code == 404


def test_me_purposes_equal_brand_purposes(as_ana: Api, as_acme: Api) -> None:
    assert as_ana.get("me/purposes").json() == as_acme.get("brand/purposes").json()


def test_relationships_are_searched_by_name(as_ana: Api) -> None:
    *mine, _ = brands_named("Bakery", "Bank", "Zoo", "Bath")
    for brand in mine:
        as_ana.post("me/relationships", {"brand": brand.slug})
    pages = walk(as_ana, "me/relationships", q="ba", limit=1)
    assert [row["brand"]["name"] for page in pages for row in page] == ["Bakery", "Bank"]
    assert as_ana.get("me/relationships", q="none").json()["data"] == []


# -- Lists ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "names",
    [
        ["A", "B", "C", "D", "E", "F", "G"],
        ["Same"] * 7,
        ["a", "B", "Ä", "z", "É clair", "日本", "-"],
        ["x y", "x  y", "x", "x y z", "xy", "X Y", "x-y"],
    ],
)
def test_list_pages_hold_every_brand_once(names: list[str], as_ana: Api) -> None:
    slugs = {brand.slug for brand in brands_named(*names)}
    for slug in slugs:
        as_ana.post("me/relationships", {"brand": slug})
    pages = walk(as_ana, "me/relationships", limit=2)
    assert [len(page) for page in pages] == [2, 2, 2, 1]
    got = [row["brand"]["slug"] for page in pages for row in page]
    assert sorted(got) == sorted(slugs)
    directory = [row["slug"] for page in walk(as_ana, "brands", limit=3) for row in page]
    assert directory == got


def test_list_full_last_page_has_no_cursor(as_ana: Api) -> None:
    brands_named("A", "B", "C", "D")
    assert [len(page) for page in walk(as_ana, "brands", limit=2)] == [2, 2]


@pytest.mark.parametrize(
    "cursor",
    ["x", "!!!!", "eCB4", "é", "a" * 400, "MSAA", "OTk5OTk5OTk5OTk5OTk5OTk5OTkgYQ=="],
)
@pytest.mark.parametrize("path", ["me/relationships", "brands"])
def test_list_unknown_cursor_is_refused(
    path: str, cursor: str, as_ana: Api, met: Relationship
) -> None:
    answer = as_ana.get(path, cursor=cursor)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_cursor")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"limit": 0}, "limit"),
        ({"limit": -1}, "limit"),
        ({"limit": 501}, "limit"),
        ({"limit": "x"}, "limit"),
        ({"limit": 2**70}, "limit"),
        ({"cursor": "a" * 401}, "cursor"),
        ({"cursor": "a\0"}, "cursor"),
    ],
)
@pytest.mark.parametrize("path", ["me/relationships", "brands", "me/history"])
def test_a_query_that_is_wrong(path: str, query: Any, field: str, as_ana: Api) -> None:
    answer = as_ana.get(path, **query)
    assert (answer.status_code, answer.json()["field"]) == (422, field)


def test_each_sees_their_own_brands_only(as_ana: Api, ana: Consumer, met: Relationship) -> None:
    ben = open_account("ben@example.org", now=met.started_at)
    as_ben = Api(access_tokens.issue_token(ben, name="tests"))
    assert as_ben.get("me/relationships").json()["data"] == []
    assert as_ben.delete("me/relationships/acme").status_code == 404


# -- The directory --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("", ["100% Pure", "Acme", "Under_score", "Übermut"]),
        ("acme", ["Acme"]),
        ("ACME", ["Acme"]),
        ("über", ["Übermut"]),
        ("ÜBER", ["Übermut"]),
        ("b1", ["Acme"]),
        ("nothing like it", []),
        ("%", ["100% Pure"]),
        ("_", ["Under_score"]),
        ("\\", []),
        ("'; --", []),
        ("  acme ", ["Acme"]),
    ],
)
def test_searching_the_directory(words: str, found: list[str], as_ana: Api) -> None:
    brands_named("100% Pure", "Acme", "Under_score", "Übermut")
    answer = as_ana.get("brands", q=words)
    assert answer.status_code == 200
    assert sorted(row["name"] for row in answer.json()["data"]) == found


@pytest.mark.parametrize("words", ["a\0b", "a" * 101])
def test_words_that_cannot_be_searched(words: str, as_ana: Api) -> None:
    answer = as_ana.get("brands", q=words)
    assert (answer.status_code, answer.json()["field"]) == (422, "q")


def test_a_search_pages_too(as_ana: Api) -> None:
    brands_named("Shop 1", "Other", "Shop 2", "Shop 3", "Shop 4", "Shop 5")
    pages = walk(as_ana, "brands", q="shop", limit=2)
    assert [row["name"] for page in pages for row in page] == [f"Shop {n}" for n in range(1, 6)]
