"""A provider's POST request, as received."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.http import HttpRequest, QueryDict
from django.http.multipartparser import MultiPartParser, MultiPartParserError

#: Latin-1 maps each byte to one character, so a field can be decoded again by its own charset.
BYTEWISE = "latin-1"


class UnreadablePost(ValueError):
    """The content is not what this provider sends."""


class NotSigned(Exception):
    """The provider's signature is missing, wrong or too old."""


@dataclass(frozen=True, slots=True)
class Post:
    #: The URL that the provider was given; some providers sign it.
    url: str
    headers: Mapping[str, str]
    body: bytes
    #: All values of each form field; empty if the body is not a form.
    fields: Mapping[str, list[str]]

    @property
    def form(self) -> dict[str, str]:
        """Return the last value of each field."""
        return {name: values[-1] for name, values in self.fields.items() if values}

    def json(self) -> Any:
        """Return the body as JSON.

        Raises:
            UnreadablePost
        """
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError as error:
            raise UnreadablePost("this is not JSON") from error


def read_request(request: HttpRequest, *, url: str, most: int) -> Post:
    """Read a request of up to *most* bytes. Drop the files of a form.

    Raises:
        UnreadablePost: the body is not a valid form.
        RequestDataTooBig: Django's exception for a body that is too large.
    """
    body = request.read()
    if len(body) > most:
        raise RequestDataTooBig(f"more than {most} bytes")
    try:
        fields = _read_fields(request, body)
    except RequestDataTooBig:
        raise
    except (SuspiciousOperation, MultiPartParserError, ValueError, LookupError) as error:
        raise UnreadablePost("this is not a form") from error
    return Post(url, request.headers, body, fields)


def _read_fields(request: HttpRequest, body: bytes) -> dict[str, list[str]]:
    if request.content_type == "application/x-www-form-urlencoded":
        return dict(QueryDict(body, encoding="utf-8").lists())
    if request.content_type == "multipart/form-data":
        handlers = request.upload_handlers
        parser = MultiPartParser(request.META, io.BytesIO(body), handlers, BYTEWISE)
        return _decode_fields(dict(parser.parse()[0].lists()))
    return {}


def _decode_fields(fields: dict[str, list[str]]) -> dict[str, list[str]]:
    """Decode each field by the charset that SendGrid's `charsets` names for it, or as UTF-8."""
    charsets = _read_charsets("".join(fields.get("charsets", [])))
    return {
        _decode(name, "utf-8"): [_decode(text, charsets.get(name, "utf-8")) for text in texts]
        for name, texts in fields.items()
    }


def _read_charsets(text: str) -> dict[str, str]:
    try:
        named = json.loads(text or "{}")
    except ValueError:
        return {}
    return named if isinstance(named, dict) else {}


def _decode(text: str, charset: str) -> str:
    raw = text.encode(BYTEWISE, "replace")
    try:
        return raw.decode(charset, "replace")
    except (LookupError, TypeError):
        return raw.decode("utf-8", "replace")
