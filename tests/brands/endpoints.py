"""A brand's endpoint that answers by script, and the worker that delivers to it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.utils import timezone
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from brands import webhooks
from brands.events import stream
from brands.events.stream import EventFacts, NewEvent
from brands.models import Brand, Subscription
from brands.webhooks.delivery.worker import DeliveryWorker
from core.db.uuid7 import new_id

Events = list[dict[str, Any]]


class Endpoint:
    """`answers` decides, by the events of a request, with which status it is answered."""

    def __init__(
        self, server: HTTPServer, brand: Brand, worker: DeliveryWorker, **terms: Any
    ) -> None:
        self.brand = brand
        self.worker = worker
        self.received: Events = []
        #: Every request: its headers, its body, and the events in it.
        self.requests: list[tuple[dict[str, str], bytes, Events]] = []
        self.answers: Callable[[Events], int] = lambda events: 204
        self.headers: dict[str, str] = {}
        #: The body of each answer.
        self.says = ""
        path = f"/{uuid.uuid4().hex}"
        server.expect_request(path, method="POST").respond_with_handler(self._answer)
        asked = webhooks.SubscriptionTerms(url=server.url_for(path), **terms)
        self.subscription, self.secret = webhooks.create_subscription(
            brand, asked, now=timezone.now()
        )

    def _answer(self, request: Request) -> Response:
        body = request.get_data()
        read = json.loads(body)
        events = read["data"] if read["type"] == "events.batch" else [read]
        self.requests.append((dict(request.headers.items()), body, events))
        status = self.answers(events)
        if status < 300:
            self.received += events
        return Response(self.says, status=status, headers=self.headers)

    @property
    def sequences(self) -> list[int]:
        return [event["sequence"] for event in self.received]

    @property
    def asked(self) -> list[list[int]]:
        """The sequences in each request, in the order of arrival."""
        return [[event["sequence"] for event in events] for _, _, events in self.requests]

    def deliver(self) -> int:
        return self.worker.start_delivery(self.subscription.pk).result(60)

    def fresh(self) -> Subscription:
        return Subscription.objects.get(pk=self.subscription.pk)

    def is_due_again(self) -> None:
        """The time comes for the subscription and for its quarantined events to be tried."""
        now = timezone.now()
        Subscription.objects.filter(pk=self.subscription.pk).update(next_try_at=now)
        self.subscription.quarantined_events.filter(retry_at__gt=now).update(retry_at=now)

    def deliver_again(self) -> int:
        self.is_due_again()
        return self.deliver()

    @property
    def quarantine(self) -> dict[int, bool]:
        """Return, by sequence, whether a quarantined event is parked."""
        events = self.subscription.quarantined_events.all()
        return {each.sequence: each.retry_at is None for each in events}


def refuse(*sequences: int, status: int = 422) -> Callable[[Events], int]:
    """Refuse a request that holds one of these."""
    return lambda events: status if {e["sequence"] for e in events} & set(sequences) else 204


def person_id(brand: Brand, person: int) -> uuid.UUID:
    """By which id the brand knows this person, and no other brand does."""
    return uuid.uuid5(uuid.NAMESPACE_URL, f"{brand.pk}:{person}")


def happen(
    brand: Brand,
    *people: int,
    kind: str = "preference.denied",
    about: EventFacts | None = None,
    ref: str | None = None,
) -> None:
    """Append an event for each of *people*, who are told apart by number."""
    for person in people:
        notice = NewEvent(
            brand.pk,
            kind,
            timezone.now(),
            uuid.UUID(int=person + 1),
            new_id(),
            {"person": person, "subject": {"id": f"{person_id(brand, person)}", "ref": ref}},
            about or EventFacts(),
        )
        with transaction.atomic():
            stream.append_event([notice])
