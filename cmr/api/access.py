"""Who may come in: a consumer, by session or by token."""

from __future__ import annotations

from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from brands import keys
from brands.api.access import SignedIn, bearer
from brands.wire import Problem
from cmr import tokens
from cmr.models import AccessToken, Consumer, User


class TokenAuthentication(BaseAuthentication):
    def authenticate(self, request: Request) -> tuple[User, AccessToken] | None:
        if (text := bearer(request)) is None:
            return None
        if (token := tokens.recognise(text, now=timezone.now())) is None:
            if keys.prefix_of(text):
                raise AuthenticationFailed("This is a brand's key, no token.", "invalid_token")
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


class IsConsumer(BasePermission):
    def has_permission(self, request: Request, view: APIView) -> bool:
        if not isinstance(request.user, User):
            return False
        if not hasattr(request.user, "consumer"):
            raise Problem(403, "not_a_consumer", "This account is not a consumer's.")
        return True


class ConsumerView(APIView):
    """A door for consumers and their programs."""

    knows_programs = True
    authentication_classes = (TokenAuthentication, SignedIn)
    permission_classes = (IsConsumer,)

    @property
    def consumer(self) -> Consumer:
        user = self.request.user
        assert isinstance(user, User)
        return user.consumer
