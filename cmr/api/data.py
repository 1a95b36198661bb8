"""API for the export of everything that is stored about a person."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from cmr import personal_data
from cmr.api.access import ConsumerView
from cmr.models import TokenScope


def rows() -> serializers.ListField:
    """Return a serializer field for a table; each field needs an instance of its own."""
    return serializers.ListField(child=serializers.DictField())


class ExportData(serializers.Serializer[object]):
    account = rows()
    contact_points = rows()
    removed_contact_points = rows()
    pending_contact_points = rows()
    past_profiles = rows()
    relationships = rows()
    past_relationships = rows()
    standing = rows()
    history = rows()
    contacts = rows()
    permission_requests = rows()
    contact_reports = rows()
    access_tokens = rows()
    second_factors = rows()
    sessions = rows()
    workspaces = rows()
    senders = rows()
    sender_weeks = rows()
    mail_addresses = rows()
    mailbox_scans = rows()
    forwarding_addresses = rows()


class Export(ConsumerView):
    needs = {"GET": TokenScope.READ}

    @extend_schema(responses=ExportData, tags=["consumer"])
    def get(self, request: Request) -> Response:
        """Export everything that is stored about you, as tables.

        Times are in UTC.
        """
        return Response(personal_data.build_export_tables(self.consumer))
