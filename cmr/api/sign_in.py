"""Coming in: a session for browsers, a token for programs."""

from __future__ import annotations

from allauth.mfa.utils import is_mfa_enabled
from django.contrib.auth import authenticate, login, logout
from django.middleware.csrf import get_token
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import Throttled
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from brands.api.access import SignedIn
from brands.wire import Problem, StrictSerializer
from cmr import guessing, tokens
from cmr.api.access import ConsumerView
from cmr.models import AccessToken, User

TAG = "consumer: sign-in"


class Credentials(StrictSerializer):
    email = serializers.CharField(max_length=320)
    password = serializers.CharField(max_length=1_000, trim_whitespace=False)


class TokenRequest(Credentials):
    name = serializers.CharField(max_length=100, default="API")


class SessionData(serializers.Serializer[object]):
    csrf_token = serializers.CharField(help_text="Send it as X-CSRFToken with whatever writes.")
    is_consumer = serializers.BooleanField()
    is_admin = serializers.BooleanField()


class TokenData(serializers.Serializer[object]):
    token = serializers.CharField(help_text="cmr_pat_… Shown this once.")


def user_of(request: Request, credentials: dict[str, str]) -> User:
    """The user whose credentials these are; raises one and the same 401 for all that are wrong."""
    email, password = credentials["email"], credentials["password"]
    try:
        guessing.count(email, request._request)
    except guessing.TooManyTries as error:
        raise Throttled(error.wait) from error
    user = authenticate(request._request, username=email, password=password)
    if not isinstance(user, User):
        raise Problem(401, "wrong_credentials", "The address or the password is wrong.")
    if is_mfa_enabled(user):
        say = "Sign in on the pages, with your second factor; a token for a program is made there."
        raise Problem(403, "second_factor_required", say)
    return user


class Session(APIView):
    permission_classes = ()

    @extend_schema(request=Credentials, responses=SessionData, tags=[TAG], auth=[])
    def post(self, request: Request) -> Response:
        """Sign in; the answer sets the session's cookie."""
        body = Credentials(data=request.data)
        body.is_valid(raise_exception=True)
        user = user_of(request, body.validated_data)
        login(request._request, user)
        return Response(
            {
                "csrf_token": get_token(request._request),
                "is_consumer": hasattr(user, "consumer"),
                "is_admin": user.is_staff,
            }
        )


class SignOut(APIView):
    authentication_classes = (SignedIn,)
    permission_classes = ()

    @extend_schema(request=None, responses={204: None}, tags=[TAG], auth=[])
    def post(self, request: Request) -> Response:
        """Sign out; nobody being signed in is no mistake."""
        logout(request._request)
        return Response(status=204)


class Tokens(APIView):
    permission_classes = ()

    @extend_schema(request=TokenRequest, responses={201: TokenData}, tags=[TAG], auth=[])
    def post(self, request: Request) -> Response:
        """Get a token for a program, with the consumer's address and password."""
        body = TokenRequest(data=request.data)
        body.is_valid(raise_exception=True)
        user = user_of(request, body.validated_data)
        if not hasattr(user, "consumer"):
            raise Problem(403, "not_a_consumer", "This account is not a consumer's.")
        token = tokens.issue(user.consumer, name=body.validated_data["name"])
        return Response({"token": token}, status=201)


class CurrentToken(ConsumerView):
    @extend_schema(responses={204: None}, tags=[TAG])
    def delete(self, request: Request) -> Response:
        """Revoke the token this call is made with."""
        if not isinstance(request.auth, AccessToken):
            raise Problem(409, "no_token", "This call was not made with a token.")
        tokens.revoke(request.auth, now=timezone.now())
        return Response(status=204)
