"""Members of a workspace, and invitations to it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from brands.models import Workspace
from cmr.models.user import User


class Role(models.TextChoices):
    OWNER = "owner", "owner: everything, members too"
    DEVELOPER = "developer", "developer: everything but members and the domain"
    VIEWER = "viewer", "viewer: sees, and changes nothing"


class Member(models.Model):
    """A user in a workspace. It is independent of the user's own profile as a consumer."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="members")
    #: Protected: deleting a user must not leave a workspace without an owner.
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role.choices)
    since = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "user"], name="member_once"),
            models.CheckConstraint(
                condition=Q(role__in=Role.values), name="member_has_a_known_role"
            ),
        ]


class Invitation(models.Model):
    """An invitation link in a mail. Only the link's digest is kept, and no address."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="invitations")
    role = models.CharField(max_length=10, choices=Role.choices)
    prefix = models.CharField(max_length=16, unique=True)
    digest = models.BinaryField(max_length=32)
    invited_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(role__in=Role.values), name="invitation_has_a_known_role"
            ),
        ]
