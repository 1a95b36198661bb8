"""Bugs to plant into the started processes, each by replacing a few names of the product."""

from __future__ import annotations

from collections.abc import Callable

VARIANTS: dict[str, Callable[[], None]] = {}
