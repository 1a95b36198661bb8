"""The personal forwarding address, for the part of a page that shows it."""

from __future__ import annotations

from django import template
from django.conf import settings
from django.utils import timezone

from cmr import mailbox
from cmr.mailbox import Forwarding
from cmr.models import Consumer

register = template.Library()


@register.simple_tag
def is_forwarding_offered() -> bool:
    """Return whether people can forward mail to this installation."""
    return bool(settings.MAILBOX_FORWARDING_DOMAIN)


@register.simple_tag
def find_forwarding(consumer: Consumer) -> Forwarding | None:
    """Return the person's address; None without one."""
    return mailbox.find_forwarding(consumer, now=timezone.now())
