"""Serializers and fields that all APIs share: strict objects, names, times, pages."""

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
    """Object in which unknown fields are an error."""

    default_error_messages = {"invalid": "This must be an object."}

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping) and (unknown := sorted(set(data) - set(self.fields))):
            message = "Unknown field."
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
    """A brand's own name for something, without an e-mail address or phone number.

    Erasure of a person could not find an address in such a name.
    """

    default_error_messages = {
        "holds_address": "Use a name without an e-mail address or phone number."
    }

    def to_internal_value(self, data: Any) -> str:
        text: str = super().to_internal_value(data)
        if holds_address(text):
            self.fail("holds_address")
        return text


class Moment(serializers.DateTimeField):
    """A time in RFC 3339 with its UTC offset, within the range of `core.time.bounds`.

    A time without an offset is refused, because its meaning would depend on the reader's zone.
    """

    default_error_messages = {
        "invalid": "Use a time in RFC 3339 format, such as 2026-11-22T10:00:00Z.",
        "no_zone": "Add the time zone, as in 2026-11-22T10:00:00Z.",
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
        """Return the time in UTC, or fail if it is out of range.

        A time near the ends of the calendar could not be converted to UTC.
        """
        if value.tzinfo is None:
            self.fail("no_zone")
        if not time.is_in_range(value):
            self.fail("out_of_range")
        return value.astimezone(UTC)


class Day(serializers.DateField):
    """A date in RFC 3339, such as 2026-11-22."""

    default_error_messages = {"invalid": "Use a date in RFC 3339 format, such as 2026-11-22."}

    def to_internal_value(self, value: Any) -> date:
        try:
            return read_day(value if isinstance(value, str) else "")
        except ValueError:
            self.fail("invalid")


class QueryNumber(serializers.IntegerField):
    """An integer in a query string: plain ASCII digits, no `+1`, `1.0`, ` 1` or `٣`."""

    DIGITS = re.compile(r"-?[0-9]+")

    def to_internal_value(self, data: Any) -> int:
        if not self.DIGITS.fullmatch(str(data)):
            self.fail("invalid")
        number: int = super().to_internal_value(data)
        return number


class Page(StrictSerializer):
    """The query parameters of a list. `cursor` is `next_cursor` of the previous page."""

    cursor = serializers.CharField(required=False, max_length=2_000)
    limit = QueryNumber(required=False, min_value=1, max_value=500, default=50)


def describe_list(item: type[serializers.Serializer[Any]], *, paged: bool = True) -> type[Any]:
    """Return a serializer that describes a list of *item* in the OpenAPI schema.

    If the list is *paged*, it has the cursor of the next page.
    """
    name = item.__name__.removesuffix("Data") + "List"
    fields: dict[str, Any] = {"data": item(many=True)}
    if paged:
        fields["next_cursor"] = serializers.CharField(allow_null=True)
    return type(name, (serializers.Serializer,), fields)
