"""API for sends: check and count a message in one call."""

from __future__ import annotations

import uuid
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from brands.api.access import BrandView
from brands.api.idempotency import KEY, MOST, REPLAYED
from consent.api import checks, wire
from consent.api.decisions import DecisionData, decision_data
from consent.checks import Asked, cancel_send, reserve_send
from core.api import NamingField

TAG = "brand: checks"


class ReserveRequest(checks.QuestionRequest):
    campaign = NamingField(
        max_length=100,
        required=False,
        allow_blank=True,
        help_text="Your own name for the campaign.",
    )


class ReservationData(DecisionData):
    reserved = serializers.BooleanField(
        help_text="Send the message only if this is true. When you repeat an `Idempotency-Key`, "
        "`allowed` must be true, too."
    )
    send = serializers.UUIDField(allow_null=True)


class Headers(serializers.Serializer[Any]):
    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        return {KEY: serializers.CharField(required=False, max_length=MOST)}


class Reserve(BrandView):
    scope = "check"

    @extend_schema(
        request=ReserveRequest,
        parameters=[
            OpenApiParameter(
                KEY,
                {"type": "string", "minLength": 1, "maxLength": MOST},
                OpenApiParameter.HEADER,
                description="A repeat with the same key returns the same send, counted only once.",
            )
        ],
        responses={200: ReservationData, 201: ReservationData},
        tags=[TAG],
    )
    def post(self, request: Request) -> Response:
        """Check whether you may send a message now, and count it against the person's limits.

        If it is allowed, the send is counted (201). Otherwise `reserved` is false (200).
        """
        body = ReserveRequest(data=request.data)
        body.is_valid(raise_exception=True)
        headers = Headers(data=request.headers)
        headers.is_valid(raise_exception=True)
        data = body.validated_data
        campaign = data.pop("campaign", "")
        data["contact"] = wire.build_contact(data["contact"], self.brand.namespace)
        made = reserve_send(
            Asked(self.brand.pk, **data),
            now=timezone.now(),
            campaign=campaign,
            key=headers.validated_data.get(KEY),
        )
        answer = {"reserved": made.send is not None, "send": made.send}
        answer |= decision_data(made.decision, slug=self.brand.slug)
        is_repeat = made.send is not None and not made.is_new
        replayed = {REPLAYED: "true"} if is_repeat else None
        return Response(answer, status=201 if made.is_new else 200, headers=replayed)


class OneSend(BrandView):
    scope = "check"

    @extend_schema(responses={204: None}, tags=[TAG])
    def delete(self, request: Request, send_id: uuid.UUID) -> Response:
        """Cancel a send that did not take place.

        It no longer counts against limits.
        """
        cancel_send(self.brand.pk, send_id, now=timezone.now())
        return Response(status=204)
