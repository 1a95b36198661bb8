"""Django's request, with a construction that cannot fail, as no answer could be given then."""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from typing import Any

from django.core.handlers.wsgi import WSGIRequest
from django.utils.http import parse_header_parameters

#: Python also has codecs that are no text encodings (base64), or that fail on foreign text (idna).
CHARSETS = {"utf-8", "ascii", "iso8859-1", "iso8859-15", "cp1252"}


class Request(WSGIRequest):
    """A request decoded by the charset of its `Content-Type` if that is common, else as UTF-8.

    Django's own accepts any codec and parses the query at once, outside its error handling. A query
    of too many fields, or an unsuitable codec, would end the connection without an answer.
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
