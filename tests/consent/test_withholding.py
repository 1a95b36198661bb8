"""Whatever is withheld could have been something else, though one knows how it is withheld."""

from __future__ import annotations

from itertools import product

import pytest

from consent.reporting import cell_suppression

K = 4
KINDS = ("a", "b", "c")


def seen(counts: dict[str, int]) -> tuple[object, ...]:
    """All that is shown of one week."""
    shown = cell_suppression.mask_small_counts(counts, k=K)
    return cell_suppression.mask_small_total(sum(counts.values()), k=K), *(
        shown[kind] for kind in KINDS
    )


def test_no_withheld_count_can_be_worked_out() -> None:
    """Every table of three kinds: those that look alike differ in each withheld cell."""
    alike: dict[tuple[object, ...], list[tuple[int, ...]]] = {}
    for numbers in product(range(5 * K), repeat=3):
        if sum(numbers) >= 5 * K:
            continue  # what it is mistaken for may lie outside what is tried
        alike.setdefault(seen(dict(zip(KINDS, numbers, strict=True))), []).append(numbers)
    for shown, tables in alike.items():
        for place in range(3):
            if shown[place + 1] is None:
                assert len({table[place] for table in tables}) > 1, (shown, tables)


def test_few_are_never_shown() -> None:
    for numbers in product(range(3 * K), repeat=3):
        shown = seen(dict(zip(KINDS, numbers, strict=True)))
        assert all(each is None or each == 0 or each >= K for each in shown)  # type: ignore[operator]


def test_without_the_second_one_it_would_be_worked_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """The check above can fail: one withheld cell is the total less the others."""

    def naive(counts: dict[str, int], *, k: int) -> dict[str, int | None]:
        return {kind: None if 0 < number < k else number for kind, number in counts.items()}

    monkeypatch.setattr(cell_suppression, "mask_small_counts", naive)
    with pytest.raises(AssertionError):
        test_no_withheld_count_can_be_worked_out()
