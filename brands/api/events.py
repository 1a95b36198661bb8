"""The change feed: reading events, and confirming that they were applied."""

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
from brands.api.stream_slots import TooManyStreams, slots
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
        default=0,
        min_value=0,
        max_value=MAX_SEQUENCE,
        help_text="The sequence of the last event that you have.",
    )
    limit = QueryNumber(default=100, min_value=1, max_value=1_000)
    wait = QueryNumber(
        default=0,
        min_value=0,
        max_value=MAX_WAIT,
        help_text="Seconds to wait for an event if there is none after `after` yet.",
    )


class EventData(serializers.Serializer[object]):
    sequence = serializers.IntegerField(
        help_text="1, 2, 3, … without gaps, except those listed in `gaps`."
    )
    type = serializers.CharField()
    timestamp = serializers.DateTimeField()
    data = serializers.DictField()  # type: ignore[assignment]


class Gap(serializers.Serializer[object]):
    first = serializers.IntegerField()
    last = serializers.IntegerField()


class Feed(serializers.Serializer[object]):
    data = EventData(many=True)  # type: ignore[assignment]
    next_cursor = serializers.IntegerField(
        allow_null=True, help_text="The `after` of the next page; null on the last page."
    )
    gaps = Gap(
        many=True,
        required=False,
        help_text="Ranges of sequences on this page that have no event because the service was "
        "restored from a backup. Present only if there are any.",
    )


class AckRequest(StrictSerializer):
    through = serializers.IntegerField(min_value=0, max_value=MAX_SEQUENCE)


class Ack(serializers.Serializer[object]):
    through = serializers.IntegerField(help_text="The highest sequence that you have confirmed.")


class Events(BrandView):
    scope = "events"
    queries = {"GET": FeedQuery}

    @extend_schema(responses=Feed, tags=["brand: changes"])
    def get(self, request: Request) -> Response:
        """List the changes that concern you, in order of their sequence.

        Poll with the sequence of your last event as `after`. With `wait`, the call waits for an
        event instead of returning an empty page. If too many calls wait already, it returns at
        once, and `Retry-After` says when to try again.
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
                raise AuthenticationFailed("This key is revoked or has expired.", "invalid_key")
            events = read_events(self.brand.pk, after=after, limit=limit + 1)
        return Response(_page(events, limit) | self._read_gaps(events[:limit]), headers=headers)

    def _read_gaps(self, page: Sequence[Event]) -> dict[str, Any]:
        """Return the gaps of a restore that a page crosses; an empty dict without gaps."""
        after = self.query["after"]
        if not page or page[-1].sequence - after == len(page):
            return {}
        gaps = list_stream_gaps(self.brand.pk, after=after, before=page[-1].sequence)
        return {"gaps": [{"first": each.first, "last": each.last} for each in gaps]}

    def _may_wait(self, after: int, *, seconds: float) -> bool:
        """Wait for an event. Return False if there was no free slot, or a stream took the slot."""
        # A proxy closes a connection that is idle for too long.
        within = min(seconds, settings.CONNECTION_IDLE_SECONDS / 2)
        try:
            with slots.waiting(self.brand.pk) as needed:
                wait_for_growth(after, brand_id=self.brand.pk, within=within, needed=needed)
        except TooManyStreams:
            return False
        return not needed.is_set()


def _refuse_beyond(brand: Brand, after: int) -> None:
    """Raise Problem (422) if *after* is beyond the stream, or in a range lost in a restore.

    A caller with such a position has events that no longer exist, and must start again.
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
    sequence = serializers.IntegerField(help_text="0 if there is no event yet.")


class NewestEvent(BrandView):
    scope = "events"

    @extend_schema(operation_id="events_newest", responses=Newest, tags=["brand: changes"])
    def get(self, request: Request) -> Response:
        """Retrieve the sequence of your newest event, which is the highest valid `after`."""
        return Response({"sequence": read_last_sequence(self.brand.pk)})


class OverdueQuery(StrictSerializer):
    after = QueryNumber(default=0, min_value=0, max_value=MAX_SEQUENCE)
    limit = QueryNumber(default=100, min_value=1, max_value=1_000)


class Overdue(BrandView):
    scope = "events"
    queries = {"GET": OverdueQuery}

    @extend_schema(responses=Feed, tags=["brand: changes"])
    def get(self, request: Request) -> Response:
        """List the events that you have not confirmed by their `honour_by`."""
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
        """Confirm that you have applied all events up to a sequence.

        Confirming a sequence again changes nothing.
        """
        body = AckRequest(data=request.data)
        body.is_valid(raise_exception=True)
        through = acknowledge(
            self.brand.pk, through=body.validated_data["through"], now=timezone.now()
        )
        return Response({"through": through})
