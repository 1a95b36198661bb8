"""The rows of an import that were not taken, and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate, islice
from typing import Any, ClassVar, NamedTuple

from django.db.models import Count, QuerySet

from consent.models import Import, ImportProblem
from core import csv

#: So many rows of a group are named.
EXAMPLES = 5
#: So many rows of a file are read and sent at once.
PIECE = 500


def list_problems(job: Import) -> QuerySet[ImportProblem]:
    return ImportProblem.objects.filter(job=job).order_by("pk")


class DescribedProblem:
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


class ProblemGroup(NamedTuple):
    """Rows that were not taken for the same reason."""

    field: str
    code: str
    #: Of the first of them.
    detail: str
    size: int
    #: Some of them, as they count in all parts.
    rows: Sequence[int]


def group_problems(job: Import) -> list[ProblemGroup]:
    """Return the reasons for which rows were not taken, the most frequent first."""
    told, found = DescribedProblem(job), []
    kinds = list_problems(job).order_by().values_list("field", "code").annotate(count=Count("pk"))
    for field, code, count in kinds.order_by("-count", "field", "code"):
        some = [
            told.said(each) for each in list_problems(job).filter(field=field, code=code)[:EXAMPLES]
        ]
        rows = [each["row_of_all"] for each in some]
        found.append(ProblemGroup(field, code, some[0]["detail"], count, rows))
    return found


def write_problems_csv(job: Import) -> Iterator[bytes]:
    """All of them as a file, headings first."""
    told = DescribedProblem(job)
    yield csv.write_csv([told.HEADINGS])
    rows = list_problems(job).iterator(PIECE)
    while piece := list(islice(rows, PIECE)):
        yield csv.write_csv(told.said(each).values() for each in piece)
