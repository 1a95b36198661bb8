"""Read and write JSON bodies: how long one may be, and what is refused in it."""

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
