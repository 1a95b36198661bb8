"""Serializer of a decision, as the brand that asked sees it."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from consent import brand_events, rules
from consent.api import wire
from consent.brand_events import build_entry_id
from consent.decision import Decision
from consent.ledger import SUPPOSED_ENTRY_ID


class Because(serializers.Serializer[object]):
    entry = serializers.UUIDField(
        allow_null=True,
        help_text="`id` of the entry, as in your events about this person; null for a supposed "
        "choice.",
    )
    scope = wire.ScopeData()
    decision = serializers.CharField()
    maker = serializers.CharField()
    made_at = serializers.DateTimeField(
        help_text="For a choice that the person made: rounded to the hour, in UTC."
    )
    until = serializers.DateTimeField(allow_null=True)
    expires_at = serializers.DateTimeField(allow_null=True)


class DecisionData(serializers.Serializer[object]):
    allowed = serializers.BooleanField()
    rule = serializers.CharField(help_text="The rule that decided.")
    because = Because(allow_null=True, help_text="The choice that decided; null if a default did.")
    as_of = serializers.DateTimeField()
    valid_until = serializers.DateTimeField(
        allow_null=True, help_text="When the answer may change without a new choice."
    )
    not_before = serializers.DateTimeField(
        allow_null=True,
        help_text="If allowed, but only later: the earliest time, because of quiet hours or a "
        "frequency limit. Rounded up to the hour if other brands count against the "
        "limit, too.",
    )
    remaining = serializers.IntegerField(
        allow_null=True,
        help_text="How many messages may still be sent now; null without a limit on your "
        "messages alone.",
    )
    limit = wire.LimitData(allow_null=True, help_text="The person's frequency limit.")
    campaign = serializers.CharField(required=False, help_text="The campaign of the question.")


def decision_data(decision: Decision, *, slug: str) -> dict[str, Any]:
    """Return the decision as the brand with this *slug* may see it."""
    limit = decision.limit
    return {
        "allowed": decision.allowed,
        "rule": decision.rule,
        "because": _because(decision, slug),
        "as_of": decision.as_of,
        "valid_until": decision.valid_until,
        "not_before": decision.not_before,
        "remaining": decision.remaining,
        "limit": brand_events.describe_limit(limit.max, limit.per) if limit else None,
    }


def _because(decision: Decision, slug: str) -> dict[str, Any] | None:
    choice, relationship = decision.because, decision.relationship_id
    if choice is None or relationship is None:
        return None
    is_supposed = choice.entry == SUPPOSED_ENTRY_ID
    return {
        "entry": None if is_supposed else build_entry_id(choice.entry, relationship),
        "scope": rules.describe_scope_for_brand(choice.scope, slug=slug),
        "decision": choice.decision,
        "maker": choice.maker,
        "made_at": choice.made_at if is_supposed else brand_events.round_choice_time(choice),
        "until": choice.until,
        "expires_at": choice.expires_at,
    }
