"""What a mailbox shows of a company, in words for templates."""

from __future__ import annotations

from collections.abc import Iterable

from django import template

from cmr.mailbox import Company
from cmr.models import Sender
from cmr.portal import mailbox_words

register = template.Library()


@register.filter
def kinds_of_mail(companies: Iterable[Company]) -> str:
    return mailbox_words.describe_kinds(companies)


@register.filter
def kind_of_mail(sender: Sender) -> str:
    text = mailbox_words.describe_sender(sender)
    return text[:1].upper() + text[1:]


@register.filter
def rate(mails: float) -> str:
    return mailbox_words.describe_rate(mails)


@register.filter
def receipts_rate(mails: float) -> str:
    return mailbox_words.describe_receipts(mails)


@register.filter
def high_junk(share: float) -> str:
    return mailbox_words.describe_junk(share)


@register.filter
def signature(code: str) -> str:
    return str(mailbox_words.SIGNATURES.get(code, code))  # type: ignore[call-overload]
