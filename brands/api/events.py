"""The change feed, and the brand's word that it has applied what it read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
from django.conf import settings
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from rest_framework.response import Response

from brands import credentials
from brands.api.access import BrandView
from brands.api.stream_slots import TooManyStreams, places
from brands.events import (
    acknowledge,
    find_overdue_events,
    has_reached,
    list_stream_gaps,
    read_events,
    read_last_sequence,
    wait_for_growth,
)
from brands.models import Brand, Event
from core.api import QueryNumber, StrictSerializer
from core.problem_details import Problem

MAX_SEQUENCE = 2**63 - 1
MAX_WAIT = 30  # seconds


class FeedQuery(StrictSerializer):
    after = QueryNumber(
        default=0, min_value=0, max_value=MAX_SEQUENCE, help_text="The last sequence you have."
    )
    limit = QueryNumber(default=100, min_value=1, max_value=1_000)
    wait = QueryNumber(
        default=0,
        min_value=0,
        max_value=MAX_WAIT,
        help_text="Where nothing came after it yet: how many seconds to wait for something.",
    )


class EventData(serializers.Serializer[object]):
    sequence = serializers.IntegerField(help_text="1, 2, 3, … without a hole, but for `gaps`.")
    type = serializers.CharField()
    timestamp = serializers.DateTimeField()
    data = serializers.DictField()  # type: ignore[assignment]


class Gap(serializers.Serializer[object]):
    first = serializers.IntegerField()
    last = serializers.IntegerField()


class Feed(serializers.Serializer[object]):
    data = EventData(many=True)  # type: ignore[assignment]
    next_cursor = serializers.IntegerField(
        allow_null=True, help_text="`after` of the next page; null when this was the last."
    )
    gaps = Gap(
        many=True,
        required=False,
        help_text="Only where the page crosses some: sequences that no event has, or will have, "
        "because we went back to a backup.",
    )


class AckRequest(StrictSerializer):
    through = serializers.IntegerField(min_value=0, max_value=MAX_SEQUENCE)


class Ack(serializers.Serializer[object]):
    through = serializers.IntegerField(help_text="The highest sequence you have confirmed.")


class Events(BrandView):
    scope = "events"
    queries = {"GET": FeedQuery}

    @extend_schema(responses=Feed, tags=["brand: changes"])
    def get(self, request: Request) -> Response:
        """Every change that concerns you, in order. Poll with the last sequence you have.

        With `wait` an answer that would be empty waits for something to tell. Where too many wait
        already it comes at once, as it does where a stream of yours needs its place, and
        `Retry-After` says when to ask again.
        """
        after, limit = self.query["after"], self.query["limit"]
        events = read_events(self.brand.pk, after=after, limit=limit + 1)
        if not events or events[0].sequence > after + 1:
            _refuse_beyond(self.brand, after)
        headers = {}
        if not events and (seconds := self.query["wait"]):
            if not self._may_wait(after, seconds=seconds):
                headers["Retry-After"] = str(TooManyStreams.wait)
            if not credentials.is_key_still_usable(self.key, now=timezone.now()):
                raise AuthenticationFailed("This key was revoked or has expired.", "invalid_key")
            events = read_events(self.brand.pk, after=after, limit=limit + 1)
        return Response(_page(events, limit) | self._read_gaps(events[:limit]), headers=headers)

    def _read_gaps(self, page: Sequence[Event]) -> dict[str, Any]:
        """Return what the page crosses of what a restore skipped; nothing where it is dense."""
        after = self.query["after"]
        if not page or page[-1].sequence - after == len(page):
            return {}
        gaps = list_stream_gaps(self.brand.pk, after=after, before=page[-1].sequence)
        return {"gaps": [{"first": each.first, "last": each.last} for each in gaps]}

    def _may_wait(self, after: int, *, seconds: float) -> bool:
        """Wait; False where there was no place for it, or its place was needed for a stream."""
        # A proxy takes a connection on which nothing moves for too long for dead.
        within = min(seconds, settings.CONNECTION_IDLE_SECONDS / 2)
        try:
            with places.waiting(self.brand.pk) as needed:
                wait_for_growth(after, brand_id=self.brand.pk, within=within, needed=needed)
        except TooManyStreams:
            return False
        return not needed.is_set()


def _refuse_beyond(brand: Brand, after: int) -> None:
    """Raise Problem (422) for a place that the stream has not reached, or that a restore took back.

    Who is there has events that are no longer in the record, and has to begin again.
    """
    if not has_reached(brand.pk, after):
        last = read_last_sequence(brand.pk)
        raise Problem(422, "beyond_stream", f"Your stream ends at {last}.", "after")


def _page(events: Sequence[Event], limit: int) -> dict[str, Any]:
    page = events[:limit]
    more = len(events) > limit
    return {
        "data": [orjson.loads(bytes(event.body)) for event in page],
        "next_cursor": page[-1].sequence if more else None,
    }


class Newest(serializers.Serializer[object]):
    sequence = serializers.IntegerField(help_text="0 where there is no event yet.")


class NewestEvent(BrandView):
    scope = "events"

    @extend_schema(operation_id="events_newest", responses=Newest, tags=["brand: changes"])
    def get(self, request: Request) -> Response:
        """Return the sequence of your newest event: the highest `after` there is."""
        return Response({"sequence": read_last_sequence(self.brand.pk)})


class OverdueQuery(StrictSerializer):
    after = QueryNumber(default=0, min_value=0, max_value=MAX_SEQUENCE)
    limit = QueryNumber(default=100, min_value=1, max_value=1_000)


class Overdue(BrandView):
    scope = "events"
    queries = {"GET": OverdueQuery}

    @extend_schema(responses=Feed, tags=["brand: changes"])
    def get(self, request: Request) -> Response:
        """The events whose `honour_by` is over and that you have not said to have applied."""
        after, limit = self.query["after"], self.query["limit"]
        now = timezone.now()
        late = find_overdue_events(self.brand.pk, now=now, after=after, limit=limit + 1)
        if not late or late[0].sequence > after + 1:
            _refuse_beyond(self.brand, after)
        return Response(_page(late, limit))


class Acknowledge(BrandView):
    scope = "ack"

    @extend_schema(request=AckRequest, responses=Ack, tags=["brand: changes"])
    def post(self, request: Request) -> Response:
        """Say that you have applied everything up to a sequence. Repeats change nothing."""
        body = AckRequest(data=request.data)
        body.is_valid(raise_exception=True)
        through = acknowledge(
            self.brand.pk, through=body.validated_data["through"], now=timezone.now()
        )
        return Response({"through": through})
