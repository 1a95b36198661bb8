"""Reports as JSON: all of them for admins by session, a brand's own by its key."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.permissions import IsAdminUser
from rest_framework.request import Request
from rest_framework.response import Response

from brands.api.access import BrandView, SignedIn
from consent import reporting
from consent.reporting import (
    DEFAULT_REPORT_DAYS,
    REPORT_FILTERS,
    REPORTS,
    Report,
    build_named_report,
)
from core.api import QueryView, StrictSerializer


class CardData(serializers.Serializer[object]):
    name = serializers.CharField()
    kind = serializers.CharField()
    value = serializers.FloatField(allow_null=True)
    before = serializers.FloatField(allow_null=True, help_text="The value in the previous period.")
    formula = serializers.CharField()


class ColumnData(serializers.Serializer[object]):
    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    kind = serializers.CharField(
        help_text="A `share` is a number from 0 to 1, `seconds` a duration."
    )


class WithheldData(serializers.Serializer[object]):
    row = serializers.IntegerField()
    column = serializers.CharField()


class FigureData(serializers.Serializer[object]):
    name = serializers.CharField()
    title = serializers.CharField()
    notes = serializers.ListField(
        child=serializers.CharField(), help_text="Notes, with the formula of each number."
    )
    columns = ColumnData(many=True)
    data = serializers.ListField(  # type: ignore[assignment]
        child=serializers.DictField(),
        help_text="Rows as objects by column name; null means unknown.",
    )
    withheld = WithheldData(
        many=True,
        help_text="Suppressed values: they are null because they describe too few people.",
    )


class ReportData(serializers.Serializer[object]):
    report = serializers.CharField()
    title = serializers.CharField()
    first = serializers.DateField()
    last = serializers.DateField()
    as_of = serializers.DateTimeField(allow_null=True)
    cards = CardData(many=True)
    figures = FigureData(many=True)


@extend_schema_field({"type": "string", "format": "date"})
class DayText(serializers.CharField):
    """A date that the report parses."""


class AdminQuery(StrictSerializer):
    first = DayText(required=False, help_text="First day, in UTC.")
    last = DayText(required=False, help_text="Last day, in UTC. Default: today.")
    days = serializers.CharField(
        required=False, help_text=f"Number of days up to today. Default: {DEFAULT_REPORT_DAYS}."
    )
    by = serializers.CharField(
        required=False,
        help_text="One or two dimensions, separated by a comma: day, brand, channel …",
    )
    sort = serializers.CharField(
        required=False, help_text="Count or rate to sort by, highest first."
    )

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        said = 'Values separated by commas; `-` stands for "any" or "not given".'
        filters = {
            name: serializers.CharField(required=False, help_text=said) for name in REPORT_FILTERS
        }
        return super().get_fields() | filters


class OwnQuery(StrictSerializer):
    weeks = serializers.ChoiceField(list(reporting.WEEK_PRESETS), default=reporting.DEFAULT_WEEKS)


class AdminReport(QueryView):
    authentication_classes = (SignedIn,)
    permission_classes = (IsAdminUser,)
    queries = {"GET": AdminQuery}

    @extend_schema(
        operation_id="report_retrieve",
        parameters=[
            OpenApiParameter("name", str, OpenApiParameter.PATH, enum=list(REPORTS)),
        ],
        responses=ReportData,
        tags=["admin"],
    )
    def get(self, request: Request, name: str) -> Response:
        """Retrieve a report.

        It has the same numbers as the report's page.
        """
        asked, report = build_named_report(name, self.query, today=timezone.now().date())
        return Response(_data(name, report, asked.period.first, asked.period.last))


class OwnReport(BrandView):
    scope = "reports"
    queries = {"GET": OwnQuery}

    @extend_schema(
        operation_id="own_report_retrieve", responses=ReportData, tags=["brand: reports"]
    )
    def get(self, request: Request) -> Response:
        """Retrieve your own numbers and those of your sector, in whole weeks.

        Numbers that describe too few people are suppressed.
        """
        span = reporting.list_whole_weeks(self.query["weeks"], today=timezone.now().date())
        report = reporting.build_own_report(self.brand, span)
        return Response(_data("own", report, span[0].first, span[-1].last))


def _data(name: str, report: Report, first: object, last: object) -> dict[str, Any]:
    return {
        "report": name,
        "title": report.title,
        "first": first,
        "last": last,
        "as_of": report.as_of,
        "cards": [
            {
                "name": each.label,
                "kind": each.sort,
                "value": each.value,
                "before": each.before,
                "formula": each.formula,
            }
            for each in report.cards
        ],
        "figures": [figure.as_data() for figure in report.figures],
    }
