"""What may be shown to a brand of few people, so that nothing withheld can be worked out.

Note [Withholding]. A brand reads whole calendar weeks (Monday to Sunday, UTC), broken down by one
thing at a time, with no filter. In each week and breakdown:

1. A count from 1 to k − 1 is withheld, and with it the zeros, and, while those withheld are only
   one or add up to less than 2 k, the first by name of those still shown. (Were zeros shown, ten
   withheld that add up to ten would each be one; were it the least, its neighbours would say what
   it can be.)
2. The week's total is shown where it is k or more (or zero); where it is not, its whole week is
   withheld. So a total minus what is shown leaves the sum of several, never one.
3. A longer time is the sum of what its weeks show, and says how many weeks it lacks; it holds
   nothing that the weeks do not.

Everything a brand can read is one of these numbers or a sum of them. Two breakdowns of one week
share its total alone, and one breakdown never meets another (none can be filtered by another).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

#: Fewer people than this are not shown to anyone but admins.
K = 10

Kind = TypeVar("Kind")


def mask_small_counts(counts: Mapping[Kind, int], *, k: int = K) -> dict[Kind, int | None]:
    """One week's counts by one thing, with None for what is withheld."""
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
    """A week's total, or None where it is withheld."""
    return None if 0 < number < k else number
