"""Forms for codes of authenticator apps and recovery codes: rate-limited, each code valid once."""

from __future__ import annotations

from allauth.core import context
from allauth.core.internal.cryptokit import normalize_user_code
from allauth.mfa import app_settings
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base import forms as factors
from allauth.mfa.totp import forms as totp

from cmr import rate_limits


def _take_once(user_id: int, code: str) -> None:
    """Refuse a code that was used before, for as long as it would be valid.

    A code is valid for its own period and the tolerated ones before and after it. allauth remembers
    it for one period only, in Django's cache, which other processes do not see.

    Raises:
        ValidationError
    """
    seconds = app_settings.TOTP_PERIOD * (2 * app_settings.TOTP_TOLERANCE + 1)
    secret = f"second factor/{user_id}/{normalize_user_code(code)}"
    if not rate_limits.use_secret_once(secret, seconds=seconds):
        raise get_adapter().validation_error("incorrect_code")


class _Counted(factors.BaseAuthenticateForm):  # type: ignore[misc]
    def clean_code(self) -> str:
        request = context.request
        attempt = rate_limits.count_attempt("second factor", request=request, account=self.user.pk)
        code: str = super().clean_code()
        _take_once(self.user.pk, code)
        attempt.give_back()
        return code


class AuthenticateForm(_Counted, factors.AuthenticateForm):  # type: ignore[misc]
    """The second step of signing in."""


class ReauthenticateForm(_Counted, factors.ReauthenticateForm):  # type: ignore[misc]
    """The confirmation of a user who is already signed in."""


class ActivateTOTPForm(totp.ActivateTOTPForm):  # type: ignore[misc]
    """The form that adds an authenticator app. The code typed here cannot be used to sign in."""

    def clean_code(self) -> str:
        code: str = super().clean_code()
        _take_once(self.user.pk, code)
        return code
