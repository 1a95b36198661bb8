"""API for the propagation of a choice to each brand."""

from __future__ import annotations

import uuid
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from cmr.api.access import ConsumerView
from cmr.models import TokenScope
from consent import propagation
from consent.models import LedgerEntry
from consent.propagation import BrandStatus
from core.api import Page, cut_list, describe_list
from core.problem_details import Problem

STATES = ["not_connected", "recorded", "delivered", "applied", "overdue"]


class FateData(serializers.Serializer[object]):
    brand = serializers.CharField()
    name = serializers.CharField()
    state = serializers.ChoiceField(
        STATES,
        help_text="`not_connected`: the brand is only listed, and nobody there receives the "
        "change.",
    )
    recorded_at = serializers.DateTimeField()
    delivered_at = serializers.DateTimeField(allow_null=True)
    applied_at = serializers.DateTimeField(
        allow_null=True, help_text="When the brand confirmed that it had applied the change."
    )
    honour_by = serializers.DateTimeField(
        allow_null=True,
        help_text="The change is overdue after this time. Null if the change restricts nothing, "
        "or if the brand is not connected.",
    )


FateList = describe_list(FateData)


class Propagation(ConsumerView):
    needs = {"GET": TokenScope.READ}
    queries = {"GET": Page}

    @extend_schema(operation_id="me_history_propagation", responses=FateList, tags=["consumer"])
    def get(self, request: Request, entry_id: uuid.UUID) -> Response:
        """Retrieve the progress of one change, brand by brand."""
        mine = LedgerEntry.objects.of_person(self.consumer.subject_id).filter(pk=entry_id)
        if (entry := mine.first()) is None:
            raise Problem(404, "not_found", "No change of yours has this id.")
        now = timezone.now()
        fates, cursor = cut_list(
            propagation.list_brand_statuses(entry, now=now), self.query, key=_by_name
        )
        data = [_status_data(fate) | {"state": fate.state(now)} for fate in fates]
        return Response({"data": data, "next_cursor": cursor})


def _by_name(fate: BrandStatus) -> str:
    return f"{fate.brand.name}\n{fate.brand.slug}"


def _status_data(fate: BrandStatus) -> dict[str, Any]:
    return {
        "brand": fate.brand.slug,
        "name": fate.brand.name,
        "recorded_at": fate.recorded_at,
        "delivered_at": fate.delivered_at,
        "applied_at": fate.applied_at,
        "honour_by": fate.honour_by,
    }
