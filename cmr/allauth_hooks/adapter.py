"""Our implementations of django-allauth's adapters and forms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit, urlunsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.forms import ResetPasswordKeyForm, SignupForm
from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.internal.flows.password_reset_by_code import (
    PASSWORD_RESET_VERIFICATION_SESSION_KEY as RESET_SESSION_KEY,
)
from allauth.account.internal.stagekit import clear_login
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from allauth.usersessions.adapter import DefaultUserSessionsAdapter
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from cmr import accounts, messages, rate_limits, sign_in
from cmr.allauth_hooks import account_forms
from consent import identity

if TYPE_CHECKING:
    from allauth.account.models import EmailAddress, Login
    from allauth.usersessions.models import UserSession
    from django.contrib.auth.models import AnonymousUser
    from django.http import HttpRequest, HttpResponse

    from cmr.models import User

#: Mails that a stranger can trigger. All other mails report an act of the address's owner.
ASKED_FOR = {
    f"account/email/{name}"
    for name in (
        "email_confirmation",
        "email_confirmation_signup",
        "login_code",
        "password_reset_code",
        "unknown_account",
        "account_already_exists",
    )
}


def called(user: User) -> str:
    """Return the name of a user for the account's pages and mails."""
    return user.email


class Site(NamedTuple):
    """The site's name in account mails. allauth's default is the host that a request came to."""

    name: str
    domain: str


def _to_public(url: str) -> str:
    """Return the URL of the same page at PUBLIC_URL. allauth uses the host of the request."""
    return settings.PUBLIC_URL + urlunsplit(urlsplit(url)._replace(scheme="", netloc=""))


class Adapter(DefaultAccountAdapter):  # type: ignore[misc]
    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send a mail, unless the address is over its limit. The page is the same either way.

        Raises:
            smtp.CannotReach, smtp.CannotSendNow
        """
        if template_prefix in ASKED_FOR and not rate_limits.count_attempt_quietly(
            "mail", address=email
        ):
            return
        site = Site("CMR", settings.PUBLIC_URL)
        links = {k: _to_public(v) for k, v in context.items() if k.endswith("_url") and v}
        words = {"request": self.request, "email": email, "current_site": site} | context | links
        messages.send_mail_now(self.render_mail(template_prefix, email, words))

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        """Count a password that is entered to sign in or to confirm one's identity.

        Raises:
            rate_limits.TooManyAttempts, rate_limits.LimitsUnavailable
        """
        address = str(credentials.get("email", ""))
        attempt = rate_limits.count_attempt("password", request=request, address=address)
        user: User | None = super().authenticate(request, **credentials)
        if user is not None:
            attempt.give_back()
        return user

    def pre_login(
        self, request: HttpRequest, user: User, *, email: str | None, **kwargs: Any
    ) -> HttpResponse | None:
        """Refuse a code that was mailed to an address which has been removed since.

        Otherwise allauth would let its holder prove the address again and enter the account.
        """
        if email and not accounts.is_own_address(user, email):
            clear_login(request)
            return redirect("account_login")
        answer: HttpResponse | None = super().pre_login(request, user, email=email, **kwargs)
        return answer

    def clean_email(self, email: str) -> str:
        """Return the address in the one spelling that the ledger also uses."""
        try:
            return identity.normalise_email(email)
        except identity.InvalidAddress as error:
            raise ValidationError(_("This is not an e-mail address.")) from error

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        """Return the URL of the page from which the password was set or changed."""
        return reverse("security")

    def can_delete_email(self, email_address: EmailAddress) -> bool:
        """Return False: our own page removes an address, together with its contact point."""
        return False

    def is_login_by_code_required(self, login: Login) -> bool:
        """Require a mailed code as well of an administrator without a second factor.

        Otherwise a person who knows the password could set up a factor of their own.
        """
        records = get_authentication_records(self.request, login.user)
        if records and records[-1]["method"] != "code" and sign_in.must_enrol(login.user):
            return True
        return bool(super().is_login_by_code_required(login))

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Return whether the session is not fresh by our own rule.

        By it, a sign-in counts as much as a confirmation.
        """
        return not sign_in.is_session_fresh(self.request)

    def get_reauthentication_methods(self, user: User | AnonymousUser) -> list[dict[str, Any]]:
        """Add the mailed code, which allauth lacks, for users who may sign in by a code alone."""
        methods: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        if user.is_authenticated and not is_mfa_enabled(user):
            url = reverse("confirm-by-code")
            methods.append({"id": "code", "description": _("Use a code by e-mail"), "url": url})
        return methods


class SignUpForm(SignupForm):  # type: ignore[misc]
    """A sign-up form with an address only: see `ACCOUNT_FORMS`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["password1"]
        account_forms.take_any_spelling(self, "email")

    def validate_unique_email(self, value: str) -> str:
        """Treat an address that its owner can still restore as one that has an account."""
        email: str = super().validate_unique_email(value)
        self.account_already_exists |= accounts.is_address_held(email, now=timezone.now())
        return email


class NewPasswordForm(ResetPasswordKeyForm):  # type: ignore[misc]
    """Form for a new password after a mailed code, whose address must still be the user's."""

    def clean(self) -> dict[str, Any]:
        address = context.request.session.get(RESET_SESSION_KEY, {}).get("email", "")
        if not accounts.is_own_address(self.user, address):
            raise ValidationError(_("This code is wrong or has expired."))
        cleaned: dict[str, Any] = super().clean()
        return cleaned


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Encrypts second factors at rest."""

    def encrypt(self, text: str) -> str:
        return _cipher().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _cipher().decrypt(encrypted_text.encode()).decode()


def _cipher() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.SECOND_FACTOR_FERNET_KEYS])


def reencrypt_factors() -> int:
    """Encrypt the secrets of all second factors with the current key. Return how many."""
    adapter, types = SecondFactorAdapter(), Authenticator.Type
    known = Authenticator.objects.filter(type__in=[types.TOTP, types.RECOVERY_CODES])
    with transaction.atomic():
        for each in (found := list(known.select_for_update())):
            for name in {"secret", "seed"} & each.data.keys():
                each.data[name] = adapter.encrypt(adapter.decrypt(each.data[name]))
            each.save(update_fields=["data"])
    return len(found)


class SessionsAdapter(DefaultUserSessionsAdapter):  # type: ignore[misc]
    def end_sessions(self, ended: list[UserSession]) -> None:
        """End all other sessions, as the page says, including those it does not list."""
        sign_in.end_other_sessions(context.request)
