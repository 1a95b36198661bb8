"""The brand's event stream: each event, and its delivery to each webhook."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

import orjson
from django.contrib import messages
from django.db.models.aggregates import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from brands import webhooks
from brands.events import (
    EVENT_TYPES,
    find_brand_reference,
    read_events,
    read_last_sequence,
    read_newest_events,
    wants_event,
)
from brands.models import Attempt, Brand, Event, Outcome, QuarantinedEvent, Subscription
from brands.webhooks import PendingEvent, WebhookRequest
from cmr.console.access import WorkspaceAccess, for_members
from cmr.console.forms import SayForm
from cmr.console.paging import PAGE_SIZE, before
from cmr.console.webhooks import find


@require_safe
@for_members
def events(request: HttpRequest, access: WorkspaceAccess) -> HttpResponse:
    """List the events, newest first."""
    return list_deliveries(request, access, SayForm(brand=access.brand))


def list_deliveries(
    request: HttpRequest, access: WorkspaceAccess, form: SayForm, *, status: int = 200
) -> HttpResponse:
    """Show the events, with a form that triggers one in test mode."""
    wanted = request.GET.get("type", "")
    event_type = wanted if wanted in EVENT_TYPES else ""
    end = read_last_sequence(access.brand.pk) + 1
    found, low = read_newest_events(
        access.brand.pk, before=min(before(request), end), limit=PAGE_SIZE, event_type=event_type
    )
    got = _receivers(access.brand, [each.sequence for each in found])
    context = {
        "access": access,
        "page": "events",
        "events": [(each, _person(each), got.get(each.sequence, 0)) for each in found],
        "types": list(EVENT_TYPES),
        "type": event_type,
        "query": f"&type={event_type}" if event_type else "",
        "older": low if low > 1 else None,
        "form": form,
    }
    return render(request, "console/events.html", context, status=status)


def _person(event: Event) -> str | None:
    subject = find_brand_reference(event)
    return subject["ref"] or subject["id"]


def _receivers(brand: Brand, sequences: Iterable[int]) -> dict[int, int]:
    """Return, for each sequence number, how many of the brand's webhooks received the event."""
    good = Attempt.objects.filter(
        brand=brand,
        subscription__in=webhooks.filter_subscriptions(brand),
        sequence__in=sequences,
        outcome=Outcome.DELIVERED,
    )
    counted = good.values("sequence").annotate(many=Count("subscription", distinct=True))
    return dict(counted.values_list("sequence", "many"))


@dataclass(frozen=True, slots=True)
class EventStatus:
    """The delivery status of one event at one webhook."""

    subscription: Subscription
    attempts: list[Attempt]
    quarantined: QuarantinedEvent | None
    is_wanted: bool
    event: Event

    @property
    def words(self) -> str:
        if self.quarantined:
            return self._words_quarantined(self.quarantined)
        if any(each.outcome == Outcome.DELIVERED for each in self.attempts):
            return "delivered"
        if self.event.quiet:
            return "not sent: it is history, and in the feed alone"
        if not self.is_wanted:
            return "not sent: it asks for other events"
        if self.event.sequence > self.subscription.cursor:
            return "to be sent" if self.subscription.enabled else "waits until it is enabled"
        return "not sent: its place in the stream was behind it already"

    @staticmethod
    def _words_quarantined(quarantined: QuarantinedEvent) -> str:
        if quarantined.retry_at:
            return "is sent again"
        if quarantined.status:
            return f"parked: it was refused with {quarantined.status}"
        return "parked: an earlier event of the same person was refused"


@require_safe
@for_members
def event(request: HttpRequest, access: WorkspaceAccess, sequence: int) -> HttpResponse:
    """Show one event as an endpoint receives it, and its delivery to each webhook."""
    found = next(iter(read_events(access.brand.pk, after=sequence - 1, limit=1)), None)
    if found is None or found.sequence != sequence:
        raise Http404
    fates = list(_list_statuses(access.brand, found))
    example = fates[0].subscription if fates else None
    sent = _build_request(found, example)
    context = {
        "access": access,
        "page": "events",
        "event": found,
        "person": _person(found),
        "last_sequence": read_last_sequence(access.brand.pk),
        "example": example,
        "headers": _headers(access, sent, example, now=timezone.now()),
        "raw": sent.body.decode(),
        "pretty": orjson.dumps(orjson.loads(sent.body), option=orjson.OPT_INDENT_2).decode(),
        "fates": fates,
    }
    return render(request, "console/event.html", context)


def _build_request(event: Event, example: Subscription | None) -> WebhookRequest:
    body = bytes(event.body)
    pending = PendingEvent(event.sequence, event.uid, event.subject, event.timestamp, body)
    return webhooks.build_request([pending], batch=example.batch if example else 1)


def _headers(
    access: WorkspaceAccess, request: WebhookRequest, example: Subscription | None, *, now: datetime
) -> dict[str, str]:
    """Return the headers of an attempt made now.

    Only test mode computes a valid signature. In live mode, a member who may only view could use it
    to send.
    """
    signs = example is not None and access.is_test
    signer = webhooks.build_signer(example, now=now) if example and signs else webhooks.Signer([])
    headers = signer.build_headers(webhook_id=request.webhook_id, sent_at=now, body=request.body)
    kind = example.signature if example else "v1"
    return headers if signs else headers | {"webhook-signature": f"{kind},…"}


def _list_statuses(brand: Brand, event: Event) -> Iterator[EventStatus]:
    mine = list(webhooks.filter_subscriptions(brand).order_by("created_at"))
    tries = Attempt.objects.filter(
        brand=brand, subscription__in=mine, sequence=event.sequence
    ).order_by("pk")
    waiting = QuarantinedEvent.objects.filter(
        brand=brand, subscription__in=mine, sequence=event.sequence
    )
    quarantined = {each.subscription_id: each for each in waiting}
    for each in mine:
        own = [attempt for attempt in tries if attempt.subscription_id == each.pk]
        wanted = wants_event(webhooks.build_filter(each), event)
        yield EventStatus(each, own, quarantined.get(each.pk), wanted, event)


@require_POST
@for_members
def send_again(
    request: HttpRequest, access: WorkspaceAccess, sequence: int, subscription_id: uuid.UUID
) -> HttpResponse:
    found = get_object_or_404(Event, brand=access.brand, sequence=sequence)
    subscription = find(access, subscription_id)
    if webhooks.replay_range(subscription, first=found.sequence, last=found.sequence):
        when = "It is sent again." if subscription.enabled else "It is sent again once enabled."
        messages.success(request, when)
    else:
        messages.error(request, "This webhook asks for other events, or has yet to come to it.")
    return redirect("console-event", access.workspace.slug, access.mode, found.sequence)
