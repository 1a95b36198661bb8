"""Second factors of administrators: whether one is demanded, set up and used in a session."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.account.internal.flows.login import get_authentication_records, record_authentication
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.dispatch import receiver

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser
    from django.http import HttpRequest

    from cmr.models import User

#: The types of factors. Recovery codes are not included: they only replace one of these.
TYPES = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]
#: allauth's names of two methods by which a session was authenticated.
BY_FACTOR, BY_MAILED_CODE = "mfa", "code"


def is_demanded(user: User | AnonymousUser) -> bool:
    """Return whether *user* must have a second factor."""
    return settings.STAFF_NEED_SECOND_FACTOR and user.is_staff


def has_factor(user: User | AnonymousUser) -> bool:
    """Return whether *user* has an authenticator app or a security key."""
    return bool(is_mfa_enabled(user, TYPES))


def must_enrol(user: User | AnonymousUser) -> bool:
    """Return whether *user* must set up a second factor before anything else."""
    return is_demanded(user) and not has_factor(user)


def must_confirm(request: HttpRequest) -> bool:
    """Return whether this session must present the second factor before anything else.

    The session may be older than the factor, or older than the user's role as administrator.
    """
    return is_demanded(request.user) and not _was_authenticated(request, BY_FACTOR)


def may_enrol(request: HttpRequest) -> bool:
    """Return whether this session may set up an administrator's first factor.

    A session opened with only the password may not, because the password may be stolen.
    """
    return _was_authenticated(request, BY_MAILED_CODE)


def _was_authenticated(request: HttpRequest, method: str) -> bool:
    records = get_authentication_records(request, request.user)
    return any(record.get("method") == method for record in records)


@receiver(authenticator_added)
def record_enrolment(
    sender: object, request: HttpRequest | None, user: User, authenticator: Authenticator, **_: Any
) -> None:
    """Count setting up a factor as using it: it takes a valid code or a touch of the key."""
    if request is not None and authenticator.type in TYPES:
        record_authentication(request, user, BY_FACTOR, type=authenticator.type)
