"""The brand's webhooks: their status, creating, changing and deleting them."""

from __future__ import annotations

import uuid
from dataclasses import asdict, dataclass
from typing import Any

from django.contrib import messages
from django.db.models import F, Q
from django.db.models.aggregates import Count
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from brands import events
from brands import webhooks as brand_webhooks
from brands.models import Attempt, Subscription
from cmr.console.access import WorkspaceAccess, for_members
from cmr.console.forms import ReplayForm, SeekForm, TermsForm, WebhookForm
from cmr.console.keys import sure_in_live_mode
from cmr.console.paging import PAGE_SIZE, before
from core import http
from core.problem_details import write_sentence

#: Why a webhook is disabled, in words for its brand.
REASONS = {
    brand_webhooks.UNPROVEN: "its endpoint has not shown that it wants to be told",
    "by_brand": "you disabled it",
    "gone": "its endpoint answered that it is gone (410)",
    "failing": f"its endpoint failed for {brand_webhooks.GIVE_UP_AFTER.days} days",
}
#: Exceptions that the form shows at their field.
REFUSALS = (
    http.ForbiddenUrl,
    brand_webhooks.UnknownEventType,
    brand_webhooks.UnknownFilterPurpose,
    brand_webhooks.UnknownFilterChannel,
    brand_webhooks.StartsBeyondStream,
    brand_webhooks.TooManySubscriptions,
    brand_webhooks.StillSending,
)
#: The number of quarantined events that are shown.
MOST_QUARANTINED = 50


@dataclass(frozen=True, slots=True)
class Hook:
    """A webhook and its status."""

    subscription: Subscription
    parked: int

    @property
    def reason(self) -> str:
        return REASONS.get(self.subscription.disabled_reason, self.subscription.disabled_reason)

    @property
    def owes_proof(self) -> bool:
        return brand_webhooks.needs_verification(self.subscription)

    @property
    def has_delivered(self) -> bool:
        """Return whether its endpoint ever accepted a message."""
        return brand_webhooks.have_delivered(self.subscription)


@require_safe
@for_members
def webhooks(request: HttpRequest, access: WorkspaceAccess) -> HttpResponse:
    mine = brand_webhooks.filter_subscriptions(access.brand).order_by("created_at")
    parked = Count("quarantined_events__sequence", filter=Q(quarantined_events__retry_at=None))
    context = {
        "access": access,
        "page": "webhooks",
        "hooks": [Hook(each, each.parked) for each in mine.annotate(parked=parked)],
        "last_sequence": events.read_last_sequence(access.brand.pk),
    }
    return render(request, "console/webhooks.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@sure_in_live_mode
@for_members
def subscribe(request: HttpRequest, access: WorkspaceAccess) -> HttpResponse:
    """Create a webhook. Its secret is shown once."""
    form = WebhookForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            subscription, secret = brand_webhooks.create_verified_subscription(
                access.brand,
                form.terms(),
                after=data["after"],
                signature=data["signature"],
                now=timezone.now(),
            )
        except REFUSALS as error:
            form.add_error(error.field, write_sentence(error))
        else:
            return show_key(request, access, find(access, subscription.pk), secret)
    return _form(request, access, form)


@require_safe
@for_members
def webhook(
    request: HttpRequest, access: WorkspaceAccess, subscription_id: uuid.UUID
) -> HttpResponse:
    return show_subscription(request, access, find(access, subscription_id))


@require_http_methods(["GET", "HEAD", "POST"])
@sure_in_live_mode  # else an open session could redirect real people's events
@for_members
def edit(request: HttpRequest, access: WorkspaceAccess, subscription_id: uuid.UUID) -> HttpResponse:
    subscription = find(access, subscription_id)
    stands = asdict(brand_webhooks.read_terms(subscription))
    form = TermsForm(request.POST or None, initial=stands)
    if request.method == "POST" and form.is_valid():
        try:
            brand_webhooks.change_subscription(subscription, form.terms(), now=timezone.now())
        except REFUSALS as error:
            form.add_error(error.field, write_sentence(error))
        else:
            messages.success(request, "It is changed, from the next event on.")
            return back(access, subscription)
    return _form(request, access, form, subscription=subscription)


@require_http_methods(["GET", "HEAD", "POST"])
@for_members
def delete(
    request: HttpRequest, access: WorkspaceAccess, subscription_id: uuid.UUID
) -> HttpResponse:
    """Ask for confirmation. POST deletes the webhook."""
    subscription = find(access, subscription_id)
    if request.method == "POST":
        try:
            brand_webhooks.disable_subscription(subscription, reason="removed", now=timezone.now())
        except brand_webhooks.StillSending as error:
            messages.error(request, write_sentence(error))
        else:
            messages.success(request, f"Nothing goes to {subscription.url} any more.")
        return redirect("console-webhooks", workspace=access.workspace.slug, mode=access.mode)
    context = {"access": access, "page": "webhooks", "subscription": subscription}
    return render(request, "console/delete_webhook.html", context)


def find(access: WorkspaceAccess, subscription_id: uuid.UUID) -> Subscription:
    """Return the brand's webhook.

    Raises:
        Http404: it was deleted, is unknown, or belongs to another brand.
    """
    for subscription in brand_webhooks.filter_subscriptions(access.brand).filter(
        pk=subscription_id
    ):
        return subscription
    raise Http404


def back(access: WorkspaceAccess, subscription: Subscription) -> HttpResponse:
    return redirect("console-webhook", access.workspace.slug, access.mode, subscription.pk)


def show_subscription(
    request: HttpRequest,
    access: WorkspaceAccess,
    subscription: Subscription,
    *,
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    """Show one webhook with its quarantine and log; *more* is the result of an action."""
    brand = subscription.brand_id
    quarantined = subscription.quarantined_events.filter(brand=brand).order_by("sequence")
    tries = Attempt.objects.filter(brand=brand, subscription=subscription, pk__lt=before(request))
    log = list(tries.order_by(F("pk").desc())[: PAGE_SIZE + 1])
    context = {
        "access": access,
        "page": "webhooks",
        "hook": Hook(subscription, quarantined.filter(retry_at=None).count()),
        "last_sequence": events.read_last_sequence(access.brand.pk),
        "quarantined": quarantined[:MOST_QUARANTINED],
        "quarantined_count": quarantined.count(),
        "log": log[:PAGE_SIZE],
        "older": log[PAGE_SIZE - 1].pk if len(log) > PAGE_SIZE else None,
        "seek": SeekForm(),
        "replay": ReplayForm(),
    }
    return render(request, "console/webhook.html", context | more, status=status)


def show_key(
    request: HttpRequest, access: WorkspaceAccess, subscription: Subscription, secret: str
) -> HttpResponse:
    """Show the key that verifies the webhook's messages. It is shown once."""
    context = {
        "access": access,
        "page": "webhooks",
        "hook": Hook(subscription, 0),
        "key": brand_webhooks.describe_key(secret),
    }
    return render(request, "console/webhook_key.html", context)


def _form(request: HttpRequest, access: WorkspaceAccess, form: Form, **more: Any) -> HttpResponse:
    context = {"access": access, "page": "webhooks", "form": form, **more}
    status = 422 if form.errors else 200
    return render(request, "console/webhook_form.html", context, status=status)
