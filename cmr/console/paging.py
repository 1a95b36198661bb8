"""Pages of what only grows: the newest first, and from each page on to what is older."""

from __future__ import annotations

from django.http import HttpRequest

from cmr.console.forms import MAX_SEQUENCE

#: So many rows of a list are on one page.
PAGE_SIZE = 30


def before(request: HttpRequest) -> int:
    """Below which number the page begins; above all numbers for the first page."""
    text = request.GET.get("before", "")
    is_number = text.isascii() and text.isdecimal() and len(text) < len(str(MAX_SEQUENCE))
    return int(text) if is_number else MAX_SEQUENCE
