"""Sign-in: a session for browsers, a token for programs."""

from __future__ import annotations

from django.contrib.auth import logout
from django.middleware.csrf import get_token
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from brands.api.access import SignedIn
from cmr import accounts, sign_in
from cmr.api.access import ConsumerView
from cmr.models import AccessToken, TokenScope
from core.api import QueryView, StrictSerializer
from core.problem_details import Problem
from core.text import check_name

TAG = "consumer: sign-in"


class Credentials(StrictSerializer):
    email = serializers.CharField(max_length=320)
    password = serializers.CharField(max_length=1_000, trim_whitespace=False)
    code = serializers.CharField(
        max_length=32,
        default="",
        help_text="Code of the second factor, or a recovery code, if the account has one.",
    )


class TokenRequest(Credentials):
    name = serializers.CharField(max_length=100, default="API", validators=[check_name])
    scope = serializers.ChoiceField(TokenScope.choices, default=TokenScope.READ)
    expires_in_days = serializers.IntegerField(
        min_value=1, max_value=sign_in.MOST_TOKEN_DAYS, default=sign_in.DEFAULT_TOKEN_DAYS
    )


class SessionData(serializers.Serializer[object]):
    csrf_token = serializers.CharField(
        help_text="Send it as `X-CSRFToken` with every call that writes."
    )
    is_consumer = serializers.BooleanField()
    is_admin = serializers.BooleanField()


class TokenData(serializers.Serializer[object]):
    token = serializers.CharField(help_text="cmr_pat_… Shown only once.")


def check_credentials(request: Request, body: dict[str, str]) -> sign_in.Proof:
    """Return the user with these credentials. All wrong credentials get the same 401."""
    given = {name: body[name] for name in ("email", "password", "code")}
    return sign_in.check_credentials(request._request, **given)


class Session(QueryView):
    permission_classes = ()

    @extend_schema(request=Credentials, responses=SessionData, tags=[TAG], auth=[])
    def post(self, request: Request) -> Response:
        """Sign in.

        The answer sets the session cookie.
        """
        body = Credentials(data=request.data)
        body.is_valid(raise_exception=True)
        proof = check_credentials(request, body.validated_data)
        sign_in.open_session(request._request, proof)
        return Response(
            {
                "csrf_token": get_token(request._request),
                "is_consumer": hasattr(proof.user, "consumer"),
                "is_admin": proof.user.is_staff,
            }
        )


class SignOut(QueryView):
    authentication_classes = (SignedIn,)
    permission_classes = ()

    @extend_schema(request=None, responses={204: None}, tags=[TAG], auth=[])
    def post(self, request: Request) -> Response:
        """Sign out.

        Without a session, nothing happens.
        """
        logout(request._request)
        return Response(status=204)


class Tokens(QueryView):
    permission_classes = ()

    @extend_schema(request=TokenRequest, responses={201: TokenData}, tags=[TAG], auth=[])
    def post(self, request: Request) -> Response:
        """Create a token for a program, with the consumer's address and password."""
        body = TokenRequest(data=request.data)
        body.is_valid(raise_exception=True)
        user = check_credentials(request, body.validated_data).user
        if not hasattr(user, "consumer"):
            raise Problem(403, "not_a_consumer", "This account does not belong to a consumer.")
        given = body.validated_data
        token = accounts.create_token(
            user.consumer,
            name=given["name"],
            scope=given["scope"],
            days=given["expires_in_days"],
            now=timezone.now(),
        )
        return Response({"token": token}, status=201)


class CurrentToken(ConsumerView):
    needs = {"DELETE": TokenScope.READ}

    @extend_schema(responses={204: None}, tags=[TAG])
    def delete(self, request: Request) -> Response:
        """Revoke the token that this call is made with."""
        if not isinstance(request.auth, AccessToken):
            raise Problem(409, "no_token", "This call was not made with a token.")
        sign_in.revoke_token(request.auth, now=timezone.now())
        return Response(status=204)
