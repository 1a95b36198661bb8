"""What the API says of itself, as HTML."""

from __future__ import annotations

from django import template
from django.utils.safestring import SafeString, mark_safe

from config.docs_site import markdown

register = template.Library()


@register.filter
def marked(text: str) -> SafeString:
    return mark_safe(markdown.sentence(text))
