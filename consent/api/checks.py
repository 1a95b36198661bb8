"""API for single checks: may this brand contact this person now?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from brands.api.access import BrandView
from consent import checks
from consent.api import quick, wire
from consent.api.decisions import DecisionData, decision_data
from consent.api.other_times import OtherTimeOrWord, supposed_of_brand
from consent.checks import Asked
from consent.decision import Decision
from core.api import StrictSerializer, describe_list

MAX_QUESTIONS = 50


class QuestionRequest(StrictSerializer):
    # Not `wire.Matter` with a contact: errors of the contact must come first.
    contact = wire.ContactField()
    purpose = serializers.CharField(max_length=40)
    channel = serializers.CharField(max_length=10, required=False, allow_null=True)
    topic = serializers.CharField(max_length=60, required=False, allow_null=True)


class CheckRequest(QuestionRequest, OtherTimeOrWord):
    purpose = serializers.CharField(max_length=40, required=False)
    questions = serializers.ListField(
        child=wire.Matter(),
        required=False,
        min_length=1,
        max_length=MAX_QUESTIONS,
        help_text="Several questions at once, instead of `purpose`, `channel` and `topic`.",
    )
    campaign = serializers.CharField(
        required=False, max_length=100, help_text="Your campaign. The answer repeats it."
    )
    default_error_messages = {
        "either": "Give either `questions`, or one `purpose` with its `channel` and `topic`.",
    }

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "questions" not in attrs and "purpose" not in attrs:
            self.refuse("purpose", "required")
        if "questions" in attrs and attrs.keys() & MATTER:
            self.refuse("questions", "either")
        return super().validate(attrs)


MATTER = ("purpose", "channel", "topic")


class Answered(DecisionData):
    """A decision together with its question."""

    purpose = serializers.CharField()
    channel = serializers.CharField(allow_null=True)
    topic = serializers.CharField(allow_null=True)


ONE_OR_EACH = PolymorphicProxySerializer(
    component_name="DecisionOrDecisions",
    serializers=[DecisionData, describe_list(Answered, paged=False)],
    resource_type_field_name=None,
)


class Check(BrandView):
    scope = "check"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer a plain question on the fast path; leave everything else to `post`."""
        return quick.answer(request) or super().dispatch(request, *args, **kwargs)

    @extend_schema(request=CheckRequest, responses=ONE_OR_EACH, tags=["brand: checks"])
    def post(self, request: Request) -> Response:
        """Check whether you may contact a person now, for this purpose and on this channel.

        An unknown address and one without a relationship to you get the same answer. With
        `questions`, `data` has one answer per question, in the same order and from the same state.
        """
        now = timezone.now()
        body = CheckRequest(data=request.data, context={"now": now})
        body.is_valid(raise_exception=True)
        data = body.validated_data
        carried = {"campaign": data["campaign"]} if "campaign" in data else {}
        if "questions" not in data:
            (decision,) = self._decide(data, [data], now)
            return Response(self._describe_decision(decision) | carried)
        decided = self._decide(data, data["questions"], now)
        answers = [
            self._describe_decision(decision)
            | {name: matter.get(name) for name in MATTER}
            | carried
            for matter, decision in zip(data["questions"], decided, strict=True)
        ]
        return Response({"data": answers})

    def _decide(
        self, data: dict[str, Any], matters: Sequence[Mapping[str, Any]], now: datetime
    ) -> Iterator[Decision]:
        contact = wire.build_contact(data["contact"], self.brand.namespace)
        asked = [
            Asked(self.brand.pk, contact, each["purpose"], each.get("channel"), each.get("topic"))
            for each in matters
        ]
        if as_of := data.get("as_of"):
            return (checks.check_contact_as_of(each, as_of=as_of, now=now) for each in asked)
        supposed = supposed_of_brand(data, self.brand, now)
        return checks.check_questions(asked, now=data.get("at", now), supposing=supposed)

    def _describe_decision(self, decision: Decision) -> dict[str, Any]:
        return decision_data(decision, slug=self.brand.slug)
