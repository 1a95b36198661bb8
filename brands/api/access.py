"""Authentication of brands by API key, and authorisation by the key's scopes."""

from __future__ import annotations

from typing import Any, ClassVar

from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import (
    BaseAuthentication,
    SessionAuthentication,
    get_authorization_header,
)
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from brands import credentials
from brands.api.rate_limits import TooManyCalls, calls
from brands.idempotency import Owner
from brands.models import Brand, BrandKey
from core.api import QueryView
from core.problem_details import Problem


def bearer(request: Request) -> str | None:
    """Return the bearer token of a request, or None if it has no bearer authorisation.

    Raises:
        AuthenticationFailed: the header is malformed.
    """
    scheme, _, token = get_authorization_header(request).partition(b" ")
    if scheme.lower() != b"bearer":
        return None
    try:
        return token.strip().decode("ascii")
    except UnicodeDecodeError as error:
        raise AuthenticationFailed("The bearer token is malformed.", "invalid_key") from error


class BrandKeyAuthentication(BaseAuthentication):
    def authenticate(self, request: Request) -> tuple[Brand, BrandKey] | None:
        if (text := bearer(request)) is None:
            return None
        if not text:
            raise AuthenticationFailed("Send a key after `Bearer`.", "invalid_key")
        if (key := credentials.recognise_key(text, now=timezone.now())) is None:
            raise AuthenticationFailed("This key is unknown, expired or revoked.", "invalid_key")
        return key.brand, key

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="brand"'


class SignedIn(SessionAuthentication):
    """Authentication by browser session, with CSRF token. Without a session: 401, not 403."""

    def authenticate_header(self, request: Request) -> str:
        return "Session"


class SignedInScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = SignedIn
    name = "session"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "apiKey", "in": "cookie", "name": "sessionid"}


KEYS = "A brand's key: cmr_live_…, or cmr_test_… in test mode."


class BrandKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = BrandKeyAuthentication
    name = "brandKey"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": KEYS}

    def get_security_requirement(self, auto_schema: Any) -> dict[str, list[str]]:
        scope = auto_schema.view.needed(auto_schema.method)
        return {self.name: [scope] if scope else []}


class HasScope(BasePermission):
    def has_permission(self, request: Request, view: APIView) -> bool:
        if not isinstance(request.auth, BrandKey):
            return False  # answered 401 with the challenge above
        assert isinstance(view, BrandView)
        demand(request, view.needed(request.method or ""))
        return True


def demand(request: Request, scope: str) -> None:
    """Check that the key has a scope.

    Raises:
        Problem: 403 `missing_scope`.
    """
    assert isinstance(request.auth, BrandKey)
    if scope not in request.auth.scopes:
        raise Problem(403, "missing_scope", f"This key lacks the scope {scope!r}.")


class BrandView(QueryView):
    """Base of all views for brands. `scope` is the scope that the key needs."""

    scope: ClassVar[str] = ""
    #: Scope for writing, if it differs from the one for reading.
    scope_to_write: ClassVar[str] = ""
    #: It needs no browser features such as cookies: `config.requests.Programs`.
    knows_programs = True
    authentication_classes = (BrandKeyAuthentication,)
    permission_classes: tuple[type[BasePermission], ...] = (HasScope,)

    def perform_authentication(self, request: Request) -> None:
        """Authenticate, and count the call against the key's rate limit, whatever its outcome.

        Raises:
            TooManyCalls
        """
        super().perform_authentication(request)
        if isinstance(request.auth, BrandKey):
            allowance = calls.count(request.auth.prefix)
            self.headers |= allowance.headers()
            if allowance.is_over:
                raise TooManyCalls(allowance.wait)

    def needed(self, method: str) -> str:
        """Return the scope that a call needs."""
        is_read = method in SAFE_METHODS
        return self.scope if is_read else self.scope_to_write or self.scope

    @property
    def key_owner(self) -> Owner:
        return self.brand.pk

    @property
    def brand(self) -> Brand:
        brand = self.request.user
        assert isinstance(brand, Brand)
        return brand

    @property
    def key(self) -> BrandKey:
        """Return the key that the call was made with."""
        assert isinstance(self.request.auth, BrandKey)
        return self.request.auth
