"""Whether work grows with its size, whatever else the machine does: in CPU time, within one run."""

from __future__ import annotations

import time
from collections.abc import Callable

#: Four times the size takes four times as long where it is linear, and sixteen where quadratic.
FACTOR, MOST = 4, 9
#: What is too short to be measured, in seconds.
NOISE = 0.02


def is_linear(work: Callable[[int], object], size: int) -> bool:
    """Return whether *work* at four times the *size* costs less than nine times as much."""
    return _cost(work, FACTOR * size) < MOST * _cost(work, size) + NOISE


def _cost(work: Callable[[int], object], size: int) -> float:
    return min(_cost_once(work, size) for _ in range(3))


def _cost_once(work: Callable[[int], object], size: int) -> float:
    began = time.thread_time()
    work(size)
    return time.thread_time() - began
