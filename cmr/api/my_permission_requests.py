"""API with which consumers list permission requests and answer them."""

from __future__ import annotations

import uuid
from typing import Any

from django.utils import timezone
from django.utils.translation import get_language
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from brands.api.idempotency import repeatable
from brands.models import Notice
from cmr import permission_requests
from cmr.api.access import ConsumerView
from cmr.api.scopes import ScopeReader
from cmr.models import Answer, PermissionRequest, TokenScope
from consent.api import wire
from core.api import Page, StrictSerializer, cut_page, describe_list
from core.problem_details import Problem

TAG = "consumer"


class ShownData(serializers.Serializer[object]):
    name = serializers.CharField(
        help_text="The brand's name for the notice, with its version if it has one."
    )
    language = serializers.CharField(allow_null=True)
    text = serializers.CharField(
        allow_null=True, help_text="The text of the notice, in your language if available."
    )


class PermissionRequestData(serializers.Serializer[object]):
    id = serializers.UUIDField()
    brand = serializers.CharField()
    purpose = serializers.CharField()
    channel = serializers.CharField(allow_null=True)
    topic = serializers.CharField(allow_null=True)
    text = serializers.CharField(help_text="Why the brand asks, in its own words.")
    notice = ShownData(allow_null=True)
    asked_at = serializers.DateTimeField()


PermissionRequestList = describe_list(PermissionRequestData)


class AnswerRequest(StrictSerializer):
    answer = serializers.ChoiceField(
        Answer.choices, help_text="`never` is a no, and the brand may not ask for this again."
    )


class PermissionRequests(ConsumerView):
    needs = {"GET": TokenScope.READ}
    queries = {"GET": Page}

    @extend_schema(
        operation_id="me_permission_requests_list", responses=PermissionRequestList, tags=[TAG]
    )
    def get(self, request: Request) -> Response:
        """List the permission requests that wait for your answer, oldest first."""
        waiting = permission_requests.list_waiting_requests(self.consumer.subject_id)
        page, cursor = cut_page(waiting, self.query, by=["asked_at", "pk"])
        found = permission_requests.pair_with_notices(page, get_language())
        data = [_data(each, notice) for each, notice in found]
        return Response({"data": data, "next_cursor": cursor})


class OnePermissionRequest(ConsumerView):
    needs = {"POST": TokenScope.FULL}

    @repeatable()
    @extend_schema(request=AnswerRequest, responses={201: wire.EntryList}, tags=[TAG])
    def post(self, request: Request, request_id: uuid.UUID) -> Response:
        """Answer a permission request.

        The answer is recorded as a choice with exactly the scope of the request.
        """
        body = AnswerRequest(data=request.data)
        body.is_valid(raise_exception=True)
        mine = PermissionRequest.objects.filter(relationship__person=self.consumer.subject_id)
        asked = mine.select_related("relationship__brand").filter(pk=request_id).first()
        if asked is None:
            raise Problem(404, "not_found", "No permission request with this id.")
        given = Answer(body.validated_data["answer"])
        entries = permission_requests.answer_request(asked, given, by="api", now=timezone.now())
        shown = ScopeReader(self.consumer, [entry.brand_id for entry in entries])
        return Response({"data": [wire.entry_data(e, shown.of_row) for e in entries]}, status=201)


def _data(asked: PermissionRequest, notice: Notice | None) -> dict[str, Any]:
    return {
        "id": asked.pk,
        "brand": asked.relationship.brand.slug,
        "purpose": asked.purpose_id,
        "channel": asked.channel,
        "topic": asked.topic,
        "text": asked.text,
        "notice": notice_data(asked.notice, notice),
        "asked_at": asked.asked_at,
    }


def notice_data(name: str, shown: Notice | None) -> dict[str, Any] | None:
    """Return a notice as the person sees it, with its text if it has one; None without a notice."""
    if not name:
        return None
    return {
        "name": name,
        "language": shown.language if shown else None,
        "text": shown.text if shown else None,
    }
