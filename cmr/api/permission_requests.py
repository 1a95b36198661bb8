"""API with which brands ask people for permission, and read the answers."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from brands import workspaces
from brands.api.access import BrandView
from brands.api.idempotency import repeatable
from cmr import permission_requests
from cmr.models import Answer, PermissionRequest
from cmr.permission_requests import RequestedPermission
from consent.api import wire
from core.api import Page, answer_page, describe_list
from core.problem_details import Problem
from core.text import has_address, holds_address

TAG = "brand: permission requests"


class AskRequest(wire.Matter):
    contact = wire.ContactField()
    text = serializers.CharField(
        max_length=500,
        help_text="Why you ask. The person will read it. It must not contain addresses.",
    )
    notice = serializers.CharField(
        required=False,
        max_length=100,
        help_text="The notice that the person reads with the request: the code of one of your "
        "notices, stored with its current version as `newsletter@3`, or such a "
        "version.",
    )
    evidence = serializers.CharField(
        required=False,
        max_length=300,
        help_text="What the person did to be asked by mail, such as filling in a form. With it, "
        "and an `email` as the contact, they get a mail to confirm (double opt-in). "
        "Without it they are asked only in the portal.",
    )
    language = serializers.ChoiceField(
        [code for code, _ in settings.LANGUAGES], required=False, help_text="Language of the mail."
    )

    default_error_messages = {
        "no_addresses": "Leave web addresses out: the person gets a link from us.",
    }

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        for name in ("text", "evidence"):
            text = attrs.get(name, "")
            if has_address(text, own=self.context["domain"]) or holds_address(text):
                self.refuse(name, "no_addresses")
        return attrs


class AskedData(serializers.Serializer[object]):
    id = serializers.UUIDField()
    subject = wire.SubjectData()
    purpose = serializers.CharField()
    channel = serializers.CharField(allow_null=True)
    topic = serializers.CharField(allow_null=True)
    text = serializers.CharField()
    notice = serializers.CharField(allow_null=True)
    asked_at = serializers.DateTimeField()
    answered_at = serializers.DateTimeField(allow_null=True)
    answer = serializers.ChoiceField(Answer.choices, allow_null=True)


AskedList = describe_list(AskedData)


class PermissionRequests(BrandView):
    scope = "ask"
    queries = {"GET": Page}

    @extend_schema(operation_id="permission_requests_list", responses=AskedList, tags=[TAG])
    def get(self, request: Request) -> Response:
        """List your permission requests, newest first."""
        return answer_page(
            permission_requests.list_requests(self.brand), self.query, by=["-pk"], write=_data
        )

    @repeatable()
    @extend_schema(request=AskRequest, responses={201: AskedData}, tags=[TAG])
    def post(self, request: Request) -> Response:
        """Ask a person for permission.

        The person answers in the portal, or by the link of a mail. A request is refused (409) and
        counted if the same one is pending, if too many are pending, within 180 days of a no, or
        after "never".
        """
        domain = workspaces.find_proven_domain(self.brand)
        body = AskRequest(data=request.data, context={"domain": domain})
        body.is_valid(raise_exception=True)
        said = body.validated_data
        parts = ("purpose", "channel", "topic", "text", "notice", "evidence")
        given = {"channel": None, "topic": None} | {k: said[k] for k in parts if k in said}
        asked = permission_requests.ask_with_confirmation(
            self.brand,
            wire.build_contact(said["contact"], self.brand.namespace),
            RequestedPermission(**given),
            language=said.get("language") or settings.LANGUAGE_CODE,
            now=timezone.now(),
        )
        return Response(_data(asked), status=201)


class OnePermissionRequest(BrandView):
    scope = "ask"

    @extend_schema(operation_id="permission_requests_retrieve", responses=AskedData, tags=[TAG])
    def get(self, request: Request, request_id: uuid.UUID) -> Response:
        """Retrieve a permission request with its answer."""
        asked = permission_requests.list_requests(self.brand).filter(pk=request_id).first()
        if asked is None:
            raise Problem(404, "not_found", "No permission request with this id.")
        return Response(_data(asked))


def _data(asked: PermissionRequest) -> dict[str, Any]:
    relationship = asked.relationship
    return {
        "id": asked.pk,
        "subject": {"id": relationship.pk, "ref": relationship.ref},
        "purpose": asked.purpose_id,
        "channel": asked.channel,
        "topic": asked.topic,
        "text": asked.text,
        "notice": asked.notice or None,
        "asked_at": asked.asked_at,
        "answered_at": asked.answered_at,
        "answer": asked.answer or None,
    }
