"""Parsing and rendering of JSON bodies, with limits on their size and content."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import orjson
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from rest_framework.exceptions import APIException, ParseError
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer

from core.problem_details import Problem

View = TypeVar("View", bound=Callable[..., Any])


class TooLarge(APIException):
    status_code = 413
    default_code = "body_too_large"

    def __init__(self, limit: int) -> None:
        super().__init__(f"A body can have at most {limit:,} bytes.")


class DuplicateMember(ValueError):
    """A JSON object has two members of the same name, which is in `field`."""

    def __init__(self, name: str) -> None:
        super().__init__("This field occurs twice in one object.")
        self.field = name[:100]


#: What can follow the name of a member. An object has at least one of these for each member.
NAME_ENDS = (b'":', b" :", b"\t:", b"\n:", b"\r:")


def load_json(raw: bytes) -> Any:
    """Parse *raw* as JSON, and refuse duplicate members.

    Of two members of the same name, orjson would silently keep the last. A value with exactly as
    many members as its text has colons (or `NAME_ENDS`) has no duplicates. This check of a small
    body takes about a microsecond. All other texts are parsed a second time.

    Example: `{"a": 1, "a": 2}` has two colons, but orjson returns one member.

    Raises:
        orjson.JSONDecodeError
        DuplicateMember
    """
    given = orjson.loads(raw)
    try:
        if isinstance(given, dict):
            members = _count_members(given)
            if members == raw.count(b":") or members == sum(map(raw.count, NAME_ENDS)):
                return given
        # `len` leaves numbers unparsed, because parsing a very long number takes long.
        json.loads(raw, object_pairs_hook=_check_members, parse_int=len, parse_float=len)
    except RecursionError as error:
        raise orjson.JSONDecodeError("nested too deeply", "", 0) from error
    return given


def _count_members(given: dict[str, Any]) -> int:
    """Return how many members an object and the objects in it have. Lists are not searched."""
    count = len(given)
    for value in given.values():
        if type(value) is dict:
            count += _count_members(value)
    return count


def _check_members(pairs: list[tuple[str, Any]]) -> None:
    seen: set[str] = set()
    for name, _ in pairs:
        if name in seen:
            raise DuplicateMember(name)
        seen.add(name)


class JSONParser(BaseParser):
    """Parser that reads at most `limit` bytes.

    It refuses deep nesting, NaN, lone surrogates and duplicate members.
    """

    media_type = "application/json"

    @classmethod
    def limit(cls) -> int:
        """Return how many bytes a body may have."""
        return int(settings.MAX_BODY_BYTES)

    @classmethod
    def read_body(cls, stream: Any) -> bytes:
        """Return the whole body. Raises TooLarge."""
        try:
            raw: bytes = stream.read(cls.limit() + 1)
        except RequestDataTooBig as error:  # `config.web.bodies` did not even receive it.
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
            return load_json(self.read_body(stream))
        except DuplicateMember as error:
            raise Problem(422, "duplicate_field", str(error), error.field) from error
        except orjson.JSONDecodeError as error:
            raise ParseError(f"Invalid JSON: {error}") from error


class BatchParser(JSONParser):
    """Parser with a higher limit, for bodies with thousands of items."""

    @classmethod
    def limit(cls) -> int:
        return int(settings.MAX_BATCH_BYTES)


def upload_limit() -> int:
    """Return the size limit in bytes of a form with a file.

    It is also the limit up to which a part of an import is read at once.
    """
    return int(settings.MAX_UPLOAD_BYTES)


def takes_upload(view: View) -> View:
    """Decorate *view* so that its body may be as long as `upload_limit`."""
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
    """Content negotiation that ignores `Accept`, because there is only one response format."""

    def select_parser(self, request: Any, parsers: Any) -> Any:
        media = (request.content_type or "").partition(";")[0].strip().lower()
        return next((each for each in parsers if each.media_type == media), None)

    def select_renderer(self, request: Any, renderers: Any, format_suffix: Any = None) -> Any:
        return renderers[0], renderers[0].media_type
