"""An edit that says what it saw is done only while that is so."""

from __future__ import annotations

from typing import Any

import pytest

from brands.models import Subscription
from tests.conftest import Api

HOOK = {"url": "https://acme.example/hook", "event_types": ["*"]}
OPS = {"operations_email": "ops@acme.example"}


@pytest.fixture
def hook(as_acme: Api) -> str:
    """The path of acme's subscription."""
    return f"subscriptions/{as_acme.post('subscriptions', HOOK).json()['id']}"


def read_etag(api: Api, path: str) -> str:
    tag: str = api.get(path).headers["ETag"]
    return tag


# -- What is seen ------------------------------------------------------------------------------


def test_etag_changes_with_content(as_acme: Api) -> None:
    before = read_etag(as_acme, "brand")
    assert before == read_etag(as_acme, "brand")
    as_acme.put("brand", OPS)
    after = read_etag(as_acme, "brand")
    assert before != after
    assert as_acme.get("brand").json()["operations_email"] == "ops@acme.example"
    as_acme.put("brand", {"operations_email": ""})
    assert read_etag(as_acme, "brand") == before


@pytest.mark.parametrize("form", ["{}", "W/{}", '"x", {}', "*"])
@pytest.mark.parametrize("path", ["brand", "campaigns/spring"])
def test_get_with_current_etag_is_not_modified(path: str, form: str, as_acme: Api) -> None:
    as_acme.post("campaigns", {"code": "spring"})
    tag = read_etag(as_acme, path)
    answer = as_acme.send("GET", path, If_None_Match=form.format(tag))
    assert (answer.status_code, answer.content) == (304, b"")
    assert answer.headers["ETag"] == tag
    assert "Content-Type" not in answer.headers


def test_get_with_old_etag_returns_content(as_acme: Api) -> None:
    tag = read_etag(as_acme, "brand")
    as_acme.put("brand", OPS)
    answer = as_acme.send("GET", "brand", If_None_Match=tag)
    assert (answer.status_code, answer.json()["operations_email"]) == (200, "ops@acme.example")


def test_etag_of_webhook_ignores_progress(as_acme: Api, hook: str) -> None:
    tag = read_etag(as_acme, hook)
    Subscription.objects.update(concurrency=3, batch=1)
    assert read_etag(as_acme, hook) == tag
    assert as_acme.send("GET", hook, If_None_Match=tag).status_code == 200
    as_acme.post(f"{hook}/disable")
    assert read_etag(as_acme, hook) != tag


# -- What is changed ---------------------------------------------------------------------------


def edit(api: Api, path: str, hook: str, tag: str) -> Any:
    if path == "brand":
        return api.put("brand", OPS, If_Match=tag)
    if path == "hook":
        return api.put(hook, HOOK | {"batch": 7}, If_Match=tag)
    return api.delete(hook, If_Match=tag)


def at(path: str, hook: str) -> str:
    return "brand" if path == "brand" else hook


@pytest.mark.parametrize("path", ["brand", "hook", "end"])
@pytest.mark.parametrize("form", ["{}", "W/{}", '"x", {}', "*"])
def test_edit_with_current_etag_is_done(path: str, form: str, as_acme: Api, hook: str) -> None:
    tag = read_etag(as_acme, at(path, hook))
    assert edit(as_acme, path, hook, form.format(tag)).status_code in (200, 204)


@pytest.mark.parametrize("path", ["brand", "hook", "end"])
@pytest.mark.parametrize("form", ['"x"', 'W/"x"', "", "{}x", "nonsense"])
def test_edit_with_other_etag_is_refused(path: str, form: str, as_acme: Api, hook: str) -> None:
    before = as_acme.get(at(path, hook)).content
    tag = read_etag(as_acme, at(path, hook))
    answer = edit(as_acme, path, hook, form.format(tag[:-1] if form == "{}x" else tag))
    assert (answer.status_code, answer.json()["code"]) == (412, "changed_meanwhile")
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert as_acme.get(at(path, hook)).content == before


def test_edit_with_old_etag_is_refused(as_acme: Api, hook: str) -> None:
    tag = read_etag(as_acme, hook)
    assert as_acme.put(hook, HOOK | {"batch": 2}, If_Match=tag).status_code == 200
    assert as_acme.put(hook, HOOK | {"batch": 3}, If_Match=tag).status_code == 412
    assert as_acme.delete(hook, If_Match=tag).status_code == 412
    assert as_acme.get(hook).json()["batch"] == 2
    assert as_acme.put(hook, HOOK | {"batch": 3}).status_code == 200  # as ever: the last word


def test_edit_refused_keeps_delivery_running(as_acme: Api, hook: str) -> None:
    as_acme.put(hook, HOOK, If_Match='"x"')
    held = Subscription.objects.get()
    assert (held.recalled_until, held.disabled_at) == (None, None)


def test_edit_of_other_brand_is_not_found(as_acme: Api, as_rival: Api, hook: str) -> None:
    for tag in (read_etag(as_acme, hook), '"x"', "*"):
        assert as_rival.put(hook, HOOK, If_Match=tag).status_code == 404
        assert as_rival.delete(hook, If_Match=tag).status_code == 404
