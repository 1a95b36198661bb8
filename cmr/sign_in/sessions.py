"""End sessions of a user, including those without a row in allauth's table."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from allauth.usersessions.models import UserSession
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.signals import user_logged_out
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import F
from django.dispatch import receiver

from cmr.models import User

if TYPE_CHECKING:
    from django.http import HttpRequest


def end_all_sessions(user: User) -> None:
    """End all sessions of *user*. The new version also ends sessions that have no row."""
    with transaction.atomic():
        User.objects.filter(pk=user.pk).update(session_version=F("session_version") + 1)
        for session in UserSession.objects.filter(user=user):
            session.end()
    user.refresh_from_db(fields=["session_version"])


def count_live_sessions(user: User, *, now: datetime) -> int:
    """Return the number of live sessions of *user*. A row may outlive its session."""
    alive = Session.objects.filter(expire_date__gt=now).values("session_key")
    return int(UserSession.objects.filter(user=user, session_key__in=alive).count())


def end_other_sessions(request: HttpRequest) -> None:
    """End all sessions of the signed-in user except the one of *request*."""
    assert isinstance(request.user, User)
    with transaction.atomic():
        end_all_sessions(request.user)
        update_session_auth_hash(request, request.user)
        UserSession.objects.create_from_request(request)


@receiver(user_logged_out)
def forget_session(sender: object, request: HttpRequest, user: User | None, **_: Any) -> None:
    """Delete the row of a session when its user signs out, so that it is no longer counted."""
    if user is not None and request.session.session_key:
        UserSession.objects.filter(session_key=request.session.session_key).delete()


def delete_expired_sessions() -> None:
    """Delete the rows of sessions that no longer exist."""
    alive = Session.objects.values("session_key")
    UserSession.objects.exclude(session_key__in=alive).delete()
