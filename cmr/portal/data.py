"""The person's data: export and erasure."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from cmr import members, personal_data
from cmr.models import Consumer
from cmr.portal.person import for_consumers
from cmr.sign_in import require_fresh_session

#: The names of the export's tables on the page.
TABLES = {
    "account": _("Your account"),
    "contact_points": _("Addresses and numbers"),
    "removed_contact_points": _("Removed addresses"),
    "pending_contact_points": _("Addresses that wait for their code"),
    "past_profiles": _("Where you lived, and your quiet hours before"),
    "relationships": _("Brands that know you"),
    "past_relationships": _("Earlier times with brands"),
    "standing": _("Choices that count now"),
    "history": _("Your history"),
    "contacts": _("Messages that brands announced"),
    "permission_requests": _("Requests of brands"),
    "contact_reports": _("Messages you reported"),
    "access_tokens": _("Tokens of programs"),
    "second_factors": _("Passkeys and second factors"),
    "sessions": _("Your sessions"),
    "workspaces": _("Workspaces you work in"),
    "senders": _("Companies in your mailbox"),
    "sender_weeks": _("How often they wrote, by week"),
    "mail_addresses": _("Your addresses in your mailbox, and who writes to them"),
    "mailbox_scans": _("When you read your mailbox"),
    "forwarding_addresses": _("Your address for forwarded mail"),
}


@require_safe
@for_consumers
def data(request: HttpRequest, consumer: Consumer) -> HttpResponse:
    sizes = [
        (TABLES[name], len(rows))
        for name, rows in personal_data.build_export_tables(consumer).items()
    ]
    return render(request, "cmr/data.html", {"sizes": sizes})


@require_safe
@for_consumers
def download(request: HttpRequest, consumer: Consumer, form: str) -> HttpResponse:
    """Return everything kept about the person, as JSON or as CSV files in a ZIP."""
    if form == "json":
        body, kind = (
            personal_data.write_json_export(consumer, now=timezone.now()),
            "application/json",
        )
    else:
        body, kind = personal_data.write_csv_export(consumer), "application/zip"
    response = HttpResponse(body, content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="cmr-my-data.{form}"'
    response["Cache-Control"] = "no-store"
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@require_fresh_session
@for_consumers
def erase(request: HttpRequest, consumer: Consumer) -> HttpResponse:
    """Erase the account, once the person has typed the word that confirms it."""
    word = str(_("erase"))
    context: dict[str, Any] = {"word": word, "owned": members.find_owned_alone(consumer.user)}
    if request.method != "POST":
        return render(request, "cmr/erase.html", context)
    if request.POST.get("word", "").strip().lower() != word:
        context["brands"] = request.POST.get("brands", "")
        context["error"] = _("To erase your account, type the word “%s”.") % word
        return render(request, "cmr/erase.html", context, status=422)
    first_stop = request.POST.get("brands") == "stop"
    now = timezone.now()
    try:
        personal_data.erase_account(consumer, first_stop=first_stop, by="portal", now=now)
    except members.LastOwner as error:
        context["owned"] = error.workspaces
        return render(request, "cmr/erase.html", context, status=409)
    logout(request)
    return redirect(reverse("erased", query={"brands": "stop"} if first_stop else None))


@require_safe
def erased(request: HttpRequest) -> HttpResponse:
    return render(request, "cmr/erased.html")
