"""Ask before you act."""

from __future__ import annotations

import sys
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from brands.api.access import BrandView
from brands.models import Brand
from brands.wire import Moment, Problems, StrictSerializer, translating
from consent import checks, hindsight
from consent.api import quick, wire
from consent.api.decisions import SUPPOSED, DecisionData, decision_data
from consent.checks import Asked
from consent.resolution import Choice, Decision

PROBLEMS: Problems = {
    **wire.PROBLEMS,
    hindsight.NotYet: (422, "not_yet", "as_of"),
}


MAX_SUPPOSED = 20


class QuestionRequest(StrictSerializer):
    # Not `wire.Matter` with a contact: what is wrong with the contact is said first.
    contact = wire.ContactField()
    purpose = serializers.CharField(max_length=40)
    channel = serializers.CharField(max_length=10, required=False, allow_null=True)
    topic = serializers.CharField(max_length=60, required=False, allow_null=True)


class CheckRequest(QuestionRequest):
    at = Moment(required=False, help_text="Ask about a moment to come, by what stands now.")
    as_of = Moment(required=False, help_text="Ask about a past moment, by what stood then.")
    suppose = serializers.ListField(
        child=wire.ChoiceField(),
        required=False,
        max_length=MAX_SUPPOSED,
        help_text="What if the person said this? Nothing is recorded.",
    )

    default_error_messages = {
        "one_time": "Give at most one of at and as_of; suppose goes with neither past.",
        "past": "This must lie in the future.",
    }

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "as_of" in attrs and ("at" in attrs or "suppose" in attrs):
            self.refuse("as_of", "one_time")
        if "at" in attrs and attrs["at"] < self.context["now"]:
            self.refuse("at", "past")
        return attrs


class Check(BrandView):
    scope = "check"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """The plain question at once; whatever is unusual, mistakes too, by what follows."""
        return quick.answer(request) or super().dispatch(request, *args, **kwargs)

    @extend_schema(request=CheckRequest, responses=DecisionData, tags=["brand: checks"])
    def post(self, request: Request) -> Response:
        """May you reach this person now, for this purpose, on this channel?

        An address that nobody knows and one with no relationship to you get the same answer.
        """
        now = timezone.now()
        body = CheckRequest(data=request.data, context={"now": now})
        body.is_valid(raise_exception=True)
        with translating(PROBLEMS):
            decision = self._decide(body.validated_data, now)
        return Response(decision_data(decision, brand_id=self.brand.pk, slug=self.brand.slug))

    def _decide(self, data: dict[str, Any], now: datetime) -> Decision:
        asked = Asked(
            self.brand.pk,
            wire.contact_of(data["contact"]),
            data["purpose"],
            data.get("channel"),
            data.get("topic"),
        )
        if as_of := data.get("as_of"):
            return hindsight.check(asked, as_of=as_of, now=now)
        supposed = [_supposed(each, self.brand, now) for each in data.get("suppose", [])]
        return checks.check(asked, now=data.get("at", now), supposing=supposed)


def _supposed(data: dict[str, Any], brand: Brand, now: datetime) -> Choice:
    """A choice as if the person had just made it."""
    new = wire.new_choice(data, wire.own_scope(data["scope"], data["decision"], brand))
    return Choice(
        entry=SUPPOSED,
        seq=sys.maxsize,
        scope=new.scope,
        decision=new.decision,
        maker="person",
        made_at=now,
        until=new.until,
        expires_at=new.expires_at,
        limit=new.limit,
    )
