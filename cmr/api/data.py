"""All that is kept about the person, in one answer."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from cmr import export
from cmr.api.access import ConsumerView

ROWS = serializers.ListField(child=serializers.DictField())


class ExportData(serializers.Serializer[object]):
    account = ROWS
    contact_points = ROWS
    relationships = ROWS
    standing = ROWS
    history = ROWS
    contacts = ROWS
    permission_requests = ROWS
    contact_reports = ROWS
    access_tokens = ROWS


class Export(ConsumerView):
    @extend_schema(responses=ExportData, tags=["consumer"])
    def get(self, request: Request) -> Response:
        """Everything, as tables; times are in UTC."""
        return Response(export.tables(self.consumer))
