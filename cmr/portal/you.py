"""The person's own: language, place, clock, addresses, sessions, programs, and their data."""

from __future__ import annotations

from datetime import time
from typing import Any

from allauth.account.decorators import reauthentication_required
from allauth.mfa.utils import is_mfa_enabled
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone, translation
from django.utils.dateparse import parse_time
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from brands import jurisdictions
from cmr import accounts, contacts, erasure, export, texting, tokens
from cmr.models import AccessToken, Consumer, ContactKind, ContactPoint, PendingContact
from cmr.portal import places
from cmr.portal.person import for_consumers
from consent import identifiers, profile, quiet_hours
from consent.profile import Changes


@require_http_methods(["GET", "HEAD", "POST"])
@for_consumers
def you(request: HttpRequest, consumer: Consumer) -> HttpResponse:
    error = ""
    if request.method == "POST":
        try:
            _save(request, consumer)
        except ValueError as wrong:
            error = _wrong(wrong)
        else:
            with translation.override(consumer.language or translation.get_language()):
                messages.success(request, _("Saved."))
            return redirect("you")
    context = {
        "subject": consumer.subject,
        "typed": request.POST,
        "languages": settings.LANGUAGES,
        "zones": sorted(quiet_hours.known_zones()),
        "places": places.by_name(),
        "error": error,
    }
    return render(request, "cmr/you.html", context, status=422 if error else 200)


def _wrong(error: ValueError) -> str:
    if isinstance(error, quiet_hours.StartIsEnd):
        return _("The quiet hours begin when they end: leave both empty, or change one.")
    if isinstance(error, quiet_hours.UnknownTimeZone):
        return _("There is no such time zone.")
    if isinstance(error, jurisdictions.UnknownJurisdiction):
        return _("There is no such place.")
    return str(error)


def _save(request: HttpRequest, consumer: Consumer) -> None:
    """Raises ValueError with what is wrong."""
    typed = {name: request.POST.get(name, "").replace("\0", "")[:40] for name in request.POST}
    consumer.subject = profile.change(consumer.subject_id, _changes(typed))
    consumer.language = typed.get("language", "")
    if consumer.language not in dict(settings.LANGUAGES):
        consumer.language = ""
    consumer.save(update_fields=["language"])


def _changes(typed: dict[str, str]) -> Changes:
    start, end = _time(typed.get("quiet_start", "")), _time(typed.get("quiet_end", ""))
    if (start is None) != (end is None):
        raise ValueError(_("Quiet hours need a beginning and an end."))
    return {
        "jurisdiction": typed.get("jurisdiction") or None,
        "time_zone": typed.get("time_zone", ""),
        "quiet_hours": (start, end) if start is not None and end is not None else None,
    }


def _time(text: str) -> time | None:
    if not text:
        return None
    if (found := parse_time(text)) is None:
        raise ValueError(_("A time reads as 22:00."))
    return found.replace(second=0, microsecond=0)


@require_safe
@for_consumers
def addresses(request: HttpRequest, consumer: Consumer) -> HttpResponse:
    return _addresses(request, consumer)


def _addresses(request: HttpRequest, consumer: Consumer, error: str = "") -> HttpResponse:
    fresh = consumer.pending.filter(sent_at__gt=timezone.now() - contacts.GOOD_FOR)
    context = {
        "points": consumer.contact_points.order_by("kind", "pk"),
        "pending": fresh.order_by("pk"),
        "numbers": texting.is_possible(),
        "typed": request.POST,
        "error": error,
    }
    return render(request, "cmr/addresses.html", context, status=422 if error else 200)


@require_POST
@for_consumers
def add_address(request: HttpRequest, consumer: Consumer) -> HttpResponse:
    kind, text = request.POST.get("kind", ""), request.POST.get("value", "").replace("\0", "")
    if kind not in ContactKind.values:
        return _addresses(request, consumer, _("Say whether it is an address or a number."))
    try:
        contacts.begin(consumer, kind=kind, text=text[:320], now=timezone.now())
    except identifiers.InvalidAddress:
        return _addresses(request, consumer, _invalid(kind))
    except contacts.NoNumbers:
        return _addresses(request, consumer, _("Numbers cannot be proved here."))
    except contacts.TooSoon:
        return _addresses(request, consumer, _("A code was sent a moment ago. Wait half a minute."))
    messages.success(request, _("We sent a code there. Type it below."))
    return redirect("addresses")


