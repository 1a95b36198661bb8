"""Bulk checks: a list of contacts, or a stream of lines of any length."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

import orjson
from django.db import close_old_connections, connection
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from brands.api.access import BrandView
from brands.api.stream_slots import Streamed
from brands.models import Brand
from consent import checks
from consent.api import lines, wire
from consent.api.decisions import DecisionData, decision_data
from consent.api.other_times import (
    FIELDS,
    OtherTime,
    OtherTimeOrWord,
    supposed_of_brand,
)
from consent.decision import Choice, Decision, Question
from consent.identity import Contact, InvalidAddress
from core.json_bodies import BatchParser, DuplicateMember, load_json
from core.problem_details import Problem, build_problem

MAX_CONTACTS = 10_000
PIECE = 500
TAG = "brand: checks"


class ChecksRequest(wire.Matter, OtherTimeOrWord):
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
    def post(self, request: Request) -> HttpResponse:
        """Check up to 10,000 contacts.

        `data` has one result per contact, in the same order. An invalid contact gets `{"error": …}`
        in its place; the others are answered.
        """
        body = request.data if isinstance(request.data, dict) else {}
        given = {name: body[name] for name in FIELDS if name in body}
        matter = {k: v for k, v in body.items() if k != "contacts" and k not in given}
        question = _BulkQuestion(self.brand, read_question(self.brand, matter))
        if given:  # a plain batch needs no further serializer
            question.at_another_time(OtherTimeOrWord, given)
        contacts = [
            wire.read_contact(each, self.brand.namespace) for each in _listed(body.get("contacts"))
        ]
        answers = question.answer(contacts)
        written = b",".join(_pieces(answers))
        return HttpResponse(b'{"data":[%b]}' % written, content_type="application/json")


class StreamQuery(wire.Matter, OtherTime):
    """The question that a stream asks about each of its contacts."""


class Stream(BrandView):
    scope = "check"
    queries = {"POST": StreamQuery}
    streams_body = True
    max_body_bytes = staticmethod(
        lambda: 0
    )  # the body is streamed: the client may wait for answers

    @extend_schema(
        request={"application/x-ndjson": OpenApiTypes.STR},
        responses={
            (200, "application/x-ndjson"): OpenApiResponse(
                OpenApiTypes.STR, "One decision per line"
            )
        },
        tags=[TAG],
    )
    def post(self, request: Request) -> Streamed:
        """Check any number of contacts, sent as one JSON object per line.

        The answer has one decision per line, in the same order. An invalid line gets an error with
        its number, and the stream continues.
        """
        query = dict(request.query_params.items())
        moment = {name: query.pop(name) for name in ("at", "as_of") if name in query}
        question = _BulkQuestion(self.brand, read_question(self.brand, query))
        if moment:
            question.at_another_time(OtherTime, moment)
        written = self._written(question, _body_of(request._request))
        return Streamed(written, self.key)

    def _written(self, question: _BulkQuestion, source: Any) -> Iterator[bytes]:
        for batch in lines.batch_lines(source):
            look_at_connection_again()
            read = [_read_line(line, self.brand.namespace) for _, line in batch]
            answers = question.answer(read)
            yield b"".join(
                orjson.dumps(_numbered(answer, number), option=OPTIONS)
                for (number, _), answer in zip(batch, answers, strict=True)
            )


def _body_of(request: HttpRequest) -> Any:
    """Return the stream to read the body from, also for a body of unknown length."""
    if request.META.get("CONTENT_LENGTH"):
        return request
    return request.META["wsgi.input"]  # chunked: Django would treat it as empty


def look_at_connection_again() -> None:
    """Close dead database connections before the next batch of a stream that may last for hours."""
    if not connection.in_atomic_block:
        close_old_connections()


OPTIONS = orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE


def read_question(brand: Brand, given: Mapping[str, Any]) -> Question:
    matter = wire.Matter(data=given)
    matter.is_valid(raise_exception=True)
    return checks.build_bulk_question(brand.pk, **matter.validated_data)


def _listed(contacts: Any) -> Sequence[Any]:
    if not isinstance(contacts, list):
        raise Problem(422, "not_a_list", "`contacts` must be a list.", "contacts")
    if len(contacts) > MAX_CONTACTS:
        detail = f"At most {MAX_CONTACTS:,} contacts per call. Use checks/stream for more."
        raise Problem(413, "too_many_contacts", detail, "contacts")
    return contacts


@dataclass
class _BulkQuestion:
    """One question about many contacts, now or at another time."""

    brand: Brand
    question: Question
    at: datetime | None = None
    as_of: datetime | None = None
    supposing: Sequence[Choice] = ()

    def at_another_time(self, kind: type[OtherTime], given: Mapping[str, Any]) -> None:
        """Set the fields of another time.

        Raises:
            Problem: one of them is invalid.
        """
        now = timezone.now()
        read = kind(data=given, context={"now": now})
        read.is_valid(raise_exception=True)
        data = read.validated_data
        self.at, self.as_of = data.get("at"), data.get("as_of")
        if self.as_of:
            checks.check_not_in_future(self.as_of, now=now)
        self.supposing = supposed_of_brand(data, self.brand, now)

    def answer(self, read: Sequence[wire.Read]) -> Iterator[dict[str, Any]]:
        decided = self._decide([each for each in read if isinstance(each, Contact)])
        for each in read:
            if isinstance(each, Contact):
                yield _item(next(decided), self.brand)
            else:
                yield error_item(each)

    def _decide(self, contacts: Sequence[Contact]) -> Iterator[checks.Answer]:
        now = timezone.now()
        if self.as_of:
            return checks.check_contacts_as_of(self.question, contacts, as_of=self.as_of, now=now)
        moment = self.at or now
        return checks.check_contacts(self.question, contacts, now=moment, supposing=self.supposing)


def _pieces(answers: Iterator[dict[str, Any]]) -> Iterator[bytes]:
    """Yield the JSON of the items in pieces: 10,000 dictionaries at once do not fit a CPU cache."""
    while piece := list(islice(answers, PIECE)):
        yield orjson.dumps(piece, option=orjson.OPT_UTC_Z)[1:-1]


def _item(answer: Decision | InvalidAddress, brand: Brand) -> dict[str, Any]:
    if isinstance(answer, InvalidAddress):
        return error_item(build_problem(answer))
    return decision_data(answer, slug=brand.slug)


def error_item(problem: Problem) -> dict[str, Any]:
    return {"error": {"code": problem.get_codes(), "detail": str(problem.detail)}}


def _numbered(answer: dict[str, Any], line: int) -> dict[str, Any]:
    if "error" in answer:
        answer["error"]["line"] = line
    return answer


def _read_line(line: bytes, namespace: bytes) -> wire.Read:
    if len(line) > lines.LONGEST:
        return Problem(413, "line_too_long", f"A line can have at most {lines.LONGEST:,} bytes.")
    try:
        return wire.read_contact(load_json(line), namespace)
    except DuplicateMember as error:
        return Problem(422, "duplicate_field", str(error), error.field)
    except orjson.JSONDecodeError as error:
        return Problem(400, "parse_error", f"Invalid JSON: {error}")
