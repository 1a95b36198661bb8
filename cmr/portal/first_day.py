"""The steps after the first sign-up. Each can be skipped, and all can be continued later."""

from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from brands import workspaces
from brands.models import Brand
from cmr import accounts, choices
from cmr.models import Consumer
from cmr.portal import browser_guesses, residences, suggestions, undo_banner
from cmr.portal.person import browser_zone, for_consumers
from cmr.portal.you import describe_settings_error
from consent import decision, relationships
from core.errors import DomainError

#: What the steps are called, by their codes (`accounts.FIRST_DAY`).
TITLES = {
    "you": gettext_lazy("About you"),
    "choices": gettext_lazy("For all companies"),
    "companies": gettext_lazy("Your companies"),
    "passkey": gettext_lazy("Signing in"),
}
#: Well-known companies that are offered, and the most that can be added at once.
OFFERED, MOST_ADDED = 24, 100


@require_safe
@for_consumers
def welcome(request: HttpRequest, consumer: Consumer) -> HttpResponse:
    """Redirect to the step that the person is at; to the first page after the last step."""
    step = consumer.setup_step
    return redirect(f"welcome-{step}" if step in accounts.FIRST_DAY else "home")


def _show(
    request: HttpRequest, step: str, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    number = accounts.FIRST_DAY.index(step) + 1
    steps = [(code, f"welcome-{code}", title) for code, title in TITLES.items()]
    shared = {"step": step, "steps": steps, "number": number, "title": TITLES[step]}
    return render(request, f"cmr/first_day_{step}.html", shared | context, status=status)


def _go_on(consumer: Consumer, step: str) -> HttpResponse:
    following = accounts.go_past_step(consumer, step)
    return redirect(f"welcome-{following}" if following else "home")


# -- Language, place and time zone ---------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@for_consumers
def you(request: HttpRequest, consumer: Consumer) -> HttpResponse:
    """Confirm what the browser tells. POST saves it, unless the step is skipped."""
    if request.method != "POST":
        return _ask_about_you(request, consumer)
    if "skip" not in request.POST:
        try:
            _save_settings(request, consumer)
        except DomainError as wrong:
            return _ask_about_you(request, consumer, error=describe_settings_error(wrong))
    return _go_on(consumer, "you")


def _ask_about_you(request: HttpRequest, consumer: Consumer, *, error: str = "") -> HttpResponse:
    places = residences.by_name()
    subject = consumer.subject
    guessed = browser_guesses.guess_country(request, dict(places))
    context = {
        "languages": settings.LANGUAGES,
        "language": consumer.language or translation.get_language(),
        "places": places,
        "place": subject.jurisdiction or guessed,
        "zones": sorted(decision.list_time_zones()),
        "time_zone": subject.time_zone or browser_zone(request),
        "error": error,
    }
    return _show(request, "you", context, status=422 if error else 200)


def _save_settings(request: HttpRequest, consumer: Consumer) -> None:
    """Save the settings. Quiet hours, which the step does not ask for, stay as they are.

    Raises:
        jurisdictions.UnknownJurisdiction, decision.UnknownTimeZone
    """
    names = ("language", "jurisdiction", "time_zone")
    typed = {name: request.POST.get(name, "").replace("\0", "")[:40] for name in names}
    relationships.change_settings(
        consumer.subject_id,
        {"jurisdiction": typed["jurisdiction"] or None, "time_zone": typed["time_zone"]},
        now=timezone.now(),
    )
    is_known = typed["language"] in dict(settings.LANGUAGES)
    consumer.language = typed["language"] if is_known else ""
    consumer.save(update_fields=["language"])


# -- Choices for all companies -------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@for_consumers
def for_all(request: HttpRequest, consumer: Consumer) -> HttpResponse:
    """Show the switches for all companies, whose buttons go to `choose`. POST only goes on."""
    if request.method == "POST":
        return _go_on(consumer, "choices")
    context = {
        "everywhere": choices.read_global_choices(consumer, now=timezone.now()),
        "done": undo_banner.read_undo(request, consumer),
    }
    return _show(request, "choices", context)


# -- Companies -----------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@for_consumers
def companies(request: HttpRequest, consumer: Consumer) -> HttpResponse:
    """Offer ways to find companies. POST adds the ticked ones, unless the step is skipped."""
    if request.method == "POST":
        if "skip" not in request.POST:
            _add_ticked(request, consumer)
        return _go_on(consumer, "companies")
    offered = suggestions.list_suggestions(consumer, most=OFFERED)
    connected = workspaces.find_connected_brands((b.pk for b in offered), now=timezone.now())
    return _show(request, "companies", {"offered": offered, "connected": connected})


def _add_ticked(request: HttpRequest, consumer: Consumer) -> None:
    slugs = [each[:100].replace("\0", "") for each in request.POST.getlist("brand")[:MOST_ADDED]]
    ticked = list(Brand.objects.live().filter(slug__in=slugs).order_by("name", "pk"))
    for brand in ticked:
        choices.add_brand(consumer, brand, by="portal", now=timezone.now())
    if ticked:
        names = ", ".join(brand.name for brand in ticked)
        messages.success(request, _("Added to your companies: %s.") % names)


# -- Passkey -------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@for_consumers
def passkey(request: HttpRequest, consumer: Consumer) -> HttpResponse:
    """Lead to allauth's page for passkeys. POST ends the first day."""
    if request.method == "POST":
        return _go_on(consumer, "passkey")
    passkeys = Authenticator.objects.filter(user=consumer.user, type=Authenticator.Type.WEBAUTHN)
    return _show(request, "passkey", {"has_passkey": passkeys.exists()})
