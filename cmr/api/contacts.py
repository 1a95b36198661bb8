"""API for consumers' contact points: list, add, verify, remove and restore them."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from brands.api.idempotency import repeatable
from cmr import accounts, messages
from cmr.api.access import FRESH_SESSION, ConsumerView
from cmr.models import ContactKind, ContactPoint, PendingContact, RemovedAddress, TokenScope
from consent import identity
from core.api import Page, StrictSerializer, answer_page, describe_list
from core.errors import report_field
from core.problem_details import Problem

TAG = "consumer"


class ContactPointData(serializers.Serializer[object]):
    id = serializers.CharField(help_text="Scopes refer to it as `contact_point`.")
    kind = serializers.ChoiceField(ContactKind.choices)
    value = serializers.CharField()
    verified_at = serializers.DateTimeField()


ContactPointList = describe_list(ContactPointData)


class NewContactRequest(StrictSerializer):
    kind = serializers.ChoiceField(ContactKind.choices)
    value = serializers.CharField(max_length=320)


class PendingContactData(serializers.Serializer[object]):
    id = serializers.CharField()
    kind = serializers.ChoiceField(ContactKind.choices)
    value = serializers.CharField()
    expires_at = serializers.DateTimeField(help_text="The code is valid until then.")


class RemovedData(serializers.Serializer[object]):
    id = serializers.CharField()
    kind = serializers.ChoiceField(ContactKind.choices)
    value = serializers.CharField()
    removed_at = serializers.DateTimeField()
    until = serializers.DateTimeField(help_text="You can restore it until then.")


RemovedList = describe_list(RemovedData)


class CodeRequest(StrictSerializer):
    code = serializers.CharField(max_length=20)


class ContactPoints(ConsumerView):
    needs = {"GET": TokenScope.READ, "POST": FRESH_SESSION}
    queries = {"GET": Page}

    @extend_schema(operation_id="me_contact_points_list", responses=ContactPointList, tags=[TAG])
    def get(self, request: Request) -> Response:
        """List your verified addresses and numbers."""
        mine = self.consumer.contact_points.all()
        return answer_page(mine, self.query, by=["pk"], write=_data)

    @repeatable(in_transaction=False)
    @extend_schema(request=NewContactRequest, responses={202: PendingContactData}, tags=[TAG])
    def post(self, request: Request) -> Response:
        """Add an address or number.

        A code is sent to it. The address becomes yours when you send the code to `verify`.
        """
        body = NewContactRequest(data=request.data)
        body.is_valid(raise_exception=True)
        kind, value = body.validated_data["kind"], body.validated_data["value"]
        with report_field("value", identity.InvalidAddress, messages.CannotReach):
            pending = accounts.begin_proof(self.consumer, kind=kind, text=value, now=timezone.now())
        return Response(_pending_data(pending), status=202)


class ContactPointVerification(ConsumerView):
    needs = {"POST": FRESH_SESSION}

    @repeatable(in_transaction=False)
    @extend_schema(request=CodeRequest, responses={201: ContactPointData}, tags=[TAG])
    def post(self, request: Request, pending_id: int) -> Response:
        """Verify an address or number with its code.

        If two of your addresses had different choices, the stricter ones apply.
        """
        body = CodeRequest(data=request.data)
        body.is_valid(raise_exception=True)
        pending = PendingContact.objects.filter(pk=pending_id, consumer=self.consumer).first()
        if pending is None:
            raise Problem(404, "not_found", "No pending code with this id.")
        point = accounts.prove_contact(pending, body.validated_data["code"], now=timezone.now())
        return Response(_data(point), status=201)


class OneContactPoint(ConsumerView):
    needs = {"DELETE": FRESH_SESSION}

    @extend_schema(responses={204: None}, tags=[TAG])
    def delete(self, request: Request, point_id: int) -> Response:
        """Remove an address or number.

        Choices about it remain in force. You can restore it within seven days.
        """
        point = ContactPoint.objects.filter(pk=point_id, consumer=self.consumer).first()
        if point is None:
            raise Problem(404, "not_found", "No contact point with this id.")
        accounts.remove_address(point, now=timezone.now())
        return Response(status=204)


class RemovedContactPoints(ConsumerView):
    needs = {"GET": TokenScope.READ}
    queries = {"GET": Page}

    @extend_schema(operation_id="me_removed_contact_points_list", responses=RemovedList, tags=[TAG])
    def get(self, request: Request) -> Response:
        """List the addresses and numbers that you removed and can still restore."""
        mine = RemovedAddress.objects.held(timezone.now()).filter(consumer=self.consumer)
        return answer_page(mine, self.query, by=["pk"], write=_removed_data)


class Restoration(ConsumerView):
    needs = {"POST": FRESH_SESSION}

    @repeatable()
    @extend_schema(request=None, responses={201: ContactPointData}, tags=[TAG])
    def post(self, request: Request, removed_id: int) -> Response:
        """Restore an address or number that you removed.

        It may get another id.
        """
        removed = RemovedAddress.objects.filter(pk=removed_id, consumer=self.consumer).first()
        if removed is None:
            raise accounts.NotHeld
        point = accounts.restore_address(removed, now=timezone.now())
        return Response(_data(point), status=201)


def _data(point: ContactPoint) -> dict[str, Any]:
    return {
        "id": str(point.pk),
        "kind": point.kind,
        "value": point.value,
        "verified_at": point.verified_at,
    }


def _removed_data(removed: RemovedAddress) -> dict[str, Any]:
    return {
        "id": str(removed.pk),
        "kind": removed.kind,
        "value": removed.value,
        "removed_at": removed.removed_at,
        "until": removed.until,
    }


def _pending_data(pending: PendingContact) -> dict[str, Any]:
    return {
        "id": str(pending.pk),
        "kind": pending.kind,
        "value": pending.value,
        "expires_at": pending.sent_at + accounts.CODE_LIFETIME,
    }
