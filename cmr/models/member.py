"""Who works for a brand."""

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
    """A user in a workspace. Their own profile as a consumer has nothing to do with it."""

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
    """A link in a mail. The address it went to is not kept, and only the digest of the link is."""

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
