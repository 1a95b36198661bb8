"""Authentication of consumers by session or token, and authorisation by scope."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django.conf import settings
from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from brands import credentials
from brands.api.access import SignedIn, bearer
from brands.idempotency import Owner
from cmr import choices, sign_in
from cmr.models import AccessToken, Consumer, TokenScope, User
from core.api import QueryView
from core.problem_details import Problem


class TokenAuthentication(BaseAuthentication):
    def authenticate(self, request: Request) -> tuple[User, AccessToken] | None:
        if (text := bearer(request)) is None:
            return None
        if (token := sign_in.recognise_token(text, now=timezone.now())) is None:
            if credentials.read_key_prefix(text):
                raise AuthenticationFailed(
                    "This is a brand's key. Send a consumer's token.", "invalid_token"
                )
            raise AuthenticationFailed(
                "This token is unknown, expired or revoked.", "invalid_token"
            )
        return token.consumer.user, token

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="consumer"'


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = TokenAuthentication
    name = "consumerToken"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "A consumer's token, cmr_pat_…"}

    def get_security_requirement(self, auto_schema: Any) -> dict[str, list[str]]:
        return {self.name: [auto_schema.view.needed(auto_schema.method)]}


#: Required by calls that change who can sign in: no token is accepted.
FRESH_SESSION = "fresh_session"


class IsConsumer(BasePermission):
    def has_permission(self, request: Request, view: APIView) -> bool:
        if not isinstance(request.user, User):
            return False
        if not hasattr(request.user, "consumer"):
            raise Problem(403, "not_a_consumer", "This account does not belong to a consumer.")
        return True


class MayCall(BasePermission):
    """Permission: the token has the scope that the call needs, or the session is fresh enough."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        assert isinstance(view, ConsumerView)
        if view.handler_of(request.method or "") is None:
            return True  # answered 405
        needed = view.needed(request.method or "")
        if needed == FRESH_SESSION:
            demand_fresh_session(request)
        else:
            demand_scope(request, TokenScope(needed))
        return True


def demand_scope(request: Request, needed: TokenScope) -> None:
    """Raise Problem (403 `insufficient_scope`) for a token without the scope; sessions have all."""
    if not isinstance(request.auth, AccessToken):
        return
    if not TokenScope(request.auth.scope).includes(needed):
        detail = f"This call needs a token with the scope `{needed}`."
        raise Problem(403, "insufficient_scope", detail)


def _may_say_no(request: Request) -> bool:
    """Return whether the caller may say no for the person; a read-only token may not."""
    token = request.auth
    return not isinstance(token, AccessToken) or TokenScope(token.scope).includes(TokenScope.LESS)


def demand_fresh_session(request: Request) -> None:
    """Raise Problem (403) for a token, and for a session that began too long ago."""
    if isinstance(request.auth, AccessToken):
        detail = "Tokens cannot do this. Sign in with `POST /api/v1/session`, and send the cookie."
        raise Problem(403, "session_required", detail)
    if not sign_in.is_session_fresh(request._request):
        minutes = settings.ACCOUNT_REAUTHENTICATION_TIMEOUT // 60
        again = "Sign in again with `POST /api/v1/session`"
        detail = f"{again}, then repeat this call within {minutes} minutes."
        raise Problem(403, "reauthentication_required", detail)


class ConsumerView(QueryView):
    """Base of all views for consumers and their programs."""

    #: By method: the minimum scope of a token, or `FRESH_SESSION`, which is the default.
    needs: ClassVar[Mapping[str, str]] = {}
    knows_programs = True
    authentication_classes = (TokenAuthentication, SignedIn)
    permission_classes: tuple[type[BasePermission], ...] = (IsConsumer, MayCall)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if choices.is_gpc_signal(request.META.get("HTTP_SEC_GPC", "")) and _may_say_no(request):
            choices.apply_gpc_signal(self.consumer, now=timezone.now())

    def needed(self, method: str) -> str:
        """Return the scope that a call needs."""
        if method == "OPTIONS":  # only describes the call
            return TokenScope.READ
        return self.needs.get("GET" if method == "HEAD" else method, FRESH_SESSION)

    def handler_of(self, method: str) -> Any:
        return getattr(self, method.lower(), None)

    @property
    def key_owner(self) -> Owner:
        return self.consumer.subject_id

    @property
    def consumer(self) -> Consumer:
        user = self.request.user
        assert isinstance(user, User)
        return user.consumer
