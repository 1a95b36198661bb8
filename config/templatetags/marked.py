"""What the API says of itself, as HTML."""

from __future__ import annotations

from django import template
from django.utils.safestring import SafeString

from config.docs_site import markdown

register = template.Library()


@register.filter
def marked(text: str) -> SafeString:
    return SafeString(markdown.sentence(text))
