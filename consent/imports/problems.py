"""The rows of an import that were not taken, and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Any, ClassVar

from django.db.models import QuerySet

from consent import tables
from consent.models import Import, ImportProblem


def of(job: Import) -> QuerySet[ImportProblem]:
    return ImportProblem.objects.filter(job=job).order_by("pk")


class Told:
    """In the words of the API; rows count from 1, without the headings."""

    HEADINGS: ClassVar[Sequence[str]] = ["part", "row", "row_of_all", "field", "code", "detail"]

    def __init__(self, job: Import) -> None:
        rows = dict(job.parts.order_by("number").values_list("number", "rows"))
        #: By each part's number, how many rows the parts before it have.
        self.before = dict(zip(rows, accumulate(rows.values(), initial=0), strict=False))

    def said(self, problem: ImportProblem) -> dict[str, Any]:
        part, row = problem.place >> 32, problem.place & 0xFFFF_FFFF
        told = part, row, self.before[part] + row, problem.field, problem.code, problem.detail
        return dict(zip(self.HEADINGS, told, strict=True))


def csv_lines(job: Import) -> Iterator[bytes]:
    """All of them as a file, headings first."""
    told = Told(job)
    yield tables.written([told.HEADINGS])
    for each in of(job).iterator():
        yield tables.written([told.said(each).values()])
