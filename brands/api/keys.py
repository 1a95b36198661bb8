"""API keys of a brand: list, create, rotate and revoke."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from brands import credentials
from brands.api.access import BrandView
from brands.api.idempotency import repeatable
from brands.models import BrandKey
from core.api import Moment, Page, StrictSerializer, answer_page, describe_list
from core.problem_details import Problem
from core.text import check_name

TAG = "brand: keys"
MODES = ["test", "live"]
#: Maximum number of hours for which a replaced key remains valid.
LONGEST_OVERLAP = 24 * 30


class KeyData(serializers.Serializer[object]):
    id = serializers.IntegerField()
    name = serializers.CharField()
    prefix = serializers.CharField(help_text="The public part of the key.")
    mode = serializers.ChoiceField(MODES)
    scopes = serializers.ListField(child=serializers.ChoiceField(list(credentials.KEY_SCOPES)))
    created_at = serializers.DateTimeField()
    last_used_on = serializers.DateField(allow_null=True, help_text="Day of the last use, in UTC.")
    expires_at = serializers.DateTimeField(allow_null=True)
    revoked_at = serializers.DateTimeField(allow_null=True)


class BrandName(serializers.Serializer[object]):
    slug = serializers.CharField()
    name = serializers.CharField()


class CurrentKeyData(KeyData):
    brand = BrandName()


class NewKeyData(KeyData):
    key = serializers.CharField(help_text="Shown only once.")


KeyList = describe_list(KeyData)


class KeyRequest(StrictSerializer):
    name = serializers.CharField(
        max_length=100, help_text="Your note on what the key is for.", validators=[check_name]
    )
    scopes = serializers.ListField(
        child=serializers.ChoiceField(list(credentials.KEY_SCOPES)),
        allow_empty=False,
        max_length=len(credentials.KEY_SCOPES),
        help_text="Scopes of the new key. The calling key must have all of them.",
    )
    expires_at = Moment(required=False, allow_null=True)


class RotateRequest(StrictSerializer):
    hours = serializers.IntegerField(
        default=24,
        min_value=0,
        max_value=LONGEST_OVERLAP,
        help_text="Hours for which the old key remains valid.",
    )


class AnyKey(BasePermission):
    def has_permission(self, request: Request, view: APIView) -> bool:
        return isinstance(request.auth, BrandKey)


class CurrentKey(BrandView):
    permission_classes = (AnyKey,)

    @extend_schema(operation_id="keys_current", responses=CurrentKeyData, tags=[TAG])
    def get(self, request: Request) -> Response:
        """Retrieve the key that this call is made with: its brand, mode and scopes."""
        key = BrandKey.objects.get(pk=request.auth.pk)
        brand = {"slug": self.brand.slug, "name": self.brand.name}
        return Response(_data(key, test=self.brand.test) | {"brand": brand})


class KeysView(BrandView):
    scope = "keys"

    def find(self, key_id: int) -> BrandKey:
        for key in BrandKey.objects.filter(brand=self.brand, pk=key_id):
            return key
        raise Problem(404, "not_found", "No key with this id.")

    def check_scopes(self, wanted: list[str]) -> None:
        """Check that the calling key has *scopes*: a key cannot create or rotate a stronger one."""
        key = self.request.auth
        assert isinstance(key, BrandKey)
        if beyond := sorted(set(wanted) - set(key.scopes)):
            detail = f"This key cannot grant scopes that it lacks: {', '.join(beyond)}."
            raise Problem(403, "missing_scope", detail, "scopes")

    def answer_new_key(self, text: str) -> Response:
        row = BrandKey.objects.get(prefix=credentials.read_key_prefix(text))
        return Response(_data(row, test=self.brand.test) | {"key": text}, status=201)


class Keys(KeysView):
    queries = {"GET": Page}

    @extend_schema(responses=KeyList, tags=[TAG])
    def get(self, request: Request) -> Response:
        """List your keys, newest first, including revoked ones."""
        rows = BrandKey.objects.filter(brand=self.brand)
        write = partial(_data, test=self.brand.test)
        return answer_page(rows, self.query, by=["-pk"], write=write)

    @repeatable(shows_secret=True)
    @extend_schema(request=KeyRequest, responses={201: NewKeyData}, tags=[TAG])
    def post(self, request: Request) -> Response:
        """Create a key in the mode of the calling key.

        The text of the key is shown only once.
        """
        body = KeyRequest(data=request.data)
        body.is_valid(raise_exception=True)
        data = body.validated_data
        self.check_scopes(data["scopes"])
        if (ends := data.get("expires_at")) and ends <= timezone.now():
            raise Problem(422, "past", "This must be in the future.", "expires_at")
        return self.answer_new_key(credentials.issue_key(self.brand, **data))


class OneKey(KeysView):
    @extend_schema(responses={204: None}, tags=[TAG])
    def delete(self, request: Request, key_id: int) -> Response:
        """Revoke a key.

        It stops working at once.
        """
        credentials.revoke_key(self.find(key_id), now=timezone.now())
        return Response(status=204)


class Rotation(KeysView):
    @repeatable(shows_secret=True)
    @extend_schema(request=RotateRequest, responses={201: NewKeyData}, tags=[TAG])
    def post(self, request: Request, key_id: int) -> Response:
        """Replace a key with a new one.

        The old key keeps working for the given number of hours.
        """
        body = RotateRequest(data=request.data)
        body.is_valid(raise_exception=True)
        old = self.find(key_id)
        self.check_scopes(old.scopes)
        overlap = timedelta(hours=body.validated_data["hours"])
        return self.answer_new_key(credentials.rotate_key(old, overlap=overlap, now=timezone.now()))


def _data(key: BrandKey, *, test: bool) -> dict[str, Any]:
    return {
        "id": key.pk,
        "name": key.name,
        "prefix": key.prefix,
        "mode": "test" if test else "live",
        "scopes": key.scopes,
        "created_at": key.created_at,
        "last_used_on": key.last_used_on,
        "expires_at": key.expires_at,
        "revoked_at": key.revoked_at,
    }
