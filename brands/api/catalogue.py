"""What can be asked about: purposes with their regimes, and the brand's topics."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from brands.api.access import BrandView
from brands.models import Channel, Purpose, Regime, Topic
from brands.wire import list_of

TAG = "brand: catalogue"


class PurposeData(serializers.Serializer[object]):
    code = serializers.CharField()
    name = serializers.CharField()
    description = serializers.CharField()
    regime = serializers.ChoiceField(Regime.choices)
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
        purposes = Purpose.objects.order_by("position")
        data = [
            {
                "code": purpose.code,
                "name": purpose.name,
                "description": purpose.description,
                "regime": purpose.regime,
                "dpv": purpose.dpv,
                "channels": Channel.values if purpose.has_channels else [],
            }
            for purpose in purposes
        ]
        return Response({"data": data, "next_cursor": None})


class Topics(BrandView):
    scope = "check"

    @extend_schema(responses=TopicList, tags=[TAG])
    def get(self, request: Request) -> Response:
        """Your own lists and themes."""
        topics = Topic.objects.filter(brand=self.brand).order_by("code")
        data = [{"code": t.code, "name": t.name, "purpose": t.purpose_id} for t in topics]
        return Response({"data": data, "next_cursor": None})
