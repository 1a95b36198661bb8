"""The picture of mails per week: bars of the companies that write most, one on the other.

It is an SVG without text, which stretches to any width. Its labels, its legend and its table are
HTML. Each part of a bar is a link that filters the list.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _

from cmr.mailbox import OTHERS, WeeklyMails

#: The size of a bar, and of the whole height, in the units of the SVG.
WEEK, BAR, HEIGHT = 10, 8, 100


@dataclass(frozen=True, slots=True)
class PictureSeries:
    """One company's bars. `shape` is the data of an SVG path."""

    name: str
    organisation: str
    number: int
    shape: str
    #: The filter of the list; empty for all others together.
    query: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class WeeklyPicture:
    """The picture and its figures. Each row of `table` has a week and the mails of each series."""

    width: int
    most: int
    first: date
    last: date
    series: Sequence[PictureSeries]
    table: Sequence[tuple[date, Sequence[int]]]

    @property
    def is_filtered(self) -> bool:
        return any(each.is_current for each in self.series)


def draw_weekly_picture(
    mails: WeeklyMails,
    names: Mapping[str, str],
    *,
    current: str,
    build_query: Callable[[str], str],
) -> WeeklyPicture:
    """Return the picture of *mails*.

    *names* are those of the organisations. *current* is the organisation that the list shows, and
    *build_query* returns the filter for one.
    """
    columns = list(zip(*(each.mails for each in mails.series), strict=True))
    most = max(map(sum, columns))
    series = [
        PictureSeries(
            names.get(each.organisation) or _("all others"),
            each.organisation,
            each.number,
            _draw_bars([column[: nth + 1] for column in columns], most),
            "" if each.organisation == OTHERS else build_query(each.organisation),
            each.organisation == current != OTHERS,
        )
        for nth, each in enumerate(mails.series)
    ]
    table = list(zip(mails.weeks, columns, strict=True))
    ends = mails.weeks[0], mails.weeks[-1]
    return WeeklyPicture(len(columns) * WEEK, most, *ends, series, table)


def _draw_bars(stacks: Sequence[Sequence[int]], most: int) -> str:
    """Return the path of one series' bars. The last number of each stack is its own.

    With `most` 4, the stack (1, 2) of the first week is `M1 25h8v50h-8z`: it stands on a quarter of
    the height, and is half as high as the whole.
    """
    scale = HEIGHT / most
    bars = (
        f"M{week * WEEK + 1} {HEIGHT - scale * sum(stack):.4g}"
        f"h{BAR}v{scale * stack[-1]:.4g}h-{BAR}z"
        for week, stack in enumerate(stacks)
        if stack[-1]
    )
    return "".join(bars)
