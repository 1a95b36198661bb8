"""Conditional requests: `ETag`, `If-None-Match` and `If-Match` (RFC 9110, section 13.1).

They prevent lost updates. An ETag is a digest of the fields that can be edited. If no other field
changes by itself, it is a digest of the whole representation. An edit checks `If-Match` while the
row is locked, in the transaction of the change. So of two edits of the same state, the second one
fails.
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
    description="`ETag` of the state that you read. If it has changed since, the answer is 412.",
)
IF_NONE_MATCH = OpenApiParameter(
    "If-None-Match",
    str,
    OpenApiParameter.HEADER,
    description="`ETag` of the state that you have. If it has not changed, the answer is 304.",
)
ETAG = OpenApiParameter(
    "ETag",
    str,
    OpenApiParameter.HEADER,
    response=[200],
    description="Use it in `If-Match` or `If-None-Match`.",
)


def compute_etag(state: Mapping[str, Any]) -> str:
    """Return the ETag of *state*: equal states have equal tags, different states different ones."""
    written = orjson.dumps(state, default=str, option=orjson.OPT_UTC_Z | orjson.OPT_SORT_KEYS)
    return f'"{hashlib.sha256(written).hexdigest()[:32]}"'


def answer_unless_unchanged(request: Request, data: Mapping[str, Any]) -> Response:
    """Return the response to a GET: *data*, or 304 if the caller already has this state."""
    tag = compute_etag(data)
    if {"*", tag} & _tags(request, IF_NONE_MATCH):
        return Response(status=304, headers={"ETag": tag})
    return Response(data, headers={"ETag": tag})


def check_if_match(request: Request, state: Mapping[str, Any]) -> None:
    """Check that `If-Match`, if given, matches *state*. Read *state* while its row is locked.

    Raises:
        Problem: 412 `changed_meanwhile`.
    """
    if IF_MATCH.name in request.headers and not {"*", compute_etag(state)} & _tags(
        request, IF_MATCH
    ):
        raise Problem(
            412,
            "changed_meanwhile",
            "This has changed since you read it. Read it again, then repeat the change.",
        )


def _tags(request: Request, header: OpenApiParameter) -> set[str]:
    """Return the tags in a header, without the mark of weak tags (`W/`).

    A proxy that compresses makes our tags weak. They are digests, so they still identify the same
    content.
    """
    given = parse_etags(request.headers.get(header.name, ""))
    return {each.removeprefix("W/") for each in given}
