"""Django's request, whose construction cannot fail: nothing there would turn it into an answer."""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from typing import Any

from django.core.handlers.wsgi import WSGIRequest
from django.utils.http import parse_header_parameters

#: Python has codecs that are no text (base64) and others that fail on what is not theirs (idna).
CHARSETS = {"utf-8", "ascii", "iso8859-1", "iso8859-15", "cp1252"}


class Request(WSGIRequest):
    """Is read in the charset of its `Content-Type` if that is a usual one, and else as UTF-8.

    Django's own takes any codec, and reads the query at once, outside of what handles errors: a
    query of too many fields, or another codec, would end the connection without an answer.
    """

    def _set_content_type_params(self, meta: Mapping[str, Any]) -> None:
        given = parse_header_parameters(meta.get("CONTENT_TYPE", ""))
        self.content_type, self.content_params = given
        charset = self.content_params.get("charset", "")
        if _find_codec(charset) in CHARSETS:
            self._encoding = charset


def _find_codec(charset: str) -> str:
    try:
        return codecs.lookup(charset).name
    except (LookupError, ValueError):  # ValueError: a NUL in the name
        return ""
