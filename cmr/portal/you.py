"""Language, place of residence, time zone and quiet hours."""

from __future__ import annotations

from datetime import time

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.dateparse import parse_time
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from cmr.models import Consumer
from cmr.portal import residences
from cmr.portal.person import browser_zone, for_consumers
from consent import decision, relationships
from consent.relationships import SettingsChange
from core import jurisdictions
from core.errors import DomainError


@require_http_methods(["GET", "HEAD", "POST"])
@for_consumers
def you(request: HttpRequest, consumer: Consumer) -> HttpResponse:
    error = ""
    if request.method == "POST":
        try:
            _save(request, consumer)
        except (DomainError, ValueError) as wrong:
            error = describe_settings_error(wrong)
        else:
            with translation.override(consumer.language or translation.get_language()):
                messages.success(request, _("Saved."))
            return redirect("you")
    context = {
        "subject": consumer.subject,
        "typed": request.POST,
        "languages": settings.LANGUAGES,
        "zones": sorted(decision.list_time_zones()),
        "places": residences.by_name(),
        "error": error,
    }
    return render(request, "cmr/you.html", context, status=422 if error else 200)


def describe_settings_error(error: Exception) -> str:
    """Return what is wrong with entered settings, in the reader's language."""
    if isinstance(error, decision.StartIsEnd):
        return _("The quiet hours begin when they end: leave both empty, or change one.")
    if isinstance(error, decision.UnknownTimeZone):
        return _("There is no such time zone.")
    if isinstance(error, jurisdictions.UnknownJurisdiction):
        return _("There is no such place.")
    return str(error)


def _save(request: HttpRequest, consumer: Consumer) -> None:
    """Save the settings.

    Raises:
        ValueError: its text says what is wrong.
        jurisdictions.UnknownJurisdiction, decision.UnknownTimeZone, decision.StartIsEnd
    """
    typed = {name: request.POST.get(name, "").replace("\0", "")[:40] for name in request.POST}
    consumer.subject = relationships.change_settings(
        consumer.subject_id, _changes(typed, browser_zone(request)), now=timezone.now()
    )
    consumer.language = typed.get("language", "")
    if consumer.language not in dict(settings.LANGUAGES):
        consumer.language = ""
    consumer.save(update_fields=["language"])


def _changes(typed: dict[str, str], zone: str) -> SettingsChange:
    """Return the entered changes. Quiet hours without a zone use the browser's, *zone*."""
    start, end = _time(typed.get("quiet_start", "")), _time(typed.get("quiet_end", ""))
    if (start is None) != (end is None):
        raise ValueError(_("Quiet hours need a beginning and an end."))
    return {
        "jurisdiction": typed.get("jurisdiction") or None,
        "time_zone": typed.get("time_zone", "") or (zone if start else ""),
        "quiet_hours": (start, end) if start is not None and end is not None else None,
    }


def _time(text: str) -> time | None:
    if not text:
        return None
    if (found := parse_time(text)) is None:
        raise ValueError(_("A time reads as 22:00."))
    return found.replace(second=0, microsecond=0)
