"""Delivery attempts of a webhook, its quarantine, and replays."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from brands import webhooks
from brands.api.idempotency import repeatable
from brands.api.subscriptions import MAX_SEQUENCE, TAG, SubscriptionsView
from brands.events import find_brand_reference
from brands.models import Attempt, Event, Outcome, QuarantinedEvent, Subscription
from core.api import Page, QueryNumber, StrictSerializer, cut_page, describe_list
from core.errors import report_field


class AttemptsQuery(Page):
    sequence = QueryNumber(
        required=False,
        min_value=1,
        max_value=MAX_SEQUENCE,
        help_text="Only attempts of the event with this sequence.",
    )


class AttemptData(serializers.Serializer[object]):
    sequence = serializers.IntegerField()
    webhook_id = serializers.CharField(
        help_text="The `webhook-id` of the request: evt_… for one event, bat_… for a batch."
    )
    started_at = serializers.DateTimeField()
    latency_ms = serializers.IntegerField()
    outcome = serializers.ChoiceField(Outcome.choices)
    status = serializers.IntegerField(allow_null=True)
    answer = serializers.CharField(
        help_text="The beginning of the endpoint's response, or why there was no response."
    )
    next_try_at = serializers.DateTimeField(
        allow_null=True, help_text="When the next attempt is due; null if none is."
    )


AttemptList = describe_list(AttemptData)


class ParkedData(serializers.Serializer[object]):
    sequence = serializers.IntegerField()
    subject = serializers.UUIDField(help_text="`subject.id`, as in the event.")
    status = serializers.IntegerField(
        allow_null=True,
        help_text="HTTP status of the refusal; null if the event waits for an earlier one.",
    )
    refusals = serializers.IntegerField()
    since = serializers.DateTimeField()
    next_try_at = serializers.DateTimeField(
        allow_null=True,
        help_text="When the next attempt is due; null if the event is parked until a replay.",
    )


ParkedList = describe_list(ParkedData)


class ReplayRequest(StrictSerializer):
    default_error_messages = {
        "one_of": "Give either `from` (and `to`), or `parked`: true.",
        "reversed": "`to` must not be lower than `from`.",
    }
    parked = serializers.BooleanField(default=False)
    to = serializers.IntegerField(required=False, min_value=1, max_value=MAX_SEQUENCE)

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        first = serializers.IntegerField(required=False, min_value=1, max_value=MAX_SEQUENCE)
        return {"from": first, **super().get_fields()}  # `from` is a keyword of Python

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["parked"] == ("from" in attrs) or (attrs["parked"] and "to" in attrs):
            self.refuse("from", "one_of")
        if attrs.get("to", MAX_SEQUENCE) < attrs.get("from", 0):
            self.refuse("to", "reversed")
        return attrs


class Replayed(serializers.Serializer[object]):
    events = serializers.IntegerField(help_text="Number of events that will be sent again.")


class Attempts(SubscriptionsView):
    queries = {"GET": AttemptsQuery}

    @extend_schema(
        operation_id="subscription_attempts_list",
        responses=AttemptList,
        tags=[TAG],
    )
    def get(self, request: Request, subscription_id: uuid.UUID) -> Response:
        """List the delivery attempts of a webhook, newest first."""
        subscription = self.find(subscription_id)
        mine = Attempt.objects.filter(brand=subscription.brand_id, subscription=subscription)
        if sequence := self.query.get("sequence"):
            mine = mine.filter(sequence=sequence)
        page, cursor = cut_page(mine, self.query, by=["-pk"])
        return Response({"data": _build_attempt_data(subscription, page), "next_cursor": cursor})


def _build_attempt_data(
    subscription: Subscription, page: Sequence[Attempt]
) -> list[dict[str, Any]]:
    sequences = {each.sequence for each in page}
    own_ids = _uids(subscription, sequences)
    waits = _waits(subscription, sequences)
    return [
        {
            "sequence": each.sequence,
            "webhook_id": f"{'evt' if each.message == own_ids[each.sequence] else 'bat'}"
            f"_{each.message.hex}",
            "started_at": each.started_at,
            "latency_ms": each.latency_ms,
            "outcome": each.outcome,
            "status": each.status,
            "answer": each.answer,
            "next_try_at": waits.get(each.sequence),
        }
        for each in page
    ]


def _uids(subscription: Subscription, sequences: Iterable[int]) -> dict[int, uuid.UUID]:
    events = Event.objects.filter(brand=subscription.brand_id, sequence__in=sequences)
    return dict(events.values_list("sequence", "uid"))


def _waits(subscription: Subscription, sequences: Iterable[int]) -> dict[int, datetime | None]:
    """Return the time of the next attempt of each sequence that needs one."""
    if not subscription.enabled:
        return {}
    quarantined = subscription.quarantined_events.filter(
        brand=subscription.brand_id, sequence__in=sequences
    )
    waits: dict[int, datetime | None] = dict(quarantined.values_list("sequence", "retry_at"))
    done = {*subscription.ahead, *waits}
    return waits | {
        each: subscription.next_try_at
        for each in sequences
        if each > subscription.cursor and each not in done
    }


class Parked(SubscriptionsView):
    queries = {"GET": Page}

    @extend_schema(
        operation_id="subscription_parked_list",
        responses=ParkedList,
        tags=[TAG],
    )
    def get(self, request: Request, subscription_id: uuid.UUID) -> Response:
        """List the quarantined events of a webhook.

        An event is quarantined if the endpoint refuses it while accepting others. Later events of
        the same person wait behind it.
        """
        subscription = self.find(subscription_id)
        mine = QuarantinedEvent.objects.filter(
            brand=subscription.brand_id, subscription=subscription
        )
        page, cursor = cut_page(mine, self.query, by=["sequence"])
        sequences = [each.sequence for each in page]
        events = Event.objects.filter(brand=subscription.brand_id, sequence__in=sequences)
        told = {each.sequence: find_brand_reference(each)["id"] for each in events}
        data = [_parked_data(each, told[each.sequence]) for each in page]
        return Response({"data": data, "next_cursor": cursor})


def _parked_data(each: QuarantinedEvent, subject: str | None) -> dict[str, Any]:
    return {
        "sequence": each.sequence,
        "subject": subject,
        "status": each.status,
        "refusals": each.refusals,
        "since": each.quarantined_at,
        "next_try_at": each.retry_at,
    }


class Replay(SubscriptionsView):
    @repeatable()
    @extend_schema(request=ReplayRequest, responses={202: Replayed}, tags=[TAG])
    def post(self, request: Request, subscription_id: uuid.UUID) -> Response:
        """Send events again.

        The body is `{"parked": true}`, or a range such as `{"from": 5, "to": 9}`. Without `to`,
        everything sent since `from` is replayed. Replayed events keep the order per person.
        """
        subscription = self.find(subscription_id)
        body = ReplayRequest(data=request.data)
        body.is_valid(raise_exception=True)
        with report_field("from", webhooks.StartsBeyondStream):
            count = _replay(subscription, body.validated_data)
        return Response({"events": count}, status=202)


def _replay(subscription: Subscription, wanted: dict[str, Any]) -> int:
    if wanted["parked"]:
        return webhooks.replay_parked(subscription)
    return webhooks.replay_range(subscription, first=wanted["from"], last=wanted.get("to"))
