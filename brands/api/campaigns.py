"""Campaigns and their daily statistics, as JSON or as a CSV file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response

from brands import campaigns
from brands.api.access import BrandView
from brands.api.idempotency import repeatable
from brands.campaigns import BadRows, DayNumbers
from brands.models import Campaign, CampaignDay, Channel
from core import api
from core.api import Day, Page, StrictSerializer, answer_page, describe_list
from core.json_bodies import BatchParser
from core.problem_details import Problem, write_sentence
from core.text import check_name

TAG = "brand: campaigns"
MOST_DAYS = 1_000


class CodeField(serializers.RegexField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(campaigns.CODE, max_length=100, **kwargs)


class CampaignRequest(StrictSerializer):
    code = CodeField(
        help_text="Your own code. Links, checks and sends refer to the campaign by it."
    )
    name = serializers.CharField(
        max_length=200, required=False, help_text="Default: the code.", validators=[check_name]
    )
    purpose = serializers.CharField(max_length=40, default=campaigns.DEFAULT_PURPOSE)
    topic = serializers.CharField(max_length=60, required=False, allow_blank=True)


class CampaignData(serializers.Serializer[object]):
    code = serializers.CharField()
    name = serializers.CharField()
    purpose = serializers.CharField()
    topic = serializers.CharField(allow_null=True)
    created_at = serializers.DateTimeField()


class DayRequest(StrictSerializer):
    channel = serializers.ChoiceField(Channel.choices)
    day = Day(help_text="Day on which the messages were sent, in UTC.")
    sends = serializers.IntegerField(min_value=0, max_value=campaigns.BIGGEST)
    deliveries = serializers.IntegerField(min_value=0, max_value=campaigns.BIGGEST)
    responses = serializers.IntegerField(
        min_value=0,
        max_value=campaigns.BIGGEST,
        help_text="Number of distinct people who responded.",
    )
    complaints = serializers.IntegerField(min_value=0, max_value=campaigns.BIGGEST)


class StatsRequest(StrictSerializer):
    days = serializers.ListField(child=DayRequest(), min_length=1, max_length=MOST_DAYS)


class DayData(serializers.Serializer[object]):
    channel = serializers.CharField()
    day = serializers.DateField()
    sends = serializers.IntegerField()
    deliveries = serializers.IntegerField()
    responses = serializers.IntegerField()
    complaints = serializers.IntegerField()
    reported_at = serializers.DateTimeField()
    revision = serializers.IntegerField(
        help_text="Revision of this day's numbers: 1 for the first report, one more for each "
        "change."
    )


class Changed(serializers.Serializer[object]):
    changed = serializers.IntegerField(help_text="Number of days whose numbers changed.")


CampaignList, DayList = describe_list(CampaignData), describe_list(DayData)


class CsvParser(BaseParser):
    media_type = "text/csv"

    def parse(
        self,
        stream: Any,
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        raw = BatchParser.read_body(stream)
        try:
            return raw.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise Problem(400, "parse_error", "The body is not valid UTF-8.") from error


class Campaigns(BrandView):
    scope = "campaigns"
    queries = {"GET": Page}

    @extend_schema(operation_id="campaigns_list", responses=CampaignList, tags=[TAG])
    def get(self, request: Request) -> Response:
        """List your campaigns, newest first."""
        mine = Campaign.objects.filter(brand=self.brand)
        return answer_page(mine, self.query, by=["-pk"], write=_data)

    @repeatable()
    @extend_schema(
        request=CampaignRequest, responses={200: CampaignData, 201: CampaignData}, tags=[TAG]
    )
    def post(self, request: Request) -> Response:
        """Create a campaign.

        Creating the same campaign again returns it (200). Another campaign with this code is a
        conflict (409).
        """
        body = CampaignRequest(data=request.data)
        body.is_valid(raise_exception=True)
        said = body.validated_data
        one, is_new = campaigns.find_or_create_campaign(
            self.brand,
            code=said["code"],
            called=said.get("name", ""),
            purpose=said["purpose"],
            topic=said.get("topic", ""),
            now=timezone.now(),
        )
        return Response(_data(one), status=201 if is_new else 200)


class OfOneCampaign(BrandView):
    scope = "campaigns"

    def campaign(self, code: str) -> Campaign:
        """Return the brand's campaign with this code.

        Raises:
            Problem: 404 `not_found`.
        """
        mine = Campaign.objects.filter(brand=self.brand)
        if "\0" in code or not (one := mine.filter(code=code).first()):
            raise Problem(404, "not_found", "No campaign with this code.")
        return one


class OneCampaign(OfOneCampaign):
    @extend_schema(
        operation_id="campaign_retrieve",
        parameters=[api.IF_NONE_MATCH, api.ETAG],
        responses=CampaignData,
        tags=[TAG],
    )
    def get(self, request: Request, code: str) -> Response:
        """Retrieve a campaign."""
        return api.answer_unless_unchanged(request, _data(self.campaign(code)))


class Stats(OfOneCampaign):
    queries = {"GET": Page}

    @extend_schema(operation_id="campaign_stats_list", responses=DayList, tags=[TAG])
    def get(self, request: Request, code: str) -> Response:
        """List the daily statistics of a campaign, newest day first."""
        days = CampaignDay.objects.filter(campaign=self.campaign(code))
        return answer_page(days, self.query, by=["-day", "channel"], write=_day)

    @extend_schema(
        operation_id="campaign_stats_update", request=StatsRequest, responses=Changed, tags=[TAG]
    )
    def put(self, request: Request, code: str) -> Response:
        """Report or correct the daily statistics of a campaign.

        The last report of a day replaces earlier ones. Either all days are saved or none.
        """
        campaign = self.campaign(code)
        body = StatsRequest(data=request.data)
        body.is_valid(raise_exception=True)
        rows = [DayNumbers(**row) for row in body.validated_data["days"]]
        try:
            changed = campaigns.report_campaign_days(campaign, rows, now=timezone.now())
        except BadRows as error:
            raise _problem(error, "days.{row}.{field}", first=0) from error
        return Response({"changed": changed})


class ManyStats(BrandView):
    scope = "campaigns"
    parser_classes = (CsvParser,)

    @extend_schema(
        operation_id="campaigns_stats_upload",
        request={"text/csv": OpenApiTypes.STR},
        responses=Changed,
        tags=[TAG],
    )
    def put(self, request: Request) -> Response:
        """Upload the daily statistics of many campaigns as CSV.

        The headings are campaign, channel, day, sends, deliveries, responses and complaints. Either
        all rows are saved or none.
        """
        try:
            changed = campaigns.report_campaign_csv(
                self.brand, str(request.data), now=timezone.now()
            )
        except BadRows as error:
            raise _problem(error, "row {row}: {field}", first=1) from error
        return Response({"changed": changed})


def _problem(error: BadRows, form: str, *, first: int) -> serializers.ValidationError:
    """Return a problem with the errors of all rows; *first* is the number of the first row."""
    faults = {}
    for each in error.rows:
        place = form.format(row=each.row - 1 + first, field=each.field)
        detail = write_sentence(each.detail)
        faults[place] = serializers.ErrorDetail(detail, "bad_row")
    return serializers.ValidationError(faults)


def _data(one: Campaign) -> dict[str, Any]:
    return {
        "code": one.code,
        "name": one.name,
        "purpose": one.purpose_id,
        "topic": one.topic or None,
        "created_at": one.created_at,
    }


def _day(one: CampaignDay) -> dict[str, Any]:
    return {str(name): getattr(one, str(name)) for name in DayData().fields}
