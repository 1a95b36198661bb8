"""How long a code that was mailed is good."""

from __future__ import annotations

from django import template
from django.conf import settings

register = template.Library()


@register.simple_tag
def minutes_of_code() -> int:
    """Return for how many minutes a mailed code is good."""
    return int(settings.MAILED_CODE_SECONDS // 60)
