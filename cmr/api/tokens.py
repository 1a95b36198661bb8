"""API for consumers' tokens: list, create and revoke them."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from brands.api.idempotency import repeatable
from cmr import accounts, sign_in
from cmr.api.access import FRESH_SESSION, ConsumerView
from cmr.models import AccessToken, TokenScope
from core.api import Page, StrictSerializer, answer_page, describe_list
from core.problem_details import Problem
from core.text import check_name

TAG = "consumer: sign-in"


class OwnTokenData(serializers.Serializer[object]):
    id = serializers.CharField()
    name = serializers.CharField()
    scope = serializers.ChoiceField(TokenScope.choices)
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    last_used_on = serializers.DateField(allow_null=True, help_text="Day, in UTC.")


TokenList = describe_list(OwnTokenData)


class OwnTokenRequest(StrictSerializer):
    name = serializers.CharField(max_length=100, validators=[check_name])
    scope = serializers.ChoiceField(TokenScope.choices, default=TokenScope.READ)
    expires_in_days = serializers.IntegerField(
        min_value=1, max_value=sign_in.MOST_TOKEN_DAYS, default=sign_in.DEFAULT_TOKEN_DAYS
    )


class MadeTokenData(serializers.Serializer[object]):
    token = serializers.CharField(help_text="cmr_pat_… Shown only once.")


class Tokens(ConsumerView):
    needs = {"GET": FRESH_SESSION, "POST": FRESH_SESSION}
    queries = {"GET": Page}

    @extend_schema(operation_id="me_tokens_list", responses=TokenList, tags=[TAG])
    def get(self, request: Request) -> Response:
        """List your valid tokens, newest first."""
        mine = AccessToken.objects.usable(timezone.now()).filter(consumer=self.consumer)
        return answer_page(mine, self.query, by=["-pk"], write=_data)

    @repeatable(shows_secret=True)
    @extend_schema(request=OwnTokenRequest, responses={201: MadeTokenData}, tags=[TAG])
    def post(self, request: Request) -> Response:
        """Create a token for a program.

        Your addresses are notified.
        """
        body = OwnTokenRequest(data=request.data)
        body.is_valid(raise_exception=True)
        given = body.validated_data
        text = accounts.create_token(
            self.consumer,
            name=given["name"],
            scope=given["scope"],
            days=given["expires_in_days"],
            now=timezone.now(),
        )
        return Response({"token": text}, status=201)


class OneToken(ConsumerView):
    needs = {"DELETE": FRESH_SESSION}

    @extend_schema(responses={204: None}, tags=[TAG])
    def delete(self, request: Request, token_id: int) -> Response:
        """Revoke a token."""
        token = AccessToken.objects.filter(pk=token_id, consumer=self.consumer).first()
        if token is None:
            raise Problem(404, "not_found", "No token with this id.")
        sign_in.revoke_token(token, now=timezone.now())
        return Response(status=204)


def _data(token: AccessToken) -> dict[str, Any]:
    return {
        "id": str(token.pk),
        "name": token.name,
        "scope": token.scope,
        "created_at": token.created_at,
        "expires_at": token.expires_at,
        "last_used_on": token.last_used_on,
    }
