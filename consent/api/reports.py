"""The admin's reports as JSON."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import IsAdminUser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from brands.api.access import SignedIn
from brands.wire import Problem, Problems, translating
from consent import reports
from consent.reports import Period

PROBLEMS: Problems = {reports.UnknownDimension: (422, "unknown_dimension", "by")}
DEFAULT_DAYS = 30


class ReportQuery(serializers.Serializer[object]):
    first = serializers.DateField(required=False, help_text="UTC; default 29 days before `last`.")
    last = serializers.DateField(required=False, help_text="UTC; default today.")
    by = serializers.CharField(
        required=False,
        default=",".join(reports.DEFAULT_DIMENSIONS),
        max_length=100,
        help_text=f"Comma-separated, of: {', '.join(reports.DIMENSIONS)}.",
    )
    brand = serializers.CharField(required=False, default="", max_length=100, allow_blank=True)


class Totals(serializers.Serializer[object]):
    opt_outs = serializers.IntegerField()
    opt_ins = serializers.IntegerField()
    pauses = serializers.IntegerField()
    limits = serializers.IntegerField()


class ReportRow(Totals):
    day = serializers.DateField(required=False)
    brand = serializers.CharField(required=False)
    purpose = serializers.CharField(required=False)
    channel = serializers.CharField(required=False)
    topic = serializers.CharField(required=False)
    reason = serializers.CharField(required=False)
    source = serializers.CharField(required=False)  # type: ignore[assignment]


class ReportData(serializers.Serializer[object]):
    first = serializers.DateField()
    last = serializers.DateField()
    totals = Totals()
    data = ReportRow(many=True)  # type: ignore[assignment]
    next_cursor = serializers.CharField(allow_null=True)
    is_cut = serializers.BooleanField(help_text="True when there are more rows than are shown.")


def period_of(query: dict[str, Any]) -> Period:
    """The period that a query names, in full days of UTC."""
    last = query.get("last") or timezone.now().date()
    try:
        first = query.get("first") or last - timedelta(days=DEFAULT_DAYS - 1)
    except OverflowError as error:
        raise Problem(422, "invalid", "There are no days that early.", "last") from error
    if first > last:
        raise Problem(422, "ends_before_start", "`first` is later than `last`.", "first")
    return Period(first, last)


class OptOuts(APIView):
    authentication_classes = (SignedIn,)
    permission_classes = (IsAdminUser,)

    @extend_schema(parameters=[ReportQuery], responses=ReportData, tags=["admin"])
    def get(self, request: Request) -> Response:
        """Opt-outs and opt-ins per day, brand, purpose and channel, or as `by` says."""
        query = ReportQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        period = period_of(query.validated_data)
        by = [name.strip() for name in query.validated_data["by"].split(",") if name.strip()]
        with translating(PROBLEMS):
            report = reports.opt_outs(period, by=by, brand=query.validated_data["brand"])
        return Response(
            {
                "first": period.first,
                "last": period.last,
                "totals": report.totals,
                "data": reports.plain_rows(report),
                "next_cursor": None,
                "is_cut": report.is_cut,
            }
        )
