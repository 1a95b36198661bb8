"""The members of a workspace, and joining it."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from cmr import members
from cmr.console.access import WorkspaceAccess, for_owners, get_user
from cmr.console.forms import InvitationForm
from cmr.models import Invitation, Member, Role
from cmr.sign_in import require_fresh_session_to_post
from core.problem_details import write_sentence

#: An address over its mail limit gets no more mail that day. The inviter does not learn which.
INVITED = "Invited. If no mail arrives within minutes, invite them again tomorrow."


@require_http_methods(["GET", "HEAD", "POST"])
@require_fresh_session_to_post
@for_owners
def team(request: HttpRequest, access: WorkspaceAccess) -> HttpResponse:
    """List members and invitations. POST invites a member."""
    form = InvitationForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and _invite(request, access, form):
        return _back(access)
    context = {
        "access": access,
        "page": "team",
        "form": form,
        "members": access.workspace.members.select_related("user").order_by("pk"),
        "waiting": members.list_invitations(access.workspace, now=timezone.now()),
        "roles": Role.choices,
    }
    return render(request, "console/team.html", context, status=422 if form.errors else 200)


def _invite(request: HttpRequest, access: WorkspaceAccess, form: InvitationForm) -> bool:
    link = f"{settings.PUBLIC_URL}{reverse('console-join', args=['TOKEN'])}"
    try:
        members.invite_member(
            access.workspace,
            form.cleaned_data["address"],
            role=Role(form.cleaned_data["role"]),
            link=link.replace("TOKEN", "{token}"),
            by=get_user(request),
            now=timezone.now(),
        )
    except members.TooMany as error:
        form.add_error(None, write_sentence(error))
    else:
        messages.success(request, INVITED)
        return True
    return False


@require_POST
@require_fresh_session_to_post
@for_owners
def change(request: HttpRequest, access: WorkspaceAccess, member_id: int) -> HttpResponse:
    """Change a member's role, or remove the member."""
    member = get_object_or_404(Member, pk=member_id, workspace=access.workspace)
    wanted = request.POST.get("role", "")
    try:
        if wanted in Role.values:
            members.change_role(member, Role(wanted))
        elif wanted == "remove":
            members.remove(member)
    except members.LastOwner as error:
        messages.error(request, write_sentence(error))
    return redirect("console-index") if member.user == request.user else _back(access)


@require_POST
@for_owners
def close(request: HttpRequest, access: WorkspaceAccess) -> HttpResponse:
    """Close the workspace, once the owner has typed its name."""
    if request.POST.get("name", "").strip() != access.workspace.name:
        messages.error(request, "To close the workspace, type its name.")
        return _back(access)
    members.close_workspace(access.workspace, now=timezone.now())
    messages.success(request, f"{access.workspace.name} is closed.")
    return redirect("console-index")


@require_POST
@for_owners
def withdraw(request: HttpRequest, access: WorkspaceAccess, invitation_id: int) -> HttpResponse:
    waiting = members.list_invitations(access.workspace, now=timezone.now())
    get_object_or_404(waiting, pk=invitation_id).delete()
    return _back(access)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def join(request: HttpRequest, token: str) -> HttpResponse:
    """Show an invitation. POST accepts it."""
    try:
        invitation = members.find_invitation(token, now=timezone.now())
        if request.method == "POST":
            return _accepted(request, invitation)
    except members.BadInvitation:
        return render(request, "console/join.html", {"invitation": None}, status=404)
    return render(request, "console/join.html", {"invitation": invitation})


def _accepted(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    member = members.accept_invitation(invitation, get_user(request), now=timezone.now())
    messages.success(request, f"You are {member.role} of {member.workspace.name}.")
    return redirect("console", workspace=member.workspace.slug, mode="test")


def _back(access: WorkspaceAccess) -> HttpResponse:
    return redirect("console-team", workspace=access.workspace.slug)
