"""API with which consumers check what a brand may do, now, at another time, or hypothetically."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from cmr import choices
from cmr.api.access import ConsumerView
from cmr.api.choices import StandingData, standing_data
from cmr.api.scopes import ScopeReader
from cmr.models import TokenScope
from consent import brand_events, checks, ledger
from consent.api import wire
from consent.api.other_times import OtherTimeOrWord
from consent.decision import Choice, Decision, Question
from consent.ledger import NewChoice
from consent.models import Relationship
from core.api import describe_list
from core.problem_details import Problem


class OwnCheckRequest(OtherTimeOrWord, wire.Matter):
    brand = serializers.CharField(max_length=100)


class OwnBecause(StandingData):
    entry = serializers.UUIDField(
        allow_null=True, help_text="`id` of the entry in your history; null for a supposed choice."
    )


class OwnDecisionData(serializers.Serializer[object]):
    contact_point = serializers.CharField(
        allow_null=True,
        help_text="`id` in me/contact-points; null if you have removed the address.",
    )
    allowed = serializers.BooleanField()
    rule = serializers.CharField(help_text="The rule that decided.")
    because = OwnBecause(
        allow_null=True, help_text="The choice that decided; null if a default did."
    )
    as_of = serializers.DateTimeField()
    valid_until = serializers.DateTimeField(allow_null=True)
    not_before = serializers.DateTimeField(
        allow_null=True,
        help_text="If allowed, but only later: the earliest time, because of quiet hours or a "
        "used-up limit.",
    )
    remaining = serializers.IntegerField(allow_null=True)
    limit = wire.LimitData(allow_null=True)


class Check(ConsumerView):
    needs = {"POST": TokenScope.READ}

    @extend_schema(
        request=OwnCheckRequest,
        responses=describe_list(OwnDecisionData, paged=False),
        tags=["consumer"],
    )
    def post(self, request: Request) -> Response:
        """Check whether a brand may contact you, for each address by which it knows or knew you.

        `at` asks about a future time and `as_of` about a past one. `suppose` assumes that you make
        these choices. Nothing is recorded.
        """
        now = timezone.now()
        body = OwnCheckRequest(data=request.data, context={"now": now})
        body.is_valid(raise_exception=True)
        data = body.validated_data
        mine = self._find(data["brand"])
        parts = {name: data.get(name) for name in ("channel", "topic")}
        asked = checks.build_bulk_question(mine[0].brand_id, purpose=data["purpose"], **parts)
        decisions = self._decide(mine, asked, data, now)
        return Response({"data": self._describe_decisions(mine, decisions)})

    def _find(self, slug: str) -> list[Relationship]:
        """Return all relationships with the brand, including ended ones.

        Raises:
            Problem: 404 `not_found`.
        """
        mine = Relationship.objects.filter(person=self.consumer.subject_id, brand__slug=slug)
        if found := list(mine.select_related("person").order_by("started_at", "pk")):
            return found
        raise Problem(404, "not_found", "No relationship with this brand.")

    def _decide(
        self,
        mine: Sequence[Relationship],
        asked: Question,
        data: Mapping[str, Any],
        now: datetime,
    ) -> list[Decision]:
        if as_of := data.get("as_of"):
            checks.check_not_in_future(as_of, now=now)
            decided = checks.check_relationships_as_of(mine, asked, as_of=as_of)
            return [decided[each.pk] for each in mine]
        supposed, at = self._suppose(data.get("suppose", []), now), data.get("at", now)
        return [checks.check_relationship(each, asked, now=at, supposing=supposed) for each in mine]

    def _suppose(self, given: Sequence[Mapping[str, Any]], now: datetime) -> list[Choice]:
        new = [
            NewChoice(
                choices.resolve_scope(
                    self.consumer,
                    wire.read_scope_names(each["scope"]),
                    decision=each["decision"],
                ),
                wire.read_terms(each),
            )
            for each in given
        ]
        return ledger.suppose_choices(new, now=now)

    def _describe_decisions(
        self, mine: Sequence[Relationship], decisions: Sequence[Decision]
    ) -> list[dict[str, Any]]:
        points = dict(self.consumer.contact_points.values_list("identifier__subject", "pk"))
        shown = ScopeReader(self.consumer, [each.brand_id for each in mine])
        return [
            {
                "contact_point": str(point) if (point := points.get(each.subject_id)) else None,
                "allowed": decision.allowed,
                "rule": decision.rule,
                "because": _because(decision.because, shown),
                "as_of": decision.as_of,
                "valid_until": decision.valid_until,
                "not_before": decision.not_before,
                "remaining": decision.remaining,
                "limit": brand_events.describe_limit(limit.max, limit.per)
                if (limit := decision.limit)
                else None,
            }
            for each, decision in zip(mine, decisions, strict=True)
        ]


def _because(choice: Choice | None, shown: ScopeReader) -> dict[str, Any] | None:
    if choice is None:
        return None
    data = standing_data(choice, shown)
    return data | {"entry": None} if choice.entry == ledger.SUPPOSED_ENTRY_ID else data
