"""A question about another time, or about what if: `at`, `as_of` and `suppose` of each door."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from rest_framework import serializers

from brands.models import Brand
from consent import ledger
from consent.api import wire
from consent.decision import Choice
from core.api import Moment, StrictSerializer

MAX_SUPPOSED = 20


class OtherTime(StrictSerializer):
    """The fields of a moment; its context has `now`."""

    at = Moment(required=False, help_text="Ask about a moment to come, by what stands now.")
    as_of = Moment(required=False, help_text="Ask about a past moment: what a check answered then.")

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


class OtherTimeOrWord(OtherTime):
    """The same, and what the person is supposed to say."""

    suppose = serializers.ListField(
        child=wire.ChoiceField(),
        required=False,
        max_length=MAX_SUPPOSED,
        help_text="What if the person said this now, one after another? Nothing is recorded.",
    )


#: The fields of the above, to be told from those of the question.
FIELDS = ("at", "as_of", "suppose")


def supposed_of_brand(data: Mapping[str, Any], brand: Brand, now: datetime) -> list[Choice]:
    """Return what a brand supposes that the person says about it.

    Raises:
        scopes.UnknownName, scopes.CannotBeRefused, ledger.ExpiresTooSoon
    """
    new = [
        wire.new_choice(each, wire.own_scope(each["scope"], each["decision"], brand))
        for each in data.get("suppose", [])
    ]
    return ledger.suppose_choices(new, now=now)
