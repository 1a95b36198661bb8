"""A workspace always keeps an owner."""

from __future__ import annotations

from datetime import datetime

import pytest
from django.db.models import ProtectedError

from brands.credentials import brand_keys
from brands.models import BrandKey, Subscription, Workspace
from cmr.accounts import ownership
from cmr.models import Member, User
from tests.cmr.console.conftest import Browser
from tests.conftest import Api

HOOK = {"url": "https://acme.example/hook", "event_types": ["*"]}


def erase(browser: Browser) -> int:
    form = {"word": "erase", "brands": "keep"}
    return browser.client.post("/you/erase", form).status_code


def test_erase_page_of_only_owner_explains(workspace: Workspace, olga: Browser) -> None:
    page = olga.client.get("/you/erase").content.decode()
    assert "You are the only owner" in page and "/console/acme/team" in page
    assert 'name="word"' not in page
    assert erase(olga) == 409
    assert User.objects.filter(pk=olga.user.pk).exists()


def test_erasure_by_api_of_only_owner_is_refused(workspace: Workspace, olga: Browser) -> None:
    api = Api()
    api.client.force_login(olga.user)
    answer = api.delete("me?brands=stop")
    assert (answer.status_code, answer.json()["code"]) == (409, "last_owner")
    assert workspace.name in answer.json()["detail"]
    assert api.get("me").status_code == 200


def test_erasure_with_other_owner_is_done(
    workspace: Workspace, olga: Browser, dev: Browser
) -> None:
    other = Member.objects.get(user=dev.user)
    olga.post(f"acme/team/{other.pk}", role="owner")
    assert erase(olga) == 302
    assert not User.objects.filter(pk=olga.user.pk).exists()
    assert Member.objects.get(workspace=workspace) == other


def test_erasure_of_other_member_is_done(workspace: Workspace, dev: Browser) -> None:
    assert erase(dev) == 302
    assert Member.objects.filter(workspace=workspace).count() == 1


def test_delete_user_of_member_is_refused(workspace: Workspace, olga: Browser) -> None:
    """As Django's admin and a shell would delete one."""
    with pytest.raises(ProtectedError):
        olga.user.delete()


def test_delete_unverified_accounts_keeps_members(workspace: Workspace, now: datetime) -> None:
    assert ownership.delete_unproved_accounts(now=now) == 0


# -- Closing --------------------------------------------------------------------------------------


def test_close_workspace_lets_owner_leave(is_live: Workspace, olga: Browser, dev: Browser) -> None:
    assert is_live.live is not None
    text = brand_keys.issue_key(is_live.live, name="x")
    assert Api(text).post("subscriptions", HOOK).status_code == 201
    olga.post("acme/team/close", name=is_live.name)
    assert Api(text).get("events").status_code == 401
    assert not BrandKey.objects.filter(revoked_at=None).exists()
    assert not Subscription.objects.filter(disabled_at=None).exists()
    assert not Member.objects.exists() and dev.get("acme/test/").status_code == 404
    assert erase(olga) == 302


def test_close_workspace_without_its_name_is_refused(workspace: Workspace, olga: Browser) -> None:
    olga.post("acme/team/close", name="another")
    assert Member.objects.filter(workspace=workspace).exists()


def test_close_workspace_by_other_role_is_refused(workspace: Workspace, dev: Browser) -> None:
    assert dev.post("acme/team/close", name=workspace.name).status_code == 403
    assert Member.objects.filter(workspace=workspace).count() == 2
