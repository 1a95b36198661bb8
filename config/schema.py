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
    "description": "Problem document (RFC 9457). Programs should rely on `code`; the texts are "
    "for people.",
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
    """Return the declaration of a response header."""
    return OpenApiParameter(
        name, str, OpenApiParameter.HEADER, required=required, response=True, description=says
    )


VERSION = OpenApiParameter(
    api.VERSION_HEADER,
    str,
    OpenApiParameter.HEADER,
    enum=api.API_VERSIONS,
    description="API version of the answer. Default: the oldest version.",
)
ALWAYS = [
    VERSION,
    _answered(
        "X-Request-Id",
        "Id of the request: yours if you sent one, otherwise ours. Problems contain it, too.",
    ),
    _answered(api.VERSION_HEADER, "API version of this answer."),
]
OF_BRANDS = [
    _answered("RateLimit-Policy", "Rate limit of the key: `q` calls in `w` seconds."),
    _answered("RateLimit", "Calls left (`r`), and seconds until the limit is reset (`t`)."),
]
OF_REPEATS = [
    idempotency.HEADER,
    _answered(
        idempotency.REPLAYED,
        "`true` if this is the stored answer of an earlier call.",
        required=False,
    ),
]
OF_ENDINGS = [
    _answered("Deprecation", "Date of deprecation (RFC 9745)."),
    _answered("Sunset", "Date of removal (RFC 8594)."),
    _answered("Link", "Documentation of the replacement."),
]


class Contract(AutoSchema):
    """Schema of a call, with its query parameters and the headers that no view declares."""

    def get_summary(self) -> str:
        """Return the first paragraph of the view's docstring."""
        summary: str = super().get_description().partition("\n\n")[0]
        return " ".join(summary.split())

    def get_description(self) -> str:  # type: ignore[override]  # its stubs are of DRF's
        """Return the rest of the view's docstring, which may be empty."""
        description: str = super().get_description().partition("\n\n")[2]
        return description

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


RETRY_AFTER = _answered("Retry-After", "Seconds to wait before trying again.", required=False)
PROBLEMS = {"4XX": _problem("Problem"), "503": _problem("Temporarily unavailable", RETRY_AFTER)}
TOO_MANY = {"429": _problem("Too many calls", *OF_BRANDS, RETRY_AFTER)}
#: Problems by the request header that can cause them.
CONDITIONAL = {
    api.IF_MATCH.name: {"412": _problem("Changed in the meantime")},
    api.IF_NONE_MATCH.name: {"304": {"description": "Not changed"}},
}

#: Descriptions of common fields that have none of their own.
COMMON_FIELDS = {
    "contact": "The person.",
    "purpose": "Code of a purpose, from `GET brand/purposes`.",
    "channel": "Channel of the message.",
    "topic": "Code of a topic of the brand.",
    "scope": "What the choice applies to. A part that is left out or null means any.",
    "decision": "Grant, deny, pause, limit, or clear (withdraw the earlier choice with the "
    "same scope).",
    "maker": "Who made the choice: the person, or the brand on their behalf.",
    "made_at": "When the choice was made.",
    "next_cursor": "Cursor of the next page; null on the last page.",
    "cursor": "`next_cursor` of the previous page.",
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
