"""The page of one brand: its permissions, obligations and requests, and its delivery status."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from brands import workspaces
from brands.models import Brand, Channel, Purpose
from cmr import choices, permission_requests, personal_data
from cmr.models import Consumer
from cmr.portal import brand_controls, undo_banner
from cmr.portal.choosing import PER
from cmr.portal.person import for_consumers
from consent import propagation, reporting
from consent.models import Relationship
from core import time
from core.time import read_local

LAST_CHANGES = 5


@require_safe
@for_consumers
def brand(request: HttpRequest, consumer: Consumer, slug: str) -> HttpResponse:
    one = get_object_or_404(Brand.objects.live(), slug=slug)
    now = timezone.now()
    page = brand_controls.build_brand_page(consumer, one, now=now)
    if page is None:
        points = consumer.contact_points.order_by("kind", "pk")
        usual = choices.find_usual_point(consumer)
        is_connected = workspaces.is_brand_connected(one, now=now)
        context = {"brand": one, "points": points, "usual": usual, "is_connected": is_connected}
        return render(request, "cmr/stranger.html", context)
    waiting = permission_requests.list_waiting_requests(consumer.subject_id, brand_id=one.pk)
    changes = personal_data.list_changes(consumer.subject_id, limit=LAST_CHANGES, brand_id=one.pk)
    last = brand_controls.find_last_entry(consumer, one)
    fates = (
        [f for f in propagation.list_brand_statuses(last, now=now) if f.brand == one]
        if last
        else []
    )
    context = {
        "page": page,
        "per": PER,
        "asked_here": permission_requests.pair_with_notices(waiting, get_language()),
        "changes": personal_data.name_entries(changes),
        "fate": (fates[0], fates[0].state(now)) if fates else None,
        "done": undo_banner.read_undo(request, consumer),
    }
    return render(request, "cmr/brand.html", context)


@require_POST
@for_consumers
def end(request: HttpRequest, consumer: Consumer, slug: str) -> HttpResponse:
    """End the relationship. Afterwards every check of this brand answers no."""
    relationship = _ever(consumer, slug)
    brand, now = relationship.brand, timezone.now()
    if choices.end_relationship(consumer, relationship, by="portal", now=now):
        said = _("The relationship with %s ended.") % brand.name
        told = _("The brand was notified.") if workspaces.is_brand_connected(brand, now=now) else ""
        messages.success(request, f"{said} {told}".strip())
    return redirect("brand", slug=slug)


def _ever(consumer: Consumer, slug: str) -> Relationship:
    """Return the newest relationship with the brand, active or ended.

    Raises:
        Http404
    """
    mine = Relationship.objects.filter(person=consumer.subject_id, brand__slug=slug)
    found = mine.select_related("brand", "person", "subject").order_by("-started_at").first()
    if found is None:
        raise Http404
    return found


@require_http_methods(["GET", "HEAD", "POST"])
@for_consumers
def contacted(request: HttpRequest, consumer: Consumer, slug: str) -> HttpResponse:
    """Report a contact after a refusal. Show the message, and what the ledger says about it."""
    relationship = _ever(consumer, slug)
    error, made = "", None
    if request.method == "POST":
        try:
            made = _report(request, consumer, relationship)
        except ValueError as wrong:
            error = str(wrong)
    context = {
        "brand": relationship.brand,
        "purposes": Purpose.objects.filter(has_channels=True).order_by("position"),
        "channels": Channel.values,
        "typed": request.POST,
        "now": timezone.localtime(),
        "error": error,
        "report": made,
    }
    return render(request, "cmr/contacted.html", context, status=422 if error else 200)


def _report(request: HttpRequest, consumer: Consumer, relationship: Relationship) -> Any:
    """Record the report.

    Raises:
        ValueError: its text says what is wrong, in the reader's language.
    """
    typed = {name: request.POST.get(name, "").replace("\0", "") for name in request.POST}
    try:
        moment = read_local(typed.get("contacted_at", ""))
    except ValueError as wrong:
        raise ValueError(_("Enter when it came: the day and the time.")) from wrong
    if not time.is_day_in_range(moment.date()):
        raise ValueError(_("A day lies between the years 1900 and 2199."))
    if typed.get("channel") not in Channel.values:
        raise ValueError(_("Choose how it reached you."))
    if not Purpose.objects.filter(code=typed.get("purpose", ""), has_channels=True).exists():
        raise ValueError(_("Choose what it was about."))
    try:
        return reporting.report_contact(
            relationship,
            purpose=typed["purpose"],
            channel=typed["channel"],
            contacted_at=timezone.make_aware(moment),
            message=typed.get("message", "")[:10_000],
            now=timezone.now(),
        )
    except reporting.InTheFuture as wrong:
        raise ValueError(_("This moment has not come yet.")) from wrong
