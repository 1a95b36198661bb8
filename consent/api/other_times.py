"""Fields for questions about another time or about assumed choices: `at`, `as_of`, `suppose`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from rest_framework import serializers

from brands.models import Brand
from consent import ledger
from consent.api import wire
from consent.decision import Choice
from consent.ledger import NewChoice
from core.api import Moment, StrictSerializer

MAX_SUPPOSED = 20


class OtherTime(StrictSerializer):
    """Fields for another time. The serializer's context has `now`."""

    at = Moment(
        required=False, help_text="Answer for this future time, based on the choices in force now."
    )
    as_of = Moment(
        required=False, help_text="Answer as a check would have answered at this past time."
    )

    default_error_messages = {
        "one_time": "Give either `at` or `as_of`. `suppose` cannot be combined with `as_of`.",
        "past": "This must be in the future.",
    }

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "as_of" in attrs and ("at" in attrs or "suppose" in attrs):
            self.refuse("as_of", "one_time")
        if "at" in attrs and attrs["at"] < self.context["now"]:
            self.refuse("at", "past")
        return attrs


class OtherTimeOrWord(OtherTime):
    """Fields for another time, and choices that the person is assumed to make."""

    suppose = serializers.ListField(
        child=wire.ChoiceField(),
        required=False,
        max_length=MAX_SUPPOSED,
        help_text="Assume that the person made these choices now, in this order. Nothing is "
        "recorded.",
    )


#: The fields of these serializers; all others belong to the question.
FIELDS = ("at", "as_of", "suppose")


def supposed_of_brand(data: Mapping[str, Any], brand: Brand, now: datetime) -> list[Choice]:
    """Return the choices that a brand assumes a person to make about it.

    Raises:
        scopes.UnknownName, scopes.CannotBeRefused, ledger.ExpiresTooSoon
    """
    new = [
        NewChoice(wire.own_scope(each["scope"], each["decision"], brand), wire.read_terms(each))
        for each in data.get("suppose", [])
    ]
    return ledger.suppose_choices(new, now=now)
