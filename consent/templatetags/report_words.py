"""Numbers in a template as the reports write them."""

from __future__ import annotations

from collections.abc import Sequence

from django import template

from consent.pages import presenters
from consent.reporting import name_values

register = template.Library()


@register.filter
def format_value(value: object, sort: str) -> str:
    return presenters.format_text(value, sort)


@register.filter
def list_names(codes: Sequence[str], kind: str) -> str:
    """Return the names of these codes, with commas."""
    return name_values({kind: codes})[kind]
