"""Cursor pagination of lists of any length.

A cursor holds the sort key of the last item of a page. So no item is skipped or repeated when rows
are added or deleted between two pages.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

import orjson
from django.core.exceptions import ValidationError
from django.db.models import Field, Model, Q, QuerySet
from rest_framework.response import Response

from core import time
from core.problem_details import Problem

M = TypeVar("M", bound=Model)
T = TypeVar("T")


def answer_page(
    rows: QuerySet[M],
    query: Mapping[str, Any],
    *,
    by: Sequence[str],
    write: Callable[[M], Mapping[str, Any]],
) -> Response:
    """Return a response with one page of *rows*, each serialised by *write*. See `cut_page`."""
    page, cursor = cut_page(rows, query, by=by)
    return Response({"data": [write(each) for each in page], "next_cursor": cursor})


def cut_page(
    rows: QuerySet[M], query: Mapping[str, Any], *, by: Sequence[str]
) -> tuple[list[M], str | None]:
    """Return the page that a `Page` query asks for, and the cursor of the next page (or None).

    *by* are the fields to order by, with `-` for descending order. Together they must be unique,
    and none may be null.

    Raises:
        Problem: 422 `invalid_cursor`.
    """
    names = [each.removeprefix("-") for each in by]
    if cursor := query.get("cursor"):
        place = _read_place([_field(rows.model, name) for name in names], cursor)
        rows = rows.filter(_beyond(by, place))
    limit = query["limit"]
    found = list(rows.order_by(*by)[: limit + 1])
    page = found[:limit]
    if len(found) == len(page):
        return page, None
    return page, write_cursor(getattr(page[-1], name) for name in names)


def cut_list(
    items: Iterable[T],
    query: Mapping[str, Any],
    *,
    key: Callable[[T], str],
    reverse: bool = False,
) -> tuple[list[T], str | None]:
    """Return a page and the next cursor for *items* that are not rows.

    The items are ordered by *key*, which must be unique.

    Raises:
        Problem: 422 `invalid_cursor`.
    """
    later = sorted(items, key=key, reverse=reverse)
    if cursor := query.get("cursor"):
        (place,) = read_cursor(cursor, 1)
        later = [each for each in later if (key(each) < place if reverse else key(each) > place)]
    page = later[: query["limit"]]
    return page, write_cursor([key(page[-1])]) if len(later) > len(page) else None


def write_cursor(place: Iterable[object]) -> str:
    """Return *place*, the sort key of an item, as an opaque cursor."""
    return base64.urlsafe_b64encode(orjson.dumps([str(each) for each in place])).decode()


def read_cursor(cursor: str, length: int) -> list[str]:
    """Return the sort key that `write_cursor` was given, as *length* strings.

    Raises:
        Problem: 422 `invalid_cursor`.
    """
    try:
        place = orjson.loads(base64.urlsafe_b64decode(cursor))
    except ValueError as error:
        raise _invalid_cursor() from error
    if not isinstance(place, list) or len(place) != length:
        raise _invalid_cursor()
    if not all(isinstance(each, str) and "\0" not in each for each in place):
        raise _invalid_cursor()
    return place


def check_moment(moment: datetime) -> datetime:
    """Return a time of a cursor in UTC.

    It is converted because PostgreSQL does not accept every UTC offset that Python accepts.

    Raises:
        Problem: 422 `invalid_cursor`.
    """
    if moment.tzinfo is None or not time.is_in_range(moment):
        raise _invalid_cursor()
    return moment.astimezone(UTC)


def _read_place(fields: Sequence[Field[Any, Any]], cursor: str) -> list[Any]:
    texts = read_cursor(cursor, len(fields))
    try:
        place = [field.to_python(text) for field, text in zip(fields, texts, strict=True)]
        for field, value in zip(fields, place, strict=True):
            field.run_validators(value)
    except (ValidationError, OverflowError) as error:
        raise _invalid_cursor() from error
    return [check_moment(each) if isinstance(each, datetime) else each for each in place]


def _field(model: type[Model], name: str) -> Field[Any, Any]:
    field = model._meta.pk if name == "pk" else model._meta.get_field(name)
    assert isinstance(field, Field)
    return field


def _beyond(by: Sequence[str], place: Sequence[Any]) -> Q:
    """Return the condition for rows after *place* in the order of *by*.

    For `["name", "id"]` and `["Acme", 7]`: name > 'Acme' or (name = 'Acme' and id > 7).
    """
    later, same = Q(), Q()
    for each, value in zip(by, place, strict=True):
        name = each.removeprefix("-")
        step = "lt" if each.startswith("-") else "gt"
        later |= same & Q(**{f"{name}__{step}": value})
        same &= Q(**{name: value})
    return later


def _invalid_cursor() -> Problem:
    return Problem(
        422, "invalid_cursor", "Unknown cursor. Use `next_cursor` of the previous page.", "cursor"
    )
