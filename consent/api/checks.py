"""Ask before you act."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from brands.api.access import BrandView
from brands.models import Brand
from brands.wire import Problems, StrictSerializer, translating
from consent import checks, notices, scopes
from consent.api import wire
from consent.checks import Asked
from consent.resolution import Choice, Decision

PROBLEMS: Problems = {**wire.PROBLEMS, checks.ChannelNeeded: (422, "channel_needed", "channel")}


class CheckRequest(StrictSerializer):
    contact = wire.ContactField()
    purpose = serializers.CharField(max_length=40)
    channel = serializers.CharField(max_length=10, required=False, allow_null=True)
    topic = serializers.CharField(max_length=60, required=False, allow_null=True)


class Because(serializers.Serializer[object]):
    entry = serializers.UUIDField()
    scope = wire.ScopeData()
    decision = serializers.CharField()
    maker = serializers.CharField()
    made_at = serializers.DateTimeField()
    until = serializers.DateTimeField(allow_null=True)
    expires_at = serializers.DateTimeField(allow_null=True)


class DecisionData(serializers.Serializer[object]):
    allowed = serializers.BooleanField()
    rule = serializers.CharField(help_text="Which part of the rule decided.")
    because = Because(allow_null=True, help_text="The choice that decided; null for a default.")
    as_of = serializers.DateTimeField()
    valid_until = serializers.DateTimeField(
        allow_null=True, help_text="When time alone will change the answer."
    )
    not_before = serializers.DateTimeField(
        allow_null=True, help_text="Allowed, but only from then on: quiet hours, or a full budget."
    )
    remaining = serializers.IntegerField(
        allow_null=True, help_text="How many more may be sent now; null where no limit covers it."
    )
    limit = wire.LimitData(allow_null=True, help_text="How often at most the person wants this.")


class Check(BrandView):
    scope = "check"

    @extend_schema(request=CheckRequest, responses=DecisionData, tags=["brand: checks"])
    def post(self, request: Request) -> Response:
        """May you reach this person now, for this purpose, on this channel?

        An address that nobody knows and one with no relationship to you get the same answer.
        """
        body = CheckRequest(data=request.data)
        body.is_valid(raise_exception=True)
        given = {**body.validated_data, "contact": wire.contact_of(body.validated_data["contact"])}
        with translating(PROBLEMS):
            decision = checks.check(Asked(self.brand.pk, **given), now=timezone.now())
        return Response(decision_data(decision, self.brand))


def decision_data(decision: Decision, brand: Brand) -> dict[str, Any]:
    limit = decision.limit
    return {
        "allowed": decision.allowed,
        "rule": decision.rule,
        "because": _because(decision.because, brand) if decision.because else None,
        "as_of": decision.as_of,
        "valid_until": decision.valid_until,
        "not_before": decision.not_before,
        "remaining": decision.remaining,
        "limit": notices.limit_of(limit.max, limit.per) if limit else None,
    }


def _because(choice: Choice, brand: Brand) -> dict[str, Any]:
    return {
        "entry": choice.entry,
        "scope": scopes.described(choice.scope, brand_slug=brand.slug, told_to=brand.pk),
        "decision": choice.decision,
        "maker": choice.maker,
        "made_at": choice.made_at,
        "until": choice.until,
        "expires_at": choice.expires_at,
    }
