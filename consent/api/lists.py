"""Shared parts of exports and suppression lists: formats, `since`, and streaming."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar

import orjson
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse
from rest_framework import serializers

from brands import events
from brands.api.stream_slots import Streamed
from brands.models import Brand, BrandKey
from consent.api.batches import OPTIONS, look_at_connection_again
from core.api import QueryNumber, StrictSerializer
from core.csv import write_csv
from core.problem_details import Problem

RESPONSES = {
    (200, "application/x-ndjson"): OpenApiResponse(OpenApiTypes.STR, "One person per line"),
    (200, "text/csv"): OpenApiResponse(OpenApiTypes.STR, "With `form=csv`."),
}
log = logging.getLogger(__name__)
CUT_OFF = {
    "ndjson": b'{"error":{"code":"cut_off","detail":"This list is not whole; ask again."}}\n',
    "csv": b"error,cut_off\r\n",
}
T = TypeVar("T")
Batches = Iterable[Sequence[T]]


class SinceQuery(StrictSerializer):
    since = QueryNumber(
        required=False,
        min_value=0,
        max_value=2**63 - 1,
        help_text="Only people with an event after this sequence.",
    )
    form = serializers.ChoiceField(list(Streamed.FORMS), default="ndjson")


def through(brand: Brand, *, since: int | None) -> int:
    """Return the value that the caller gives as `since` next time.

    Read it before the list, so that later changes are in the next delta.

    Raises:
        Problem: 422 `beyond_stream`. An empty delta would look as if nothing had changed.
    """
    last = events.read_last_sequence(brand.pk)
    if since is not None and not events.has_reached(brand.pk, since):
        raise Problem(422, "beyond_stream", f"Your stream ends at {last}.", "since")
    return last


def streamed(lines: Iterator[bytes], key: BrandKey, *, form: str, through: int) -> Streamed:
    """Return a streaming response of the rows.

    Raises:
        TooManyStreams
    """
    answer = Streamed(_or_cut_off(lines, form), key, form=form)
    answer["X-Through-Sequence"] = str(through)
    return answer


def _or_cut_off(lines: Iterator[bytes], form: str) -> Iterator[bytes]:
    """Add a last line if the stream fails: the server would end it like a complete one."""
    try:
        yield from lines
    except Exception:
        log.exception("a list was cut off")
        yield CUT_OFF[form]


def ndjson(batches: Batches[T], line: Callable[[T], dict[str, Any]]) -> Iterator[bytes]:
    for batch in batches:
        look_at_connection_again()
        yield b"".join(orjson.dumps(line(each), option=OPTIONS) for each in batch)


def csv(
    names: Sequence[str], batches: Batches[T], rows: Callable[[T], Iterable[Iterable[Any]]]
) -> Iterator[bytes]:
    """Yield the rows as CSV with the columns *names*; each item of *rows* is a batch."""
    yield write_csv([names], for_people=False)
    for batch in batches:
        look_at_connection_again()
        lines = (row for each in batch for row in rows(each))
        yield write_csv(lines, for_people=False)
