"""Suppressed counts cannot be derived, even by who knows the method."""

from __future__ import annotations

from itertools import product

import pytest

from consent.reporting import cell_suppression

K = 4
KINDS = ("a", "b", "c")


def show_week(counts: dict[str, int]) -> tuple[object, ...]:
    """All that is shown of one week."""
    shown = cell_suppression.mask_small_counts(counts, k=K)
    return cell_suppression.mask_small_total(sum(counts.values()), k=K), *(
        shown[kind] for kind in KINDS
    )


def test_suppress_cells_all_tables_cannot_be_derived() -> None:
    """Every table of three kinds: those that look alike differ in each withheld cell."""
    alike: dict[tuple[object, ...], list[tuple[int, ...]]] = {}
    for numbers in product(range(5 * K), repeat=3):
        if sum(numbers) >= 5 * K:
            continue  # what it is mistaken for may lie outside what is tried
        alike.setdefault(show_week(dict(zip(KINDS, numbers, strict=True))), []).append(numbers)
    for shown, tables in alike.items():
        for place in range(3):
            if shown[place + 1] is None:
                assert len({table[place] for table in tables}) > 1, (shown, tables)


def test_suppress_cells_small_counts_are_hidden() -> None:
    for numbers in product(range(3 * K), repeat=3):
        shown = show_week(dict(zip(KINDS, numbers, strict=True)))
        assert all(each is None or each == 0 or each >= K for each in shown)  # type: ignore[operator]


def test_without_the_second_one_it_would_be_worked_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """The check above can fail: one withheld cell is the total less the others."""

    def naive(counts: dict[str, int], *, k: int) -> dict[str, int | None]:
        return {kind: None if 0 < number < k else number for kind, number in counts.items()}

    monkeypatch.setattr(cell_suppression, "mask_small_counts", naive)
    with pytest.raises(AssertionError):
        test_suppress_cells_all_tables_cannot_be_derived()
