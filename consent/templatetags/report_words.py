"""Numbers in a template as the reports write them."""

from __future__ import annotations

from django import template

from consent.pages import shown as words

register = template.Library()


@register.filter
def shown(value: object, sort: str) -> str:
    return words.text(value, sort)
