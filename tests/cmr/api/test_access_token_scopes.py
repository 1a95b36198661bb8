"""What a token of each scope may call, and which calls need a session."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.urls import URLPattern, get_resolver
from django.utils import timezone

from brands.models import Brand
from cmr.api.access import FRESH_SESSION, ConsumerView
from cmr.models import AccessToken, Consumer, TokenScope
from cmr.sign_in import access_tokens
from consent.models import LedgerEntry, Relationship
from tests.conftest import EMAIL, PASSWORD, Api
from tests.project.test_routes import filled_route

NO = {"scope": {"brand": "acme"}, "decision": "deny"}
SOON = datetime(2126, 2, 1, tzinfo=UTC)


def calls() -> Iterator[tuple[str, str, str | None]]:
    """Yield path, method and what it needs, of each call of a consumer; None is undeclared."""
    for pattern in get_resolver().url_patterns:
        view = getattr(getattr(pattern, "callback", None), "view_class", None)
        if not isinstance(pattern, URLPattern) or view is None:
            continue
        if issubclass(view, ConsumerView):
            for method in view.http_method_names:
                if hasattr(view, method) and method not in ("head", "options"):
                    yield filled_route(pattern), method.upper(), view.needs.get(method.upper())


CALLS = sorted(calls())


def call(api: Api, path: str, method: str) -> Any:
    return api.send(method, path.removeprefix("api/v1/"), b"{}")


@pytest.mark.parametrize(("path", "method", "needed"), CALLS)
def test_consumer_route_declares_scope(path: str, method: str, needed: str | None) -> None:
    assert needed in {*TokenScope.values, FRESH_SESSION}


def test_consumer_routes_are_all_tested() -> None:
    paths = {path for path, _, _ in CALLS}
    mine = {filled_route(each) for each in get_resolver().url_patterns}
    assert {each for each in mine if each.startswith("api/v1/me")} <= paths


@pytest.mark.usefixtures("met")
@pytest.mark.parametrize("scope", TokenScope.values)
@pytest.mark.parametrize(("path", "method", "needed"), CALLS)
def test_token_scope_decides_access(
    path: str, method: str, needed: str, scope: str, ana: Consumer
) -> None:
    answer = call(Api(access_tokens.issue_token(ana, name="t", scope=scope)), path, method)
    said = answer.json() if answer.status_code == 403 else {}
    if needed == FRESH_SESSION:
        assert said["code"] == "session_required"
    elif TokenScope(scope).includes(TokenScope(needed)):
        assert answer.status_code not in (401, 403)
    else:
        assert said["code"] == "insufficient_scope" and f"`{needed}`" in said["detail"]


@pytest.mark.parametrize(("path", "method"), [c[:2] for c in CALLS if c[2] == FRESH_SESSION])
def test_session_too_old_is_refused(path: str, method: str, ana: Consumer) -> None:
    api = Api()
    api.client.force_login(ana.user)
    with time_machine.travel(timezone.now() + timedelta(minutes=16)):
        old = call(api, path, method)
        assert (old.status_code, old.json()["code"]) == (403, "reauthentication_required")
        assert "POST /api/v1/session" in old.json()["detail"]
        api.post("session", {"email": EMAIL, "password": PASSWORD})
        assert call(api, path, method).status_code != 403


# -- Saying less ----------------------------------------------------------------------------------


@pytest.fixture
def less(ana: Consumer, met: Relationship) -> Api:
    return Api(access_tokens.issue_token(ana, name="less", scope="less"))


def pause(until: datetime) -> dict[str, Any]:
    return NO | {"decision": "pause", "until": until.isoformat()}


def limit(most: int, per: str) -> dict[str, Any]:
    return NO | {"decision": "limit", "limit": {"max": most, "per": per}}


@pytest.mark.parametrize("choice", [NO, pause(SOON), limit(1, "month")])
def test_token_less_may_deny_pause_and_limit(choice: dict[str, Any], less: Api) -> None:
    assert less.post("me/choices", choice).status_code == 201


@pytest.mark.parametrize("decision", ["grant", "clear"])
def test_token_less_may_not_grant_or_clear(decision: str, less: Api) -> None:
    for body in (NO | {"decision": decision}, [NO, NO | {"decision": decision}]):
        refused = less.post("me/choices", body)
        assert (refused.status_code, refused.json()["code"]) == (403, "insufficient_scope")
        assert "`full`" in refused.json()["detail"]
    assert not LedgerEntry.objects.exists()


@pytest.mark.parametrize(
    ("held", "new", "status"),
    [
        (pause(SOON), pause(SOON), 201),
        (pause(SOON), pause(SOON + timedelta(days=1)), 201),
        (pause(SOON), pause(SOON - timedelta(days=1)), 403),
        (limit(4, "week"), limit(4, "month"), 201),
        (limit(4, "week"), limit(5, "week"), 403),
        (limit(10, "month"), limit(1, "day"), 403),
        (NO, pause(SOON), 201),  # the no stands beside it
    ],
)
def test_token_less_may_not_loosen(
    held: dict[str, Any], new: dict[str, Any], status: int, less: Api, as_ana: Api
) -> None:
    as_ana.post("me/choices", held)
    assert less.post("me/choices", new).status_code == status


def test_token_less_may_not_loosen_within_list(less: Api) -> None:
    longer_first = [pause(SOON), pause(SOON - timedelta(days=1))]
    assert less.post("me/choices", longer_first).status_code == 403


# -- Making, listing and ending -------------------------------------------------------------------


def test_create_token_default_is_read_and_expires(nobody: Api, ana: Consumer) -> None:
    nobody.post("tokens", {"email": EMAIL, "password": PASSWORD})
    made = AccessToken.objects.get()
    assert made.scope == "read"
    assert timedelta(days=89) < made.expires_at - timezone.now() < timedelta(days=91)


@pytest.mark.parametrize(
    ("given", "field"),
    [({"scope": "all"}, "scope"), ({"expires_in_days": 366}, "expires_in_days")],
)
def test_create_token_without_valid_expiry_is_refused(
    given: dict[str, Any], field: str, nobody: Api, as_ana_signed_in: Api
) -> None:
    by_password = {"email": EMAIL, "password": PASSWORD, **given}
    for answer in (
        nobody.post("tokens", by_password),
        as_ana_signed_in.post("me/tokens", {"name": "x", **given}),
    ):
        assert (answer.status_code, answer.json()["field"]) == (422, field)


def test_tokens_are_listed_and_revoked(as_ana_signed_in: Api) -> None:
    given = {"name": "agent", "scope": "less", "expires_in_days": 7}
    text = as_ana_signed_in.post("me/tokens", given).json()["token"]
    (shown,) = as_ana_signed_in.get("me/tokens").json()["data"]
    assert (shown["name"], shown["scope"], shown["last_used_on"]) == ("agent", "less", None)
    assert Api(text).get("me").status_code == 200
    (shown,) = as_ana_signed_in.get("me/tokens").json()["data"]
    assert shown["last_used_on"] == timezone.now().date().isoformat()
    assert as_ana_signed_in.delete(f"me/tokens/{shown['id']}").status_code == 204
    assert Api(text).get("me").status_code == 401
    assert as_ana_signed_in.get("me/tokens").json()["data"] == []


def test_revoke_token_of_other_person_is_not_found(as_ana_signed_in: Api, acme: Brand) -> None:
    assert as_ana_signed_in.delete("me/tokens/999999").status_code == 404
