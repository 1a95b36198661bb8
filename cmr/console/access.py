"""Access to a workspace's pages, by the member's role and the mode (test or live)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Concatenate

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.cache import add_never_cache_headers

from brands.models import Brand, Workspace
from cmr.models import Member, Role, User

MODES = ("test", "live")
#: Each mode's pages: name, title, and path.
PAGES = [
    ("overview", "Overview", ""),
    ("keys", "Keys", "keys"),
    ("catalogue", "Catalogue", "catalogue"),
    ("webhooks", "Webhooks", "webhooks"),
    ("events", "Events", "events"),
    ("inlets", "Inlets", "inlets"),
    ("mails", "Mails", "mails"),
    ("imports", "Imports", "imports"),
    ("requests", "Requests", "requests"),
    ("campaigns", "Campaigns", "campaigns"),
    ("reports", "Reports", "reports"),
]
#: Pages that only test mode has.
TEST_PAGES = {"mails"}
View = Callable[Concatenate[HttpRequest, "WorkspaceAccess", ...], HttpResponseBase]
Shown = Callable[..., HttpResponseBase]


@dataclass(frozen=True, slots=True)
class WorkspaceAccess:
    """A member in one mode of a workspace."""

    member: Member
    mode: str
    brand: Brand

    @property
    def workspace(self) -> Workspace:
        return self.member.workspace

    @property
    def may_change(self) -> bool:
        return self.member.role != Role.VIEWER

    @property
    def is_owner(self) -> bool:
        return self.member.role == Role.OWNER

    @property
    def is_test(self) -> bool:
        return self.mode == "test"

    @property
    def pages(self) -> list[tuple[str, str, str]]:
        """Return the name, title and path of each page, for the menu."""
        here, both = self.path, f"/console/{self.workspace.slug}"
        named = [
            (name, title, f"{here}/{rest}")
            for name, title, rest in PAGES
            if self.is_test or name not in TEST_PAGES
        ]
        return [*named, ("team", "Members", f"{both}/team"), ("domain", "Domain", f"{both}/domain")]

    @property
    def public_url(self) -> str:
        """Return the base URL of the API."""
        return settings.PUBLIC_URL

    @property
    def path(self) -> str:
        """Return the path under which this mode's pages are."""
        return f"/console/{self.workspace.slug}/{self.mode}"


def get_user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def for_members(view: View) -> Shown:
    """Require a member of the workspace, and pass the `WorkspaceAccess` to the view.

    A viewer may not POST. For users who are not members, the workspace does not exist (404).
    Without a live brand, live pages redirect to the page that proves the domain.
    """

    @login_required
    @wraps(view)
    def guarded_view(
        request: HttpRequest, workspace: str, *args: Any, mode: str = "test", **kwargs: Any
    ) -> HttpResponseBase:
        member = _member(request, workspace)
        if mode not in MODES:
            raise Http404
        if (brand := member.workspace.brand(mode)) is None:
            return redirect("console-domain", workspace=workspace)
        access = WorkspaceAccess(member, mode, brand)
        if request.method not in ("GET", "HEAD") and not access.may_change:
            raise PermissionDenied
        response = view(request, access, *args, **kwargs)
        add_never_cache_headers(response)
        return response

    return guarded_view


def for_owners(view: View) -> Shown:
    """Require a member, as `for_members` does. Only owners may POST."""

    @for_members
    @wraps(view)
    def guarded_view(
        request: HttpRequest, access: WorkspaceAccess, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        if request.method not in ("GET", "HEAD") and not access.is_owner:
            raise PermissionDenied
        return view(request, access, *args, **kwargs)

    return guarded_view


def _member(request: HttpRequest, slug: str) -> Member:
    mine = Member.objects.filter(user=get_user(request), workspace__slug=slug)
    member = mine.select_related("workspace__test", "workspace__live", "user").first()
    if member is None:
        raise Http404
    return member
