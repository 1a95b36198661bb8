"""Sign-in with a password outside of the account pages, by allauth's own flow.

Pages and API use the same functions. The adapter's `authenticate` counts guesses, and allauth's
stages demand a verified address and the second factor.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import perform_password_login
from allauth.account.internal.stagekit import clear_login
from allauth.account.models import Login
from allauth.account.stages import LoginStageController
from allauth.account.utils import has_verified_email
from allauth.mfa.base.internal.flows import post_authentication
from allauth.mfa.stages import AuthenticateStage
from django.contrib.auth import get_user

from cmr.models import User
from cmr.models.user import sign_in_name
from cmr.sign_in import second_factors
from cmr.sign_in.factor_forms import AuthenticateForm
from core.errors import DomainError

if TYPE_CHECKING:
    from allauth.mfa.models import Authenticator
    from django.http import HttpRequest


class WrongCredentials(DomainError):
    """The address, the password or the code is wrong, or the account is closed."""

    status = 401
    code = "wrong_credentials"


class AddressNotVerified(DomainError):
    """The password is right, but the address has not been verified yet."""

    status = 403
    code = "address_not_verified"


class FactorRequired(DomainError):
    """The password is right, but the second factor is missing."""

    status = 403
    code = "second_factor_required"


class FactorMissing(DomainError):
    """The password is right, but an administrator must set up a second factor first."""

    status = 403
    code = "second_factor_missing"


@dataclass(frozen=True, slots=True)
class Proof:
    """A user who has authenticated, with the address and the second factor they used."""

    user: User
    email: str
    factor: Authenticator | None


def check_credentials(request: HttpRequest, *, email: str, password: str, code: str = "") -> Proof:
    """Check the credentials and return whose they are, without opening a session.

    *code* is a code of the second factor or a recovery code. Accounts without a factor need none.

    Raises:
        rate_limits.TooManyAttempts, WrongCredentials, AddressNotVerified, FactorRequired,
        FactorMissing
    """
    address = sign_in_name(email)
    user = _authenticate(request, address, password)
    if not has_verified_email(user, address):
        raise AddressNotVerified(
            "This address is not verified yet. Sign in on the pages, where a code is mailed."
        )
    if second_factors.must_enrol(user):
        raise FactorMissing(
            "An administrator needs a second factor. Sign in on the pages to set one up."
        )
    return Proof(user, address, _check_factor(user, code))


def _authenticate(request: HttpRequest, address: str, password: str) -> User:
    user = get_adapter(request).authenticate(request, email=address, password=password)
    # allauth also returns users of closed accounts, so that its pages can say so.
    if not isinstance(user, User) or not user.is_active:
        raise WrongCredentials("The address, the password or the code is wrong.")
    return user


def _check_factor(user: User, code: str) -> Authenticator | None:
    if not second_factors.has_factor(user):
        return None
    if not code:
        raise FactorRequired("This account has a second factor. Send its `code`, too.")
    form = AuthenticateForm({"code": code}, user=user)
    if form.is_valid():
        return form.authenticator
    raise WrongCredentials("The address, the password or the code is wrong.")


def open_session(request: HttpRequest, proof: Proof) -> None:
    """Sign in the user of *proof* through all of allauth's stages.

    Raises:
        FactorRequired: a stage is still open, for example because a factor was added just now.
    """
    request.user = get_user(request)  # views without authentication set it to None
    if request.user.is_authenticated:
        get_adapter(request).logout(request)
    login = Login(user=proof.user, email=proof.email)
    perform_password_login(request, {"email": proof.email}, login)
    if proof.factor is not None:
        _pass_factor_stage(request, proof.factor)
    if not request.user.is_authenticated:
        clear_login(request)
        raise FactorRequired("This account has a second factor. Send its `code`, too.")


def _pass_factor_stage(request: HttpRequest, factor: Authenticator) -> None:
    """Finish the stage with the factor that was already checked, because a code is valid once."""
    stage = LoginStageController.enter(request, AuthenticateStage.key)
    if stage is not None:
        post_authentication(request, factor)
        stage.exit()