def _invalid(kind: str) -> str:
    if kind == ContactKind.PHONE:
        return _("A phone number starts with + and its country code, as +49 151 12345678.")
    return _("This is not an e-mail address.")


@require_POST
@for_consumers
def prove_address(request: HttpRequest, consumer: Consumer, pending_id: int) -> HttpResponse:
    pending = get_object_or_404(PendingContact, pk=pending_id, consumer=consumer)
    code = request.POST.get("code", "")[:20]
    try:
        point = contacts.prove(pending, code, now=timezone.now())
    except contacts.WrongCode:
        return _addresses(request, consumer, _("This is not our code, or it is too old."))
    except accounts.AddressTaken:
        return _addresses(request, consumer, _("Another account has this address."))
    messages.success(request, _("%s is yours.") % point.value)
    return redirect("addresses")


@require_POST
@for_consumers
def remove_address(request: HttpRequest, consumer: Consumer, point_id: int) -> HttpResponse:
    point = get_object_or_404(ContactPoint, pk=point_id, consumer=consumer)
    try:
        accounts.remove_contact(point)
    except accounts.LastAddress:
        return _addresses(request, consumer, _("This is your only address; add another one first."))
    messages.success(request, _("%s was removed.") % point.value)
    return redirect("addresses")


@require_safe
@for_consumers
def security(request: HttpRequest, consumer: Consumer) -> HttpResponse:
    user = consumer.user
    context = {
        "has_password": user.has_usable_password(),
        "has_factor": is_mfa_enabled(user),
        "sessions": UserSession.objects.filter(user=user).count(),
        "tokens": consumer.tokens.filter(revoked_at=None).order_by("-pk"),
        "new_token": None,
    }
    return render(request, "cmr/security.html", context)


@require_POST
@for_consumers
def sign_out_everywhere(request: HttpRequest, consumer: Consumer) -> HttpResponse:
    """End every session, this one too."""
    for session in UserSession.objects.filter(user=consumer.user):
        session.end()
    logout(request)
    messages.success(request, _("You are signed out everywhere."))
    return redirect("home")


@require_http_methods(["GET", "HEAD", "POST"])
@reauthentication_required  # type: ignore[untyped-decorator]
@for_consumers
def issue_token(request: HttpRequest, consumer: Consumer) -> HttpResponse:
    """A token for a program that acts for the person; shown once."""
    text = None
    if request.method == "POST":
        name = request.POST.get("name", "").replace("\0", "").strip()[:100] or _("A program")
        text = tokens.issue(consumer, name=name)
    return render(request, "cmr/token.html", {"text": text})


@require_POST
@for_consumers
def revoke_token(request: HttpRequest, consumer: Consumer, token_id: int) -> HttpResponse:
    token = get_object_or_404(AccessToken, pk=token_id, consumer=consumer)
    tokens.revoke(token, now=timezone.now())
    messages.success(request, _("%s may act for you no longer.") % token.name)
    return redirect("security")


@require_safe
@for_consumers
def data(request: HttpRequest, consumer: Consumer) -> HttpResponse:
    sizes: dict[str, Any] = {name: len(rows) for name, rows in export.tables(consumer).items()}
    return render(request, "cmr/data.html", {"sizes": sizes.items()})


@require_safe
@for_consumers
def download(request: HttpRequest, consumer: Consumer, form: str) -> HttpResponse:
    """Everything that is kept about the person, as JSON or as CSV files in a ZIP."""
    if form == "json":
        body, kind = export.as_json(consumer, now=timezone.now()), "application/json"
    else:
        body, kind = export.as_csv(consumer), "application/zip"
    response = HttpResponse(body, content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="cmr-my-data.{form}"'
    response["Cache-Control"] = "no-store"
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@reauthentication_required  # type: ignore[untyped-decorator]
@for_consumers
def erase(request: HttpRequest, consumer: Consumer) -> HttpResponse:
    """Take the account away, once the person has typed that they mean it."""
    word = _("erase")
    if request.method != "POST":
        return render(request, "cmr/erase.html", {"word": word})
    if request.POST.get("word", "").strip().lower() != word:
        error = _("To erase your account, type the word “%s”.") % word
        return render(request, "cmr/erase.html", {"word": word, "error": error}, status=422)
    first_stop = request.POST.get("brands") == "stop"
    erasure.erase(consumer, first_stop=first_stop, by="portal", now=timezone.now())
    logout(request)
    return redirect("erased")


@require_safe
def erased(request: HttpRequest) -> HttpResponse:
    return render(request, "cmr/erased.html")
