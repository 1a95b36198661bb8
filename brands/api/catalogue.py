"""What can be asked about: purposes with their regimes, and the brand's topics."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from brands.api.access import BrandView
from brands.models import Channel, Purpose, Regime, Topic
from brands.wire import list_of

TAG = "brand: catalogue"


class JurisdictionRegimeData(serializers.Serializer[object]):
    jurisdiction = serializers.CharField(help_text="ISO 3166-1 alpha-2 or ISO 3166-2.")
    channel = serializers.ChoiceField(Channel.choices, allow_null=True, help_text="Null is any.")
    regime = serializers.ChoiceField(Regime.choices)
    law = serializers.CharField()


class PurposeData(serializers.Serializer[object]):
    code = serializers.CharField()
    name = serializers.CharField()
    description = serializers.CharField()
    regime = serializers.ChoiceField(Regime.choices)
    regimes = JurisdictionRegimeData(
        many=True, help_text="Where another one holds; the narrowest counts, place before channel."
    )
    dpv = serializers.CharField(help_text="The term of the W3C Data Privacy Vocabulary.")
    channels = serializers.ListField(child=serializers.ChoiceField(Channel.choices))


PurposeList = list_of(PurposeData)


class TopicData(serializers.Serializer[object]):
    code = serializers.CharField()
    name = serializers.CharField()
    purpose = serializers.CharField()


TopicList = list_of(TopicData)


class Purposes(BrandView):
    scope = "check"

    @extend_schema(responses=PurposeList, tags=[TAG])
    def get(self, request: Request) -> Response:
        """Every purpose, and what holds while a person has said nothing."""
        purposes = Purpose.objects.order_by("position").prefetch_related("regimes")
        data = [
            {
                "code": purpose.code,
                "name": purpose.name,
                "description": purpose.description,
                "regime": purpose.regime,
                "regimes": _regimes_of(purpose),
                "dpv": purpose.dpv,
                "channels": Channel.values if purpose.has_channels else [],
            }
            for purpose in purposes
        ]
        return Response({"data": data, "next_cursor": None})


def _regimes_of(purpose: Purpose) -> list[dict[str, Any]]:
    """The deviating ones; of a required purpose none, for no row counts there."""
    if purpose.regime == Regime.REQUIRED:
        return []
    rows = sorted(purpose.regimes.all(), key=lambda row: (row.jurisdiction, row.channel or ""))
    return [
        {
            "jurisdiction": row.jurisdiction,
            "channel": row.channel,
            "regime": row.regime,
            "law": row.law,
        }
        for row in rows
    ]


class Topics(BrandView):
    scope = "check"

    @extend_schema(responses=TopicList, tags=[TAG])
    def get(self, request: Request) -> Response:
        """Your own lists and themes."""
        topics = Topic.objects.filter(brand=self.brand).order_by("code")
        data = [{"code": t.code, "name": t.name, "purpose": t.purpose_id} for t in topics]
        return Response({"data": data, "next_cursor": None})
