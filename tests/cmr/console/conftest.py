"""Olga owns acme's workspace, Dev develops there, Vera views; Nick has nothing to do with it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client

from brands.models import Brand, Workspace
from brands.workspaces import lifecycle
from cmr import members
from cmr.models import Member, Role, User
from tests.factories import open_account

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer

Open = Callable[..., "Answer"]


class Browser:
    """One user's browser; paths are below the console."""

    def __init__(self, user: User) -> None:
        self.user = user
        self.client = Client(raise_request_exception=False)
        self.client.force_login(user)

    def get(self, path: str, **query: Any) -> Answer:
        return self.client.get(f"/console/{path}", query)

    def post(self, path: str, **form: Any) -> Answer:
        return self.client.post(f"/console/{path}", form)

    def text(self, path: str, **query: Any) -> str:
        answer = self.get(path, **query)
        assert answer.status_code == 200, (path, answer.status_code)
        return answer.content.decode()


def account(name: str, now: datetime) -> User:
    return open_account(f"{name}@example.org", now=now).user


@pytest.fixture
def olga(db: None, now: datetime) -> Browser:
    return Browser(account("olga", now))


@pytest.fixture
def workspace(olga: Browser, now: datetime) -> Workspace:
    """In test mode alone."""
    return members.begin_workspace_as_owner(olga.user, name="Acme", domain="acme.example", now=now)


@pytest.fixture
def is_live(workspace: Workspace, acme: Brand, now: datetime) -> Workspace:
    """The same with its live brand."""
    lifecycle.adopt_live_brand(workspace, acme, now=now)
    return workspace


def _member(name: str, role: Role, workspace: Workspace, now: datetime) -> Browser:
    browser = Browser(account(name, now))
    Member.objects.create(workspace=workspace, user=browser.user, role=role, since=now)
    return browser


@pytest.fixture
def dev(workspace: Workspace, now: datetime) -> Browser:
    return _member("dev", Role.DEVELOPER, workspace, now)


@pytest.fixture
def vera(workspace: Workspace, now: datetime) -> Browser:
    return _member("vera", Role.VIEWER, workspace, now)


@pytest.fixture
def nick(db: None, now: datetime) -> Browser:
    return Browser(account("nick", now))
