"""API for the catalogue of event types."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from brands import events
from core.api import Page, QueryView, cut_list, describe_list


class EventTypeData(serializers.Serializer[object]):
    type = serializers.CharField()
    meaning = serializers.CharField()
    schema = serializers.DictField(help_text="JSON Schema 2020-12 of the whole body.")
    example = serializers.DictField()


EventTypeList = describe_list(EventTypeData)


class EventTypes(QueryView):
    permission_classes = (AllowAny,)
    knows_programs = True
    queries = {"GET": Page}

    @extend_schema(
        operation_id="event_types_list", responses=EventTypeList, auth=[], tags=["brand: changes"]
    )
    def get(self, request: Request) -> Response:
        """List all types of events and messages, each with its schema and an example."""
        page, cursor = cut_list(
            events.build_event_catalogue(), self.query, key=lambda each: each["type"]
        )
        return Response({"data": page, "next_cursor": cursor})
