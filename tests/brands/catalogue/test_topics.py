"""/brand/topics: creating, renaming, retiring and restoring topics."""

from __future__ import annotations

import pytest

from brands.catalogue import topics
from brands.credentials import brand_keys
from brands.models import Brand, Topic
from tests.conftest import Api

NEWS = {"code": "news", "name": "News", "purpose": "marketing"}


def test_create_topic_again_returns_same(as_acme: Api, acme: Brand) -> None:
    made = as_acme.post("brand/topics", NEWS)
    assert (made.status_code, made.json()) == (201, NEWS | {"retired_at": None})
    assert as_acme.post("brand/topics", NEWS).status_code == 200
    assert as_acme.get("brand/topics").json()["data"] == [made.json()]


@pytest.mark.parametrize("change", [{"name": "Other"}, {"purpose": "research"}])
def test_create_topic_with_other_terms_is_refused(change: dict[str, str], as_acme: Api) -> None:
    as_acme.post("brand/topics", NEWS)
    answer = as_acme.post("brand/topics", NEWS | change)
    assert (answer.status_code, answer.json()["code"]) == (409, "topic_exists")


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"purpose": "weather"}, "purpose", "unknown_purpose"),
        ({"purpose": "profiling"}, "purpose", "unknown_purpose"),  # which reaches nobody
        ({"purpose": "service"}, "purpose", "cannot_be_refused"),
        ({"code": "a b"}, "code", "invalid"),
        ({"code": "a" * 61}, "code", "max_length"),
        ({"name": ""}, "name", "blank"),
        ({"retired_at": None}, "retired_at", "unknown_field"),
    ],
)
def test_create_topic_invalid_body_is_refused(
    change: dict[str, str], field: str, code: str, as_acme: Api
) -> None:
    answer = as_acme.post("brand/topics", NEWS | change)
    problem = answer.json()
    assert (answer.status_code, problem["field"], problem["code"]) == (422, field, code)
    assert not Topic.objects.exists()


def test_rename_topic_changes_name_only(as_acme: Api, offers: Topic) -> None:
    answer = as_acme.put("brand/topics/weekly-offers", {"name": "Offers of the week"})
    assert answer.json()["name"] == "Offers of the week"
    moved = as_acme.put("brand/topics/weekly-offers", {"name": "x", "purpose": "research"})
    assert moved.json()["code"] == "unknown_field"
    assert Topic.objects.get().purpose_id == "marketing"


def test_retire_topic_and_bring_back(as_acme: Api) -> None:
    as_acme.post("brand/topics", NEWS)
    assert as_acme.delete("brand/topics/news").status_code == 204
    (once,) = as_acme.get("brand/topics").json()["data"]
    assert once["retired_at"] and as_acme.delete("brand/topics/news").status_code == 204
    assert as_acme.get("brand/topics").json()["data"] == [once]  # when it was stays
    assert as_acme.post("brand/topics", NEWS).json()["retired_at"] is None


def test_create_topic_too_many_is_refused(
    as_acme: Api, acme: Brand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(topics, "MOST", 1)
    as_acme.post("brand/topics", NEWS)
    second = NEWS | {"code": "more"}
    assert as_acme.post("brand/topics", second).json()["code"] == "too_many_topics"
    as_acme.delete("brand/topics/news")
    assert as_acme.post("brand/topics", second).status_code == 201
    assert as_acme.post("brand/topics", NEWS).json()["code"] == "too_many_topics"


def test_topic_of_other_brand_is_not_found(as_rival: Api, offers: Topic) -> None:
    assert as_rival.get("brand/topics").json()["data"] == []
    assert as_rival.put("brand/topics/weekly-offers", {"name": "x"}).status_code == 404
    assert as_rival.delete("brand/topics/weekly-offers").status_code == 404
    assert as_rival.post("brand/topics", NEWS | {"code": "weekly-offers"}).status_code == 201
    assert Topic.objects.get(pk=offers.pk).retired_at is None


def test_write_topic_without_scope_is_refused(acme: Brand, offers: Topic) -> None:
    reads = Api(brand_keys.issue_key(acme, name="r", scopes=["check"]))
    assert reads.get("brand/topics").status_code == 200
    for answer in (
        reads.post("brand/topics", NEWS),
        reads.put("brand/topics/weekly-offers", {"name": "x"}),
        reads.delete("brand/topics/weekly-offers"),
        reads.put("brand/notices/privacy", {"texts": {"en": "x"}}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "missing_scope")
    writes = Api(brand_keys.issue_key(acme, name="w", scopes=["catalogue"]))
    assert writes.post("brand/topics", NEWS).status_code == 201
    assert writes.get("brand/topics").status_code == 403
