"""Putting another function in place of one of the product's, wherever it is imported."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest

PRODUCT = ("core", "brands", "consent", "cmr", "config", "devstack")


def replace_everywhere(
    monkeypatch: pytest.MonkeyPatch, original: Callable[..., Any], by: Callable[..., Any]
) -> None:
    """Put *by* in place of *original* in each of our modules that holds it."""
    for module in list(sys.modules.values()):
        if module.__name__.partition(".")[0] in PRODUCT:
            for name, value in list(vars(module).items()):
                if value is original:
                    monkeypatch.setattr(module, name, by)
