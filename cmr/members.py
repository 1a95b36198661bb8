"""Members of a workspace: joining, inviting, changing roles and leaving."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from brands import credentials, workspaces
from brands.models import Workspace
from cmr import messages, rate_limits
from cmr.messages import NewMessage
from cmr.models import ContactKind, Inlet, Invitation, Member, Role, User
from core.errors import DomainError

KIND = "cmr_inv"
#: How long an invitation can be accepted.
VALID = timedelta(days=7)
#: Limits of workspaces that one user may own, and of open invitations of one workspace.
MOST_WORKSPACES, MOST_INVITATIONS = 10, 20


class TooMany(Exception):
    """The user or workspace has reached a maximum."""


class SameDomain(Exception):
    """The user is already a member of a workspace of this domain."""


class BadInvitation(Exception):
    """The invitation is unknown, used or expired."""


class LastOwner(DomainError):
    """The workspace would be left without an owner."""

    status = 409
    code = "last_owner"

    def __init__(self, message: str, workspaces: Sequence[Workspace] = ()) -> None:
        super().__init__(message)
        self.workspaces = workspaces


def begin_workspace_as_owner(user: User, *, name: str, domain: str, now: datetime) -> Workspace:
    """Create a workspace owned by *user*.

    Raises:
        TooMany, SameDomain, workspaces.BadDomain, workspaces.DomainTaken
    """
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=user.pk)  # a second click waits
        _check_new(user, workspaces.read_domain(domain))
        workspace = workspaces.begin_workspace(name=name, domain=domain, now=now)
        Member.objects.create(workspace=workspace, user=user, role=Role.OWNER, since=now)
    return workspace


def _check_new(user: User, domain: str) -> None:
    mine = Member.objects.filter(user=user)
    if mine.filter(role=Role.OWNER).count() >= MOST_WORKSPACES:
        raise TooMany(f"you own {MOST_WORKSPACES} workspaces already")
    for member in mine.filter(workspace__domain=domain).select_related("workspace"):
        raise SameDomain(f"you already have a workspace with this domain: {member.workspace.name}")


def invite_member(
    workspace: Workspace, address: str, *, role: Role, link: str, by: User, now: datetime
) -> Invitation:
    """Mail an invitation to *address*. *link* is the page's URL, with {token} for the token.

    An address that is over its mail limit gets no mail, and the inviter is not informed.

    Raises:
        TooMany, rate_limits.TooManyAttempts
    """
    rate_limits.count_attempt("invitation", workspace=workspace.pk, address=address)
    may_mail = rate_limits.count_attempt_quietly("mail", address=address)
    made = credentials.generate_credential(KIND)
    with transaction.atomic():
        Workspace.objects.select_for_update(no_key=True).get(pk=workspace.pk)  # to count them
        if list_invitations(workspace, now=now).count() >= MOST_INVITATIONS:
            raise TooMany(f"{MOST_INVITATIONS} invitations are pending already")
        invitation = Invitation.objects.create(
            workspace=workspace,
            role=role,
            prefix=made.prefix,
            digest=made.digest,
            invited_at=now,
            expires_at=now + VALID,
            by=by,
        )
        if may_mail:
            letter = _write(workspace, address, link.replace("{token}", made.text), by=by)
            messages.add_messages([letter], now=now)
    return invitation


def _write(workspace: Workspace, address: str, link: str, *, by: User) -> NewMessage:
    """Return the invitation mail.

    It names the workspace only if its domain is proven, because anybody can name one after a bank.
    """
    name = workspace.name if workspace.proven_at else "a workspace"
    lines = [
        f"{by.email} invites you to work on {name} at CMR.",
        f"Accept within {VALID.days} days:",
        link,
        "If you do not know this person, do nothing.",
    ]
    subject = f"{name} invites you" if workspace.proven_at else "An invitation to a workspace"
    return NewMessage(ContactKind.EMAIL, address, subject, "\n\n".join(lines))


def list_invitations(workspace: Workspace, *, now: datetime) -> QuerySet[Invitation]:
    """Return the invitations that can still be accepted, newest first."""
    return workspace.invitations.filter(used_at=None, expires_at__gt=now).order_by("-pk")


def find_invitation(token: str, *, now: datetime) -> Invitation:
    """Return the open invitation whose link has *token*.

    Raises:
        BadInvitation
    """
    prefix = credentials.read_credential_prefix(token, kind=KIND)
    rows = Invitation.objects.filter(prefix=prefix, used_at=None, expires_at__gt=now)
    invitation = rows.select_related("workspace").first()
    if invitation is None or not credentials.matches_digest(token, bytes(invitation.digest)):
        raise BadInvitation("this invitation is used, expired or unknown")
    return invitation


def accept_invitation(invitation: Invitation, user: User, *, now: datetime) -> Member:
    """Make *user* a member and mark the invitation used. An existing member keeps their role.

    Raises:
        BadInvitation: it was used in the meantime.
    """
    with transaction.atomic():
        if not Invitation.objects.filter(pk=invitation.pk, used_at=None).update(used_at=now):
            raise BadInvitation("this invitation is used")
        member, _ = Member.objects.get_or_create(
            workspace=invitation.workspace,
            user=user,
            defaults={"role": invitation.role, "since": now},
        )
    return member


def change_role(member: Member, role: Role) -> None:
    """Change a member's role.

    Raises:
        LastOwner
    """
    with transaction.atomic():
        _keep_an_owner(member, unless=role == Role.OWNER)
        Member.objects.filter(pk=member.pk).update(role=role)


def remove(member: Member) -> None:
    """Remove a member from the workspace.

    Raises:
        LastOwner
    """
    with transaction.atomic():
        _keep_an_owner(member, unless=False)
        member.delete()


def find_owned_alone(user: User) -> list[Workspace]:
    """Return the workspaces whose only owner is *user*, by name."""
    others = Member.objects.filter(workspace=OuterRef("pk"), role=Role.OWNER).exclude(user=user)
    mine = Workspace.objects.filter(members__user=user, members__role=Role.OWNER)
    return list(mine.exclude(Exists(others)).order_by("name", "pk"))


def leave_all_workspaces(user: User) -> None:
    """Remove *user* from every workspace, and delete their open invitations.

    Call it inside a transaction.

    Raises:
        LastOwner: another member must first become owner, or the workspace must be closed.
    """
    mine = Member.objects.filter(user=user)
    # Locked in order of their ids: of two owners who leave at once, the second is refused.
    wanted = Workspace.objects.filter(pk__in=mine.values("workspace")).order_by("pk")
    list(wanted.select_for_update(no_key=True))
    if owned := find_owned_alone(user):
        names = ", ".join(each.name for each in owned)
        raise LastOwner(
            f"You are the only owner of {names}: make another member an owner, or close it.", owned
        )
    Invitation.objects.filter(by=user, used_at=None).delete()
    mine.delete()


def close_workspace(workspace: Workspace, *, now: datetime) -> None:
    """Close a workspace permanently: end its keys, webhooks and inlets, and remove all members.

    Its brands are kept, because people's choices about them are kept.
    """
    brands = [each for each in (workspace.test, workspace.live) if each is not None]
    with transaction.atomic():
        Workspace.objects.select_for_update(no_key=True).get(pk=workspace.pk)
        workspaces.close_brands(brands, now=now)
        Inlet.objects.filter(brand__in=brands, closed_at=None).update(closed_at=now)
        workspace.invitations.all().delete()
        workspace.members.all().delete()


def _keep_an_owner(member: Member, *, unless: bool) -> None:
    Workspace.objects.select_for_update(no_key=True).get(pk=member.workspace_id)
    owners = Member.objects.filter(workspace=member.workspace_id, role=Role.OWNER)
    if not unless and not owners.exclude(pk=member.pk).exists():
        raise LastOwner("a workspace must keep at least one owner")
