"""JSON in, JSON out, and problems (RFC 9457): what every API door of every app shares."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any, NoReturn, TypeVar

import orjson
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from rest_framework import serializers
from rest_framework.exceptions import APIException, ParseError
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer

from brands import time_bounds
from brands.addresses import holds_address
from brands.times import NoZone, read_day, read_moment


class Problem(APIException):
    """An answer that says what is wrong: a stable code, a sentence, and the field if any."""

    #: Seconds to wait, which the answer gives as `Retry-After`.
    wait: float | None = None

    def __init__(self, status: int, code: str, detail: str, field: str | None = None) -> None:
        super().__init__(detail, code)
        self.status_code = status
        self.field = field


View = TypeVar("View", bound=Callable[..., Any])
#: From a domain's exception to the status, the code and the field of its problem.
Problems = Mapping[type[Exception], tuple[int, str, str | None]]


@contextmanager
def translating(problems: Problems) -> Iterator[None]:
    """Turn the domain's exceptions into problems; an exception's own `field` wins, and its `wait`
    is how long to wait."""
    try:
        yield
    except tuple(problems) as error:
        kind = next(each for each in type(error).__mro__ if each in problems)
        status, code, field = problems[kind]
        own = getattr(error, "field", None)
        code = code.format(field=own)
        problem = Problem(status, code, str(error), own or field)
        problem.wait = getattr(error, "wait", None)
        raise problem from error


class TooLarge(APIException):
    status_code = 413
    default_code = "body_too_large"

    def __init__(self, limit: int) -> None:
        super().__init__(f"A body may have {limit:,} bytes.")


class DuplicateMember(ValueError):
    """A JSON object has a member twice; its name is `field`."""

    def __init__(self, name: str) -> None:
        super().__init__("This field stands twice in one object.")
        self.field = name[:100]


#: What ends a member's name: at least one for each member, whatever stands in the values.
NAME_ENDS = (b'":', b" :", b"\t:", b"\n:", b"\r:")


def load_json(raw: bytes) -> Any:
    """Return what *raw* says. Of two members of one name orjson would take the last in silence.

    A flat object with as many colons as members has none twice, which is found out in less than a
    microsecond; all else is read a second time.

    Raises:
        orjson.JSONDecodeError
        DuplicateMember
    """
    given = orjson.loads(raw)
    if isinstance(given, dict) and (
        len(given) == raw.count(b":") or len(given) == sum(map(raw.count, NAME_ENDS))
    ):
        return given
    try:
        # Numbers and constants are left as they stand: a long one takes long to read.
        json.loads(raw, object_pairs_hook=_check_members, parse_int=len, parse_float=len)
    except RecursionError as error:
        raise orjson.JSONDecodeError("nested too deeply", "", 0) from error
    return given


def _check_members(pairs: list[tuple[str, Any]]) -> None:
    seen: set[str] = set()
    for name, _ in pairs:
        if name in seen:
            raise DuplicateMember(name)
        seen.add(name)


class JSONParser(BaseParser):
    """Reads no more than the limit.

    Refuses deep nesting, NaN, lone surrogates and duplicate members.
    """

    media_type = "application/json"

    @classmethod
    def limit(cls) -> int:
        """How many bytes a body may have."""
        return int(settings.MAX_BODY_BYTES)

    @classmethod
    def read(cls, stream: Any) -> bytes:
        """All of a body. Raises TooLarge."""
        try:
            raw: bytes = stream.read(cls.limit() + 1)
        except RequestDataTooBig as error:  # the server did not even receive it
            raise TooLarge(cls.limit()) from error
        if len(raw) > cls.limit():
            raise TooLarge(cls.limit())
        return raw

    def parse(
        self,
        stream: Any,
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        try:
            return load_json(self.read(stream))
        except DuplicateMember as error:
            raise Problem(422, "duplicate_field", str(error), error.field) from error
        except orjson.JSONDecodeError as error:
            raise ParseError(f"This is not JSON: {error}") from error


class BatchParser(JSONParser):
    """For bodies that hold thousands of things."""

    @classmethod
    def limit(cls) -> int:
        return int(settings.MAX_BATCH_BYTES)


def upload_limit() -> int:
    """Return how many bytes a form with a file may have, or a part of an import read whole."""
    return int(settings.MAX_UPLOAD_BYTES)


def takes_upload(view: View) -> View:
    """Let the body of this view be as long as a form with a file may be."""
    view.max_body_bytes = upload_limit  # type: ignore[attr-defined]
    return view


class JSONRenderer(BaseRenderer):
    media_type = "application/json"
    format = "json"
    charset = None

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        return b"" if data is None else orjson.dumps(data, default=str, option=orjson.OPT_UTC_Z)


class AlwaysJSON(BaseContentNegotiation):
    """There is one format, so an `Accept` header cannot make a call fail."""

    def select_parser(self, request: Any, parsers: Any) -> Any:
        media = (request.content_type or "").partition(";")[0].strip().lower()
        return next((each for each in parsers if each.media_type == media), None)

    def select_renderer(self, request: Any, renderers: Any, format_suffix: Any = None) -> Any:
        return renderers[0], renderers[0].media_type


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
        "out_of_range": time_bounds.OUT_OF_RANGE,
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
        if not time_bounds.is_in_range(value):
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


def list_of(item: type[serializers.Serializer[Any]], *, paged: bool = True) -> type[Any]:
    """For the schema: a list answer of *item*, with the cursor of its next page."""
    name = item.__name__.removesuffix("Data") + "List"
    fields: dict[str, Any] = {"data": item(many=True)}
    if paged:
        fields["next_cursor"] = serializers.CharField(allow_null=True)
    return type(name, (serializers.Serializer,), fields)
