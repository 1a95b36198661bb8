"""A user's workspaces: creating one, its overview, and proving its domain."""

from __future__ import annotations

from typing import NamedTuple

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from brands import events, webhooks, workspaces
from brands.models import BrandKey, Subscription, Topic
from cmr import members, rate_limits
from cmr.console.access import WorkspaceAccess, for_members, for_owners, get_user
from cmr.console.forms import WorkspaceForm
from cmr.models import Member
from consent.models import Relationship
from core.problem_details import write_sentence


class Step(NamedTuple):
    """A step from an empty workspace to live mode, and whether it is done."""

    name: str
    path: str
    done: bool


@require_safe
@login_required
def index(request: HttpRequest) -> HttpResponse:
    """List the user's workspaces. If there is only one, redirect to it."""
    mine = Member.objects.filter(user=get_user(request)).select_related("workspace")
    found = list(mine.order_by("workspace__name"))
    if len(found) == 1:
        return redirect("console", workspace=found[0].workspace.slug, mode=_mode(found[0]))
    return render(request, "console/index.html", {"members": found})


def _mode(member: Member) -> str:
    return "live" if member.workspace.live_id else "test"


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def begin(request: HttpRequest) -> HttpResponse:
    form = WorkspaceForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        attempt = rate_limits.count_attempt("workspace", account=get_user(request).pk)
        try:
            made = members.begin_workspace_as_owner(
                get_user(request), **form.cleaned_data, now=timezone.now()
            )
        except (
            members.SameDomain,
            workspaces.BadDomain,
            workspaces.DomainTaken,
        ) as error:
            form.add_error("domain", write_sentence(error))
        except members.TooMany as error:
            form.add_error(None, write_sentence(error))
        else:
            return redirect("console", workspace=made.slug, mode="test")
        attempt.give_back()
    status = 422 if form.errors else 200
    return render(request, "console/begin.html", {"form": form}, status=status)


@require_safe
@for_members
def overview(request: HttpRequest, access: WorkspaceAccess) -> HttpResponse:
    """Show the state of the brand, and the next steps."""
    brand = access.brand
    context = {
        "access": access,
        "page": "overview",
        "steps": _steps(access),
        "people": Relationship.objects.active().filter(brand=brand).count(),
        "last_sequence": events.read_last_sequence(brand.pk),
    }
    return render(request, "console/overview.html", context)


def _steps(access: WorkspaceAccess) -> list[Step]:
    """Return the steps from an empty workspace to live mode."""
    brand, here = access.brand, access.path
    keys, hooks = BrandKey.objects.filter(brand=brand), Subscription.objects.filter(brand=brand)
    is_used = keys.exclude(last_used_on=None).exists()
    has_topics, is_live = Topic.objects.filter(brand=brand).exists(), access.workspace.live_id
    return [
        Step("Make a key", f"{here}/keys", keys.exists()),
        Step("Ask a first question with it", "/docs/quickstart", is_used),
        Step("Name your topics", f"{here}/catalogue", has_topics),
        Step("Hear of changes", f"{here}/webhooks", webhooks.have_delivered(*hooks)),
        Step(
            "Prove your domain",
            f"/console/{access.workspace.slug}/domain",
            is_live is not None,
        ),
    ]


@require_http_methods(["GET", "HEAD", "POST"])
@for_owners
def domain(request: HttpRequest, access: WorkspaceAccess) -> HttpResponse:
    """Say how to prove the domain. POST checks the proof."""
    problem = _prove(request, access) if request.method == "POST" else ""
    access.workspace.refresh_from_db()
    if request.method == "POST" and not problem:
        messages.success(request, f"{access.workspace.domain} is yours: live mode is open.")
        return redirect("console-domain", workspace=access.workspace.slug)
    context = {
        "access": access,
        "page": "domain",
        "problem": problem,
        "looked_at": timezone.now(),
        "record": workspaces.build_txt_name(access.workspace.domain),
        "url": workspaces.build_proof_url(access.workspace.domain),
        "value": workspaces.build_txt_value(access.workspace),
    }
    return render(request, "console/domain.html", context, status=422 if problem else 200)


def _prove(request: HttpRequest, access: WorkspaceAccess) -> str:
    try:
        workspaces.prove_domain(access.workspace, now=timezone.now())
    except (
        workspaces.DomainNotProven,
        workspaces.DomainProofBusy,
        workspaces.DomainTaken,
    ) as error:
        return write_sentence(error)
    return ""
