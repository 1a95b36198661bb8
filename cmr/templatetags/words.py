"""The same words for templates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta

from django import template
from django.utils import timezone
from django.utils.translation import get_language

from brands.models import Purpose
from cmr.personal_data import NamedEntry
from cmr.portal import words
from consent.decision import Decision, Limit

register = template.Library()


@register.filter
def purpose(code: str | None) -> str:
    return words.purpose(code)


@register.filter
def channel(code: str | None) -> str:
    return words.channel(code)


@register.filter
def channel_title(code: str | None) -> str:
    text = words.channel(code)
    return text[:1].upper() + text[1:]


@register.filter
def title_of(one: Purpose) -> str:
    return words.title(one)


@register.filter
def description_of(one: Purpose) -> str:
    return words.description(one)


@register.filter
def decision_text(named: NamedEntry) -> str:
    return words.describe_decision(named)


@register.filter
def before(decision: str | None) -> str:
    return words.before(decision)


@register.filter
def source(code: str) -> str:
    return str(words.SOURCES.get(code, code))


@register.filter
def state(code: str) -> str:
    return str(words.STATES[code])


@register.filter
def brand_status(code: str) -> str:
    return str(words.BRAND_STATUSES[code])


@register.filter
def reason(code: str) -> str:
    return str(words.REASONS.get(code, code))


@register.filter
def rule(code: str) -> str:
    return str(words.RULES.get(code, code))


@register.simple_tag
def tomorrow() -> str:
    """Return the next day by the person's clock, as a date field takes it."""
    return (timezone.localdate() + timedelta(days=1)).isoformat()


@register.filter
def pressed(decision: Decision) -> str:
    """Return the button that somebody pressed: grant, deny, or none for a default or a pause."""
    if decision.because is None or decision.rule in ("person_paused", "brand_paused"):
        return ""
    return "grant" if decision.allowed else "deny"


@register.filter
def at_most(limit: Limit) -> str:
    return words.at_most(limit.max, limit.per)


@register.filter
def is_web(address: str) -> bool:
    """Whether a company's address may be a link: it comes from a directory that others write."""
    return address.startswith(("https://", "http://"))


@register.filter
def difficulty(code: str) -> str:
    return str(words.DIFFICULTIES.get(code, code))


@register.filter
def in_language(texts: Mapping[str, str] | None) -> str:
    """Return the text in the reader's language, or else in English; empty if there is none."""
    known = texts or {}
    return known.get(get_language() or "en") or known.get("en", "")


@register.filter
def listed(codes: Iterable[str]) -> str:
    """Purposes and topics within a sentence, by commas."""
    return ", ".join(words.purpose(code) if code in words.PURPOSES else code for code in codes)


@register.filter
def in_categories(codes: Iterable[str]) -> str:
    """Return what a company is, by commas, with a capital letter."""
    text = ", ".join(str(words.CATEGORIES.get(code, code)) for code in codes)
    return text[:1].upper() + text[1:]
