"""Additions to the generated OpenAPI schema that drf-spectacular cannot derive.

They are: problem documents, the version header, the query of each view, and the rate limit headers
of brands' calls.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter

from brands.api import idempotency
from brands.api.access import BrandView
from cmr.api.access import FRESH_SESSION, ConsumerView
from core import api
from core.api import QueryView

PROBLEM = {
    "type": "object",
    "description": "RFC 9457. Programs go by `code`; the rest is for people.",
    "required": ["type", "title", "status", "code", "detail", "field", "errors", "request_id"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "detail": {"type": "string"},
        "field": {"type": ["string", "null"]},
        "request_id": {"type": ["string", "null"]},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["code", "detail", "field"],
                "properties": {
                    "code": {"type": "string"},
                    "detail": {"type": "string"},
                    "field": {"type": ["string", "null"]},
                },
            },
        },
    },
}


def _answered(name: str, says: str, *, required: bool = True) -> OpenApiParameter:
    """Return the declaration of a header of the answer."""
    return OpenApiParameter(
        name, str, OpenApiParameter.HEADER, required=required, response=True, description=says
    )


VERSION = OpenApiParameter(
    api.VERSION_HEADER,
    str,
    OpenApiParameter.HEADER,
    enum=api.API_VERSIONS,
    description="The version to answer in; without it, the oldest.",
)
ALWAYS = [
    VERSION,
    _answered("X-Request-Id", "Yours, or ours; it stands in problems, too."),
    _answered(api.VERSION_HEADER, "The version of this answer."),
]
OF_BRANDS = [
    _answered("RateLimit-Policy", "How many calls a minute the key has: `q` in `w` seconds."),
    _answered("RateLimit", "How many are left, `r`, and after how many seconds all are back, `t`."),
]
OF_REPEATS = [
    idempotency.HEADER,
    _answered(idempotency.REPLAYED, "`true` where this is the answer of before.", required=False),
]
OF_ENDINGS = [
    _answered("Deprecation", "Since when (RFC 9745)."),
    _answered("Sunset", "When it will be gone (RFC 8594)."),
    _answered("Link", "What to use in its place."),
]


class Contract(AutoSchema):
    """Adds a call's query, and the headers that no view declares."""

    def get_override_parameters(self) -> list[Any]:
        shared = [*super().get_override_parameters(), *ALWAYS]
        if isinstance(self.view, QueryView) and self.method in self.view.queries:
            shared.append(self.view.queries[self.method])
        shared += OF_BRANDS if isinstance(self.view, BrandView) else []
        shared += OF_REPEATS if self._is_repeatable() else []
        return shared + (OF_ENDINGS if self.is_deprecated() else [])

    def _is_repeatable(self) -> bool:
        return idempotency.is_repeatable(getattr(self.view, self.method.lower(), None))

    def get_auth(self) -> list[dict[str, Any]]:
        """Omit tokens from calls that require a fresh session."""
        only_session = isinstance(self.view, ConsumerView) and (
            self.view.needed(self.method) == FRESH_SESSION
        )
        schemes: list[dict[str, Any]] = super().get_auth()
        return [each for each in schemes if "session" in each] if only_session else schemes

    def is_deprecated(self) -> bool:
        return hasattr(self.view, "ending")


def _problem(description: str, *headers: OpenApiParameter) -> dict[str, Any]:
    shown = {
        each.name: {
            "schema": {"type": "string"},
            "description": each.description,
            "required": each.required,
        }
        for each in [*ALWAYS[1:], *headers]
    }
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {"description": description, "headers": shown, "content": content}


RETRY_AFTER = _answered("Retry-After", "In how many seconds to try again.", required=False)
PROBLEMS = {"4XX": _problem("A problem"), "503": _problem("Not now", RETRY_AFTER)}
TOO_MANY = {"429": _problem("Too many calls", *OF_BRANDS, RETRY_AFTER)}
#: By the header of the call that can cause it.
CONDITIONAL = {
    api.IF_MATCH.name: {"412": _problem("It changed meanwhile")},
    api.IF_NONE_MATCH.name: {"304": {"description": "It is as you have it"}},
}

#: Descriptions of common fields, for views that give none.
COMMON_FIELDS = {
    "contact": "Whom it is about.",
    "purpose": "What for: a code of `GET brand/purposes`.",
    "channel": "Which way a message goes.",
    "topic": "One of the brand's own lists, by its code.",
    "scope": "What is said something about. A part that is left out, or null, is any.",
    "decision": "What is said: yes, no, not until, at most so often, or the last word taken back.",
    "maker": "Who said it: the person, or the brand on their account.",
    "made_at": "When it was said.",
    "next_cursor": "Where the next page begins; null on the last one.",
    "cursor": "The `next_cursor` of the page before.",
}


def describe_common_fields(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """Add descriptions to fields with common names. A hook of drf-spectacular."""
    for fields in _list_fields(result):
        for name in fields.keys() & COMMON_FIELDS.keys():
            fields[name].setdefault("description", COMMON_FIELDS[name])
    return result


def _list_fields(schema: Any) -> Iterator[dict[str, Any]]:
    """Yield the `properties` of every object in *schema*, at any depth."""
    for name, part in schema.items() if isinstance(schema, dict) else enumerate(schema):
        if name == "properties":
            yield part
        if isinstance(part, (dict, list)):
            yield from _list_fields(part)


def add_problems(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """Document the answers that no view declares. A hook of drf-spectacular."""
    result["components"]["schemas"]["Problem"] = PROBLEM
    for path in result["paths"].values():
        for operation in path.values():
            answers = operation["responses"]
            answers |= PROBLEMS
            if {"brandKey": []} in operation.get("security", []):
                answers |= TOO_MANY
            for parameter in operation["parameters"]:
                answers |= CONDITIONAL.get(parameter["name"], {})
    return result
