"""The catalogue of events, for programs."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from brands import event_schemas
from brands.wire import list_of


class EventTypeData(serializers.Serializer[object]):
    type = serializers.CharField()
    meaning = serializers.CharField()
    schema = serializers.DictField(help_text="JSON Schema 2020-12 of a whole body.")
    example = serializers.DictField()


EventTypeList = list_of(EventTypeData)


class EventTypes(APIView):
    permission_classes = (AllowAny,)
    knows_programs = True

    @extend_schema(
        operation_id="event_types_list", responses=EventTypeList, auth=[], tags=["brand: changes"]
    )
    def get(self, request: Request) -> Response:
        """Every type of event and message, with its schema and an example."""
        return Response({"data": event_schemas.catalogue(), "next_cursor": None})
