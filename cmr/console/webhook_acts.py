"""Actions on a webhook: ping, enable, disable, rotate, move the cursor, and replay."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_POST

from brands import webhooks
from cmr.console.access import WorkspaceAccess, for_members
from cmr.console.forms import ReplayForm, SeekForm
from cmr.console.keys import sure_in_live_mode
from cmr.console.webhooks import back, find, show_key, show_subscription
from core.problem_details import write_sentence


@require_POST
@for_members
def ping(request: HttpRequest, access: WorkspaceAccess, subscription_id: uuid.UUID) -> HttpResponse:
    """Send a test message without content, and show the endpoint's answer."""
    subscription = find(access, subscription_id)
    try:
        answer = webhooks.ping_endpoint(subscription, now=timezone.now())
    except webhooks.VerificationBusy as error:
        messages.error(request, write_sentence(error))
        return back(access, subscription)
    return show_subscription(request, access, subscription, pinged=answer)


@require_POST
@for_members
def enable(
    request: HttpRequest, access: WorkspaceAccess, subscription_id: uuid.UUID
) -> HttpResponse:
    subscription = find(access, subscription_id)
    try:
        webhooks.enable_subscription(subscription, now=timezone.now())
    except (webhooks.EndpointNotVerified, webhooks.VerificationBusy) as error:
        return show_subscription(
            request, access, subscription, problem=write_sentence(error), status=422
        )
    messages.success(request, "It goes on where it stopped.")
    return back(access, subscription)


@require_POST
@for_members
def disable(
    request: HttpRequest, access: WorkspaceAccess, subscription_id: uuid.UUID
) -> HttpResponse:
    subscription = find(access, subscription_id)
    try:
        webhooks.disable_subscription(subscription, reason="by_brand", now=timezone.now())
    except webhooks.StillSending as error:
        messages.error(request, write_sentence(error))
    else:
        messages.success(request, "It is told nothing until you enable it. Nothing is lost.")
    return back(access, subscription)


@require_POST
@sure_in_live_mode
@for_members
def rotate(
    request: HttpRequest, access: WorkspaceAccess, subscription_id: uuid.UUID
) -> HttpResponse:
    """Replace the secret. The new one is shown once."""
    subscription = find(access, subscription_id)
    try:
        secret = webhooks.rotate_secret(subscription, now=timezone.now())
    except webhooks.StillSending as error:
        messages.error(request, write_sentence(error))
        return back(access, subscription)
    return show_key(request, access, find(access, subscription_id), secret)


@require_POST
@for_members
def seek(request: HttpRequest, access: WorkspaceAccess, subscription_id: uuid.UUID) -> HttpResponse:
    subscription, form = find(access, subscription_id), SeekForm(request.POST)
    if form.is_valid():
        try:
            webhooks.move_cursor(subscription, after=form.cleaned_data["after"])
        except (webhooks.StartsBeyondStream, webhooks.StillSending) as error:
            form.add_error("after", write_sentence(error))
        else:
            messages.success(request, f"It goes on after event {form.cleaned_data['after']}.")
            return back(access, subscription)
    return show_subscription(request, access, subscription, seek=form, status=422)


@require_POST
@for_members
def replay(
    request: HttpRequest, access: WorkspaceAccess, subscription_id: uuid.UUID
) -> HttpResponse:
    """Send a range of the stream again."""
    subscription, form = find(access, subscription_id), ReplayForm(request.POST)
    if form.is_valid():
        try:
            number = webhooks.replay_range(subscription, **form.cleaned_data)
        except webhooks.StartsBeyondStream as error:
            form.add_error("first", write_sentence(error))
        except webhooks.RangeTooLong as error:
            form.add_error("last", write_sentence(error))
        else:
            messages.success(request, f"To be sent again: {number}.")
            return back(access, subscription)
    return show_subscription(request, access, subscription, replay=form, status=422)


@require_POST
@for_members
def replay_parked(
    request: HttpRequest, access: WorkspaceAccess, subscription_id: uuid.UUID
) -> HttpResponse:
    subscription = find(access, subscription_id)
    messages.success(request, f"To be sent again: {webhooks.replay_parked(subscription)}.")
    return back(access, subscription)
