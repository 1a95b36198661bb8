"""The rows of an import that were not taken, and why."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet

from consent import tables
from consent.models import Import, ImportProblem


def of(job: Import) -> QuerySet[ImportProblem]:
    return ImportProblem.objects.filter(job=job).order_by("pk")


def said(problem: ImportProblem) -> dict[str, Any]:
    """One of them, in the words of the API; rows count from 1, without the headings."""
    return {
        "part": problem.place >> 32,
        "row": problem.place & 0xFFFF_FFFF,
        "field": problem.field,
        "code": problem.code,
        "detail": problem.detail,
    }


def csv_lines(job: Import) -> Iterator[bytes]:
    """All of them as a file, headings first."""
    yield tables.written([["part", "row", "field", "code", "detail"]])
    for each in of(job).iterator():
        yield tables.written([said(each).values()])
