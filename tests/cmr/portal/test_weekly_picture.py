"""The bars of the picture: their heights, places and links."""

from __future__ import annotations

from datetime import date

from cmr.mailbox import OTHERS, WeeklyMails, WeeklySeries
from cmr.portal.weekly_picture import WeeklyPicture, draw_weekly_picture

WEEKS = [date(2026, 1, 5), date(2026, 1, 12)]


def draw(*series: WeeklySeries, current: str = "") -> WeeklyPicture:
    return draw_weekly_picture(
        WeeklyMails(WEEKS, series),
        {"a.example": "A"},
        current=current,
        build_query=lambda name: f"company={name}",
    )


def test_draw_weekly_picture_stacks_series() -> None:
    picture = draw(WeeklySeries("a.example", [1, 0]), WeeklySeries(OTHERS, [2, 4]))
    first, others = picture.series
    assert first.shape == "M1 75h8v25h-8z"
    assert others.shape == "M1 25h8v50h-8zM11 0h8v100h-8z"
    assert (picture.most, picture.width) == (4, 20)
    assert picture.table == [(WEEKS[0], (1, 2)), (WEEKS[1], (0, 4))]


def test_draw_weekly_picture_links_companies_but_not_others() -> None:
    picture = draw(WeeklySeries("a.example", [1, 1]), WeeklySeries(OTHERS, [1, 1]))
    assert [(each.name, each.query) for each in picture.series] == [
        ("A", "company=a.example"),
        ("all others", ""),
    ]
    assert not picture.is_filtered


def test_draw_weekly_picture_marks_current_company() -> None:
    picture = draw(
        WeeklySeries("a.example", [1, 1]), WeeklySeries(OTHERS, [1, 1]), current="a.example"
    )
    assert [each.is_current for each in picture.series] == [True, False]
    assert picture.is_filtered
