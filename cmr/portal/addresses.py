"""Addresses and numbers: proving, removing and restoring them."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from cmr import accounts
from cmr.messages import CannotReach, is_sms_possible
from cmr.models import Consumer, ContactKind, ContactPoint, PendingContact, RemovedAddress
from cmr.portal.person import for_consumers
from cmr.sign_in import require_fresh_session
from consent import identity


@require_safe
@for_consumers
def addresses(request: HttpRequest, consumer: Consumer) -> HttpResponse:
    return _addresses(request, consumer)


def _addresses(request: HttpRequest, consumer: Consumer, error: str = "") -> HttpResponse:
    now = timezone.now()
    fresh = consumer.pending.filter(sent_at__gt=now - accounts.CODE_LIFETIME)
    context = {
        "points": consumer.contact_points.order_by("kind", "pk"),
        "pending": fresh.order_by("pk"),
        "removed": RemovedAddress.objects.held(now).filter(consumer=consumer).order_by("pk"),
        "numbers": is_sms_possible(),
        "typed": request.POST,
        "error": error,
    }
    return render(request, "cmr/addresses.html", context, status=422 if error else 200)


@require_POST
@require_fresh_session
@for_consumers
def add_address(request: HttpRequest, consumer: Consumer) -> HttpResponse:
    kind, text = request.POST.get("kind", ""), request.POST.get("value", "").replace("\0", "")
    if kind not in ContactKind.values:
        return _addresses(
            request, consumer, _("Choose whether it is an e-mail address or a phone number.")
        )
    try:
        accounts.begin_proof(consumer, kind=kind, text=text[:320], now=timezone.now())
    except identity.InvalidAddress:
        return _addresses(request, consumer, _invalid(kind))
    except CannotReach:
        return _addresses(request, consumer, _("Our mail server cannot send to this address."))
    except accounts.CannotSendSms:
        return _addresses(request, consumer, _("Numbers cannot be proved here."))
    except accounts.CodeTooSoon:
        return _addresses(request, consumer, _("A code was sent a moment ago. Wait half a minute."))
    messages.success(request, _("We sent a code there. Type it below."))
    return redirect("addresses")


def _invalid(kind: str) -> str:
    if kind == ContactKind.PHONE:
        return _("A phone number starts with + and its country code, as +49 151 12345678.")
    return _("This is not an e-mail address.")


@require_POST
@require_fresh_session
@for_consumers
def prove_address(request: HttpRequest, consumer: Consumer, pending_id: int) -> HttpResponse:
    pending = get_object_or_404(PendingContact, pk=pending_id, consumer=consumer)
    code = request.POST.get("code", "")[:40]
    try:
        point = accounts.prove_contact(pending, code, now=timezone.now())
    except accounts.WrongCode:
        return _addresses(request, consumer, _("This code is wrong or has expired."))
    except accounts.AddressTaken:
        return _addresses(request, consumer, _("Another account has this address."))
    messages.success(request, _("%s is yours.") % point.value)
    return redirect("addresses")


@require_POST
@require_fresh_session
@for_consumers
def remove_address(request: HttpRequest, consumer: Consumer, point_id: int) -> HttpResponse:
    point = get_object_or_404(ContactPoint, pk=point_id, consumer=consumer)
    try:
        accounts.remove_address(point, now=timezone.now())
    except accounts.LastAddress:
        return _addresses(request, consumer, _("This is your only address; add another one first."))
    messages.success(request, _("%s was removed. You can restore it for seven days.") % point.value)
    return redirect("addresses")


@require_POST
@require_fresh_session
@for_consumers
def restore_address(request: HttpRequest, consumer: Consumer, removed_id: int) -> HttpResponse:
    removed = get_object_or_404(RemovedAddress, pk=removed_id, consumer=consumer)
    try:
        accounts.restore_address(removed, now=timezone.now())
    except accounts.NotHeld:
        return _addresses(request, consumer, _("It was removed too long ago. Add it again."))
    messages.success(request, _("%s is yours again.") % removed.value)
    return redirect("addresses")
