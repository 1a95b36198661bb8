"""Serializers and fields that every API shares: strict objects, names, times, pages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any, NoReturn

from rest_framework import serializers

from core import time
from core.text import holds_address
from core.time import NoZone, read_day, read_moment


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses fields it does not know: a misspelt one must not be dropped in silence."""

    default_error_messages = {"invalid": "This must be an object."}

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping) and (unknown := sorted(set(data) - set(self.fields))):
            message = "There is no such field."
            raise serializers.ValidationError(
                {
                    str(name)[:100]: serializers.ErrorDetail(message, "unknown_field")
                    for name in unknown
                }
            )
        return super().to_internal_value(data)

    def refuse(self, field: str, key: str) -> NoReturn:
        """Raise the error that `default_error_messages` has under *key*, on one field."""
        message = serializers.ErrorDetail(str(self.error_messages[key]), key)
        raise serializers.ValidationError({field: message})


class NamingField(serializers.CharField):
    """A brand's own name for something. With an address in it, erasure could not find it."""

    default_error_messages = {
        "holds_address": "Use a name of your own without an e-mail address or phone number."
    }

    def to_internal_value(self, data: Any) -> str:
        text: str = super().to_internal_value(data)
        if holds_address(text):
            self.fail("holds_address")
        return text


class Moment(serializers.DateTimeField):
    """A time with its zone, RFC 3339, within `time_bounds`.

    One without a zone would mean another moment elsewhere.
    """

    default_error_messages = {
        "invalid": "A time reads as 2026-11-22T10:00:00Z (RFC 3339).",
        "no_zone": "A time needs its zone, as in 2026-11-22T10:00:00Z.",
        "out_of_range": time.OUT_OF_RANGE,
    }

    def to_internal_value(self, value: Any) -> datetime:
        if not isinstance(value, str):
            self.fail("invalid")
        try:
            return super().to_internal_value(read_moment(value))
        except NoZone:
            self.fail("no_zone")
        except (OverflowError, ValueError):
            self.fail("invalid")

    def enforce_timezone(self, value: datetime) -> datetime:
        """Return the time in UTC, where one beyond the calendar could not be written."""
        if value.tzinfo is None:
            self.fail("no_zone")
        if not time.is_in_range(value):
            self.fail("out_of_range")
        return value.astimezone(UTC)


class Day(serializers.DateField):
    """A day, RFC 3339."""

    default_error_messages = {"invalid": "A day reads as 2026-11-22."}

    def to_internal_value(self, value: Any) -> date:
        try:
            return read_day(value if isinstance(value, str) else "")
        except ValueError:
            self.fail("invalid")


class QueryNumber(serializers.IntegerField):
    """A whole number of a query: plain digits, no `+1`, `1.0`, ` 1` or `٣`."""

    DIGITS = re.compile(r"-?[0-9]+")

    def to_internal_value(self, data: Any) -> int:
        if not self.DIGITS.fullmatch(str(data)):
            self.fail("invalid")
        number: int = super().to_internal_value(data)
        return number


class Page(StrictSerializer):
    """The query of a list. `cursor` is what the page before gave as `next_cursor`."""

    cursor = serializers.CharField(required=False, max_length=2_000)
    limit = QueryNumber(required=False, min_value=1, max_value=500, default=50)


def describe_list(item: type[serializers.Serializer[Any]], *, paged: bool = True) -> type[Any]:
    """For the schema: a list answer of *item*, with the cursor of its next page."""
    name = item.__name__.removesuffix("Data") + "List"
    fields: dict[str, Any] = {"data": item(many=True)}
    if paged:
        fields["next_cursor"] = serializers.CharField(allow_null=True)
    return type(name, (serializers.Serializer,), fields)
