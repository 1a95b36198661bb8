"""The rows of an import that were not taken, and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate, islice
from typing import Any, ClassVar, NamedTuple

from django.db.models import Count, QuerySet

from consent import tables
from consent.models import Import, ImportProblem

#: So many rows of a group are named.
EXAMPLES = 5
#: So many rows of a file are read and sent at once.
PIECE = 500


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


class Group(NamedTuple):
    """Rows that were not taken for the same reason."""

    field: str
    code: str
    #: Of the first of them.
    detail: str
    size: int
    #: Some of them, as they count in all parts.
    rows: Sequence[int]


def find_groups(job: Import) -> list[Group]:
    """Return the reasons for which rows were not taken, the most frequent first."""
    told, found = Told(job), []
    kinds = of(job).order_by().values_list("field", "code").annotate(count=Count("pk"))
    for field, code, count in kinds.order_by("-count", "field", "code"):
        some = [told.said(each) for each in of(job).filter(field=field, code=code)[:EXAMPLES]]
        rows = [each["row_of_all"] for each in some]
        found.append(Group(field, code, some[0]["detail"], count, rows))
    return found


def csv_lines(job: Import) -> Iterator[bytes]:
    """All of them as a file, headings first."""
    told = Told(job)
    yield tables.written([told.HEADINGS])
    rows = of(job).iterator(PIECE)
    while piece := list(islice(rows, PIECE)):
        yield tables.written(told.said(each).values() for each in piece)
