"""Paging of lists that only grow: newest first, with a link to older rows on each page."""

from __future__ import annotations

from django.http import HttpRequest

from cmr.console.forms import MAX_SEQUENCE

#: The number of rows on one page.
PAGE_SIZE = 30


def before(request: HttpRequest) -> int:
    """Return the number below which the page begins; for the first page, a maximum."""
    text = request.GET.get("before", "")
    is_number = text.isascii() and text.isdecimal() and len(text) < len(str(MAX_SEQUENCE))
    return int(text) if is_number else MAX_SEQUENCE
