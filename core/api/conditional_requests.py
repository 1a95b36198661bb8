"""Editing that overwrites nobody's change: `ETag`, `If-None-Match`, `If-Match` (RFC 9110, 13.1).

A tag is made of what can be edited, or of all that is shown where the rest does not move by itself.
Whoever edits looks at `If-Match` while the row is locked, in the transaction of the change: of two
who saw the same state one is too late.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import orjson
from django.utils.http import parse_etags
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.response import Response

from core.problem_details import Problem

IF_MATCH = OpenApiParameter(
    "If-Match",
    str,
    OpenApiParameter.HEADER,
    description="The `ETag` of what you saw; had it changed since, the answer is 412.",
)
IF_NONE_MATCH = OpenApiParameter(
    "If-None-Match",
    str,
    OpenApiParameter.HEADER,
    description="The `ETag` of what you have; is it still so, the answer is 304.",
)
ETAG = OpenApiParameter(
    "ETag", str, OpenApiParameter.HEADER, response=[200], description="For `If-Match`."
)


def compute_etag(state: Mapping[str, Any]) -> str:
    """The same for the same state, and another for any other."""
    written = orjson.dumps(state, default=str, option=orjson.OPT_UTC_Z | orjson.OPT_SORT_KEYS)
    return f'"{hashlib.sha256(written).hexdigest()[:32]}"'


def answer_unless_unchanged(request: Request, data: Mapping[str, Any]) -> Response:
    """The answer to a GET: *data*, or 304 where the caller has just this."""
    tag = compute_etag(data)
    if {"*", tag} & _tags(request, IF_NONE_MATCH):
        return Response(status=304, headers={"ETag": tag})
    return Response(data, headers={"ETag": tag})


def check_if_match(request: Request, state: Mapping[str, Any]) -> None:
    """Go on only where `If-Match`, if given, means *state*, which was read under its lock.

    Raises:
        Problem: 412 `changed_meanwhile`.
    """
    if IF_MATCH.name in request.headers and not {"*", compute_etag(state)} & _tags(
        request, IF_MATCH
    ):
        raise Problem(412, "changed_meanwhile", "It is not as you saw it: get it again.")


def _tags(request: Request, header: OpenApiParameter) -> set[str]:
    """The tags that a header names. A proxy that compresses makes ours weak (`W/`); as they are
    digests, they still mean the same content."""
    given = parse_etags(request.headers.get(header.name, ""))
    return {each.removeprefix("W/") for each in given}
