"""Signing in: passwords, sessions, second factors and access tokens."""

from cmr.sign_in.access_tokens import (
    DEFAULT_TOKEN_DAYS,
    MOST_TOKEN_DAYS,
    issue_token,
    recognise_token,
    revoke_all_tokens,
    revoke_token,
)
from cmr.sign_in.passwords import (
    AddressNotVerified,
    FactorMissing,
    FactorRequired,
    Proof,
    WrongCredentials,
    check_credentials,
    open_session,
)
from cmr.sign_in.recent_authentication import (
    is_session_fresh,
    require_fresh_session,
    require_fresh_session_to_post,
)
from cmr.sign_in.second_factors import may_enrol, must_confirm, must_enrol
from cmr.sign_in.sessions import (
    count_live_sessions,
    delete_expired_sessions,
    end_all_sessions,
    end_other_sessions,
)

__all__ = [
    "DEFAULT_TOKEN_DAYS",
    "MOST_TOKEN_DAYS",
    "AddressNotVerified",
    "FactorMissing",
    "FactorRequired",
    "Proof",
    "WrongCredentials",
    "check_credentials",
    "count_live_sessions",
    "delete_expired_sessions",
    "end_all_sessions",
    "end_other_sessions",
    "is_session_fresh",
    "issue_token",
    "may_enrol",
    "must_confirm",
    "must_enrol",
    "open_session",
    "recognise_token",
    "require_fresh_session",
    "require_fresh_session_to_post",
    "revoke_all_tokens",
    "revoke_token",
]
