"""API with which consumers report that a brand contacted them."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from brands.api.idempotency import repeatable
from brands.models import Channel, Purpose
from cmr.api.access import ConsumerView
from cmr.models import TokenScope
from consent import reporting
from consent.models import ContactReport, Relationship
from consent.models.contact_report import State
from core.api import Moment, Page, StrictSerializer, answer_page, describe_list
from core.problem_details import Problem


class ContactReportRequest(StrictSerializer):
    brand = serializers.CharField(max_length=100)
    purpose = serializers.CharField(max_length=40)
    channel = serializers.ChoiceField(Channel.choices)
    contacted_at = Moment(help_text="When the message arrived.")
    message = serializers.CharField(
        required=False,
        default="",
        allow_blank=True,
        max_length=10_000,
        help_text="The message. It is visible only to you, neither to the brand nor in reports.",
    )


class ContactReportData(serializers.Serializer[object]):
    id = serializers.UUIDField()
    brand = serializers.CharField()
    purpose = serializers.CharField()
    channel = serializers.ChoiceField(Channel.choices)
    contacted_at = serializers.DateTimeField()
    message = serializers.CharField()
    reported_at = serializers.DateTimeField()
    state = serializers.ChoiceField(
        State.choices,
        help_text="State of your permission when the message arrived. `allowed`: the brand was "
        "allowed to send it. `not_allowed`: it was not allowed, but you had not said "
        "no. `after_no_in_time`: after your no, while the brand still had time to "
        "apply it. `after_no_late`: after that time.",
    )
    rule = serializers.CharField(help_text="The rule that decided.")
    because = serializers.UUIDField(
        allow_null=True, help_text="The choice that decided; null if a default did."
    )
    honour_by = serializers.DateTimeField(
        allow_null=True, help_text="The time by which the brand had to apply that choice."
    )


ContactReportList = describe_list(ContactReportData)


class ContactReportsView(ConsumerView):
    needs = {"GET": TokenScope.READ, "POST": TokenScope.LESS}
    queries = {"GET": Page}

    @extend_schema(
        operation_id="me_contact_reports_list", responses=ContactReportList, tags=["consumer"]
    )
    def get(self, request: Request) -> Response:
        """List your contact reports, newest first."""
        mine = reporting.list_contact_reports(self.consumer.subject_id)
        return answer_page(mine, self.query, by=("-reported_at", "-pk"), write=_report_data)

    @repeatable()
    @extend_schema(
        request=ContactReportRequest, responses={201: ContactReportData}, tags=["consumer"]
    )
    def post(self, request: Request) -> Response:
        """Report that a brand contacted you.

        The report is assessed by the choices in force when the message arrived.
        """
        body = ContactReportRequest(data=request.data)
        body.is_valid(raise_exception=True)
        data = dict(body.validated_data)
        relationship = self._find(data.pop("brand"))
        _check_purpose(data["purpose"])
        made = reporting.report_contact(relationship, **data, now=timezone.now())
        return Response(_report_data(made), status=201)

    def _find(self, slug: str) -> Relationship:
        """Return the newest relationship with a brand, active or ended.

        Raises:
            Problem: 422 `unknown_brand`.
        """
        mine = Relationship.objects.filter(person=self.consumer.subject_id, brand__slug=slug)
        if found := mine.select_related("brand").order_by("-started_at").first():
            return found
        raise Problem(422, "unknown_brand", "No relationship with this brand.", "brand")


def _check_purpose(code: str) -> None:
    """Raise Problem if no message can have this purpose and channel."""
    found = Purpose.objects.filter(code=code).first()
    if found is None:
        raise Problem(422, "unknown_purpose", "No purpose with this code.", "purpose")
    if not found.has_channels:
        raise Problem(
            422, "channel_not_used", f"Messages cannot have the purpose {code}.", "channel"
        )


def _report_data(report: ContactReport) -> dict[str, Any]:
    return {
        "id": report.id,
        "brand": report.relationship.brand.slug,
        "purpose": report.purpose_id,
        "channel": report.channel,
        "contacted_at": report.contacted_at,
        "message": report.message,
        "reported_at": report.reported_at,
        "state": str(report.state),
        "rule": report.rule,
        "because": report.because_id,
        "honour_by": report.honour_by,
    }
