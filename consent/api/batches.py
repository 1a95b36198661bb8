"""Ask about thousands at once: a list and its answers, or a stream of lines without an end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson
from django.db import close_old_connections, connection
from django.http import HttpRequest
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from brands.api.access import BrandView
from brands.models import Brand
from brands.wire import BatchParser, Problem, translating
from consent import batches
from consent.api import lines, wire
from consent.api.checks import DecisionData, decision_data
from consent.api.places import Streamed
from consent.identifiers import Contact, InvalidAddress
from consent.resolution import Decision, Question

MAX_CONTACTS = 10_000
WAYS = {"email": 320, "phone": 40, "sha256": 64, "ref": 200}  # and how long each may be
TAG = "brand: checks"

#: A contact, or why it is none.
Read = Contact | Problem


class ChecksRequest(wire.Matter):
    contacts = serializers.ListField(
        child=wire.ContactField(), help_text=f"Up to {MAX_CONTACTS:,}."
    )


class ItemError(serializers.Serializer[object]):
    code = serializers.CharField()
    detail = serializers.CharField()


class Item(DecisionData):
    """A decision, or an `error` in its place."""

    error = ItemError(required=False)

    def get_fields(self) -> dict[str, Any]:
        fields = super().get_fields()
        for each in fields.values():
            each.required = False
        return fields


class ItemList(serializers.Serializer[object]):
    data = Item(many=True)  # type: ignore[assignment]


class Checks(BrandView):
    scope = "check"
    parser_classes = (BatchParser,)

    @extend_schema(request=ChecksRequest, responses=ItemList, tags=[TAG])
    def post(self, request: Request) -> Response:
        """Up to 10,000 contacts, one answer each, in their order.

        A contact that is none gets `{"error": …}` in its place; the others are answered.
        """
        body = request.data if isinstance(request.data, dict) else {}
        question = question_of(self.brand, {k: v for k, v in body.items() if k != "contacts"})
        contacts = [read_contact(each) for each in _listed(body.get("contacts"))]
        return Response({"data": _answers(question, contacts, self.brand)})


class Stream(BrandView):
    scope = "check"
    streams_body = True

    @extend_schema(
        parameters=[wire.Matter],
        request={"application/x-ndjson": OpenApiTypes.STR},
        responses={
            (200, "application/x-ndjson"): OpenApiResponse(OpenApiTypes.STR, "A decision a line")
        },
        tags=[TAG],
    )
    def post(self, request: Request) -> Streamed:
        """Any number of contacts, one JSON object a line; one decision a line, in their order.

        A line that is no contact gets an error with its number, and the stream goes on.
        """
        question = question_of(self.brand, dict(request.query_params.items()))
        written = self._written(question, _body_of(request._request))
        return Streamed(written, self.brand)

    def _written(self, question: Question, source: Any) -> Iterator[bytes]:
        for batch in lines.batches(source):
            answers = _answers(question, [_read_line(line) for _, line in batch], self.brand)
            look_at_connection_again()
            for (number, _), answer in zip(batch, answers, strict=True):
                if "error" in answer:
                    answer["error"]["line"] = number
            yield b"".join(orjson.dumps(answer, option=OPTIONS) for answer in answers)


def _body_of(request: HttpRequest) -> Any:
    """The body to read from, also of a request that does not say how long it is."""
    if request.META.get("CONTENT_LENGTH"):
        return request
    return request.META["wsgi.input"]  # chunked: Django would take it for empty


def look_at_connection_again() -> None:
    """A stream may last for hours: the next batch finds out whether the connection still lives."""
    if not connection.in_atomic_block:
        close_old_connections()


OPTIONS = orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE


def question_of(brand: Brand, given: Mapping[str, Any]) -> Question:
    matter = wire.Matter(data=given)
    matter.is_valid(raise_exception=True)
    with translating(wire.PROBLEMS):
        return batches.question(brand.pk, **matter.validated_data)


def _listed(contacts: Any) -> Sequence[Any]:
    if not isinstance(contacts, list):
        raise Problem(422, "not_a_list", "Give a list of contacts.", "contacts")
    if len(contacts) > MAX_CONTACTS:
        detail = f"A batch may have {MAX_CONTACTS:,} contacts; use checks/stream for more."
        raise Problem(413, "too_many_contacts", detail, "contacts")
    return contacts


def _answers(question: Question, read: Sequence[Read], brand: Brand) -> list[dict[str, Any]]:
    contacts = [each for each in read if isinstance(each, Contact)]
    decided = iter(batches.check_many(question, contacts, now=timezone.now()))
    return [
        _item(next(decided), brand) if isinstance(each, Contact) else _error(each) for each in read
    ]


def _item(answer: Decision | InvalidAddress, brand: Brand) -> dict[str, Any]:
    if isinstance(answer, InvalidAddress):
        return _error(Problem(422, "invalid_contact", str(answer)))
    return decision_data(answer, brand)


def _error(problem: Problem) -> dict[str, Any]:
    return {"error": {"code": problem.get_codes(), "detail": str(problem.detail)}}


def _read_line(line: bytes) -> Read:
    if len(line) > lines.LONGEST:
        return Problem(413, "line_too_long", f"A line may have {lines.LONGEST:,} bytes.")
    try:
        return read_contact(orjson.loads(line))
    except orjson.JSONDecodeError as error:
        return Problem(400, "parse_error", f"This is not JSON: {error}")


def read_contact(given: Any) -> Read:
    """A contact as `wire.ContactField` reads it, without the cost of a serializer for each."""
    if not isinstance(given, dict) or len(given) != 1:
        return Problem(422, "one", "Give exactly one of email, phone, sha256 and ref.")
    ((way, value),) = given.items()
    if way not in WAYS:
        return Problem(422, "unknown_field", "Give exactly one of email, phone, sha256 and ref.")
    if not isinstance(value, str) or not value.strip() or len(value) > WAYS[way] or "\0" in value:
        return Problem(422, "invalid", f"{way}: a text of up to {WAYS[way]} characters.")
    return Contact(**{way: value.strip()})
