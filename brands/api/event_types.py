"""The catalogue of events, for programs."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from brands import event_schemas
from brands.api.pages import cut_list
from brands.api.queries import QueryView
from brands.fields import Page, list_of


class EventTypeData(serializers.Serializer[object]):
    type = serializers.CharField()
    meaning = serializers.CharField()
    schema = serializers.DictField(help_text="JSON Schema 2020-12 of a whole body.")
    example = serializers.DictField()


EventTypeList = list_of(EventTypeData)


class EventTypes(QueryView):
    permission_classes = (AllowAny,)
    knows_programs = True
    queries = {"GET": Page}

    @extend_schema(
        operation_id="event_types_list", responses=EventTypeList, auth=[], tags=["brand: changes"]
    )
    def get(self, request: Request) -> Response:
        """Every type of event and message, with its schema and an example."""
        page, cursor = cut_list(
            event_schemas.catalogue(), self.query, key=lambda each: each["type"]
        )
        return Response({"data": page, "next_cursor": cursor})
