"""The rows of an import that were rejected, with the reasons."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate, islice
from typing import Any, ClassVar, NamedTuple

from django.db.models import Count, QuerySet

from consent.models import Import, ImportProblem
from core import csv

#: The number of example rows for each group.
EXAMPLES = 5
#: The number of rows of a file that are read and sent at once.
PIECE = 500


def list_problems(job: Import) -> QuerySet[ImportProblem]:
    return ImportProblem.objects.filter(job=job).order_by("pk")


class DescribedProblem:
    """A description of an import's problems as the API returns them.

    Rows count from 1, without the headings.
    """

    HEADINGS: ClassVar[Sequence[str]] = ["part", "row", "row_of_all", "field", "code", "detail"]

    def __init__(self, job: Import) -> None:
        rows = dict(job.parts.order_by("number").values_list("number", "rows"))
        #: By the number of each part, the number of rows in the parts before it.
        self.before = dict(zip(rows, accumulate(rows.values(), initial=0), strict=False))

    def describe(self, problem: ImportProblem) -> dict[str, Any]:
        part, row = problem.place >> 32, problem.place & 0xFFFF_FFFF
        told = part, row, self.before[part] + row, problem.field, problem.code, problem.detail
        return dict(zip(self.HEADINGS, told, strict=True))


class ProblemGroup(NamedTuple):
    """Rows that were rejected for the same reason."""

    field: str
    code: str
    #: The detail of the first row.
    detail: str
    size: int
    #: The numbers of some of the rows, counted across all parts.
    rows: Sequence[int]


def group_problems(job: Import) -> list[ProblemGroup]:
    """Return the reasons for rejected rows, the most frequent first."""
    told, found = DescribedProblem(job), []
    kinds = list_problems(job).order_by().values_list("field", "code").annotate(count=Count("pk"))
    for field, code, count in kinds.order_by("-count", "field", "code"):
        some = [
            told.describe(each)
            for each in list_problems(job).filter(field=field, code=code)[:EXAMPLES]
        ]
        rows = [each["row_of_all"] for each in some]
        found.append(ProblemGroup(field, code, some[0]["detail"], count, rows))
    return found


def write_problems_csv(job: Import) -> Iterator[bytes]:
    """Yield all problems as a CSV file, headings first."""
    told = DescribedProblem(job)
    yield csv.write_csv([told.HEADINGS], for_people=False)
    rows = list_problems(job).iterator(PIECE)
    while piece := list(islice(rows, PIECE)):
        yield csv.write_csv((told.describe(each).values() for each in piece), for_people=False)
