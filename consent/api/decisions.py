"""A decision as the API shows it to the brand that asked."""

from __future__ import annotations

import uuid
from typing import Any

from rest_framework import serializers

from consent import notices, scopes
from consent.api import wire
from consent.resolution import Choice, Decision

#: No entry: what was only supposed stands in no ledger.
SUPPOSED = uuid.UUID(int=0)


class Because(serializers.Serializer[object]):
    entry = serializers.UUIDField(allow_null=True, help_text="Null for what was supposed.")
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
    campaign = serializers.CharField(required=False, help_text="As the question named it.")


def decision_data(decision: Decision, *, brand_id: int, slug: str) -> dict[str, Any]:
    limit = decision.limit
    return {
        "allowed": decision.allowed,
        "rule": decision.rule,
        "because": _because(decision.because, brand_id, slug) if decision.because else None,
        "as_of": decision.as_of,
        "valid_until": decision.valid_until,
        "not_before": decision.not_before,
        "remaining": decision.remaining,
        "limit": notices.limit_of(limit.max, limit.per) if limit else None,
    }


def _because(choice: Choice, brand_id: int, slug: str) -> dict[str, Any]:
    return {
        "entry": None if choice.entry == SUPPOSED else choice.entry,
        "scope": scopes.described(choice.scope, brand_slug=slug, told_to=brand_id),
        "decision": choice.decision,
        "maker": choice.maker,
        "made_at": choice.made_at,
        "until": choice.until,
        "expires_at": choice.expires_at,
    }
