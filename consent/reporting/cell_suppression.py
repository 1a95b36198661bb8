"""Cell suppression: hide small counts so that they cannot be derived from totals.

Note [Withholding]. A brand reads whole calendar weeks (Monday to Sunday, UTC). They are broken down
by one dimension at a time, without filters. In each week and breakdown:

1. Hide counts from 1 to k − 1 and, if there are any, all zeros. Then also hide the
   alphabetically first visible count, while only one count is hidden or the hidden counts sum to
   less than 2 k. (With visible zeros, ten hidden cells that sum to ten would each be one. If the
   smallest visible cell were hidden instead, its neighbours would bound its value.)
2. Show the week's total if it is zero, or k or more. Otherwise hide the whole week. A total
   minus the visible counts therefore gives the sum of several cells, never a single one.
3. A longer period is the sum of the visible counts of its weeks, with the number of weeks that
   are missing. It contains nothing that the weeks do not.

Everything a brand can read is one of these numbers or a sum of them. Two breakdowns of one week
have only its total in common. Breakdowns cannot be crossed, because none can be filtered by
another.

Worked example with k = 10: email 40, post 12, sms 3. Hide sms (3 < 10). It would be the only hidden
cell, so hide email too. What remains is post 12, and the total of 55 reveals only 43 for email and
sms together.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

#: The smallest count of people that is shown to anyone but admins.
K = 10

Kind = TypeVar("Kind")


def mask_small_counts(counts: Mapping[Kind, int], *, k: int = K) -> dict[Kind, int | None]:
    """Return one week's counts with None in place of each hidden one."""
    if 0 < sum(counts.values()) < k:
        return dict.fromkeys(counts)
    hidden = [kind for kind, number in counts.items() if 0 < number < k]
    left = sorted((str(kind), kind) for kind, number in counts.items() if number >= k)
    while hidden and left and (len(hidden) < 2 or sum(counts[kind] for kind in hidden) < 2 * k):
        hidden.append(left.pop(0)[1])
    return {
        kind: None if kind in hidden or (hidden and number == 0) else number
        for kind, number in counts.items()
    }


def mask_small_total(number: int, *, k: int = K) -> int | None:
    """Return a week's total, or None if it must be hidden."""
    return None if 0 < number < k else number
