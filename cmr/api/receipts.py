"""API for receipts: a consumer's own, and the verification of any receipt."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from cmr.api.access import ConsumerView
from cmr.models import TokenScope
from consent import receipts
from consent.models import LedgerEntry
from core.api import QueryView, StrictSerializer
from core.problem_details import Problem


class ReceiptContactPoint(serializers.Serializer[object]):
    id = serializers.CharField()
    kind = serializers.CharField()
    value = serializers.CharField()


class ReceiptData(serializers.Serializer[object]):
    receipt = serializers.CharField(help_text="A compact JWS (RFC 7515), signed with Ed25519.")
    record = serializers.DictField(
        help_text="The content of the receipt: JSON-LD, ISO/IEC TS 27560, W3C DPV."
    )
    jwks_url = serializers.URLField()
    contact_point = ReceiptContactPoint(
        allow_null=True,
        help_text="The address that the entry is about, visible only to you: the receipt "
        "contains its number, never the address. Null for any address, or for one "
        "that is no longer yours.",
    )


class ReceiptRequest(StrictSerializer):
    receipt = serializers.CharField(max_length=receipts.LONGEST_RECEIPT)


class VerifiedReceipt(serializers.Serializer[object]):
    record = serializers.DictField()
    in_ledger = serializers.BooleanField(
        help_text="Whether the ledger still contains exactly this entry."
    )


class Receipt(ConsumerView):
    needs = {"GET": TokenScope.READ}

    @extend_schema(operation_id="me_history_receipt", responses=ReceiptData, tags=["consumer"])
    def get(self, request: Request, entry_id: uuid.UUID) -> Response:
        """Retrieve the signed receipt of one entry.

        The receipt of an entry never changes.
        """
        mine = LedgerEntry.objects.of_person(self.consumer.subject_id)
        entry = mine.select_related("brand", "purpose").filter(pk=entry_id).first()
        if entry is None:
            raise Problem(404, "not_found", "No change of yours has this id.")
        controls_at = f"{settings.PUBLIC_URL}/"
        text = receipts.issue_receipt(entry, controls_at=controls_at)
        return Response(
            {
                "receipt": text,
                "record": receipts.build_record(entry, controls_at=controls_at),
                "jwks_url": f"{settings.PUBLIC_URL}{reverse('jwks')}",
                "contact_point": self._find_contact_point(entry),
            }
        )

    def _find_contact_point(self, entry: LedgerEntry) -> dict[str, str] | None:
        mine = self.consumer.contact_points.filter(identifier=entry.contact_point_id)
        if entry.contact_point_id is None or (point := mine.first()) is None:
            return None
        return {"id": str(point.pk), "kind": point.kind, "value": point.value}


class Verification(QueryView):
    permission_classes = ()

    @extend_schema(request=ReceiptRequest, responses=VerifiedReceipt, tags=["receipts"], auth=[])
    def post(self, request: Request) -> Response:
        """Verify that a receipt is ours and unaltered.

        No authentication required.
        """
        body = ReceiptRequest(data=request.data)
        body.is_valid(raise_exception=True)
        record = receipts.verify_receipt(body.validated_data["receipt"])
        return Response({"record": record, "in_ledger": receipts.is_record_in_ledger(record)})
