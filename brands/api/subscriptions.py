"""API for webhook subscriptions: create, list, change, end, enable, disable, rotate, ping."""

from __future__ import annotations

import uuid
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from django.db.models import Min, QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from brands import webhooks
from brands.api.access import BrandView
from brands.api.idempotency import repeatable
from brands.models import Channel, QuarantinedEvent, Signature, Subscription
from brands.webhooks import SubscriptionTerms
from core import api
from core.api import Page, QueryView, StrictSerializer, answer_page, describe_list
from core.problem_details import Problem

TAG = "brand: webhooks"
MAX_SEQUENCE = 2**63 - 1


class SubscriptionChange(StrictSerializer):
    url = serializers.CharField(max_length=2000)
    event_types = serializers.ListField(
        child=serializers.CharField(max_length=60), min_length=1, max_length=20
    )
    purposes = serializers.ListField(
        child=serializers.CharField(max_length=40),
        min_length=1,
        max_length=40,
        allow_null=True,
        required=False,
        help_text="Only events about these purposes; null means all.",
    )
    channels = serializers.ListField(
        child=serializers.ChoiceField(Channel.choices),
        min_length=1,
        max_length=len(Channel.values),
        allow_null=True,
        required=False,
        help_text="Only events about these channels; null means all.",
    )
    batch = serializers.IntegerField(
        min_value=1,
        max_value=100,
        required=False,
        help_text="Maximum number of events per request.",
    )
    rate_limit = serializers.IntegerField(
        min_value=1,
        max_value=1_000,
        allow_null=True,
        required=False,
        help_text="Maximum number of requests per second; null means no limit.",
    )


class SubscriptionRequest(SubscriptionChange):
    event_types = serializers.ListField(
        child=serializers.CharField(max_length=60), min_length=1, max_length=20, required=False
    )
    signature = serializers.ChoiceField(
        Signature.choices,
        default="v1",
        help_text="`v1a` signs with a key pair of its own; the public key is at `jwks.json`.",
    )
    after = serializers.IntegerField(
        required=False,
        min_value=0,
        max_value=MAX_SEQUENCE,
        help_text="Start after this sequence; 0 means the whole stream. Default: the end of the "
        "stream.",
    )


class SeekRequest(StrictSerializer):
    after = serializers.IntegerField(min_value=0, max_value=MAX_SEQUENCE)


class SubscriptionData(serializers.Serializer[object]):
    id = serializers.UUIDField()
    url = serializers.CharField()
    event_types = serializers.ListField(child=serializers.CharField())
    purposes = serializers.ListField(child=serializers.CharField(), allow_null=True)
    channels = serializers.ListField(child=serializers.CharField(), allow_null=True)
    batch = serializers.IntegerField()
    rate_limit = serializers.IntegerField(allow_null=True)
    signature = serializers.ChoiceField(Signature.choices)
    enabled = serializers.BooleanField()
    disabled_reason = serializers.CharField(allow_null=True)
    delivered_through = serializers.IntegerField(
        help_text="All events up to this sequence are delivered, except quarantined ones."
    )
    failures = serializers.IntegerField(
        help_text="Failed attempts in a row. A refused event counts only while no other event "
        "is accepted."
    )
    next_try_at = serializers.DateTimeField(allow_null=True)
    parked = serializers.IntegerField(help_text="Number of refused events that wait for a replay.")
    created_at = serializers.DateTimeField()


class Key(serializers.Serializer[object]):
    secret = serializers.CharField(required=False, help_text="whsec_… Shown only once.")
    public_key = serializers.CharField(
        required=False, help_text="whpk_… The public key, instead of a secret."
    )


class NewSubscription(SubscriptionData, Key):
    pass


SubscriptionList = describe_list(SubscriptionData)


class PingResult(serializers.Serializer[object]):
    outcome = serializers.CharField()
    status = serializers.IntegerField(allow_null=True)
    latency_ms = serializers.IntegerField()
    answer = serializers.CharField(
        help_text="The beginning of the endpoint's response, or why there was no response."
    )


def build_subscription_data(subscription: Subscription) -> dict[str, Any]:
    return {
        "id": subscription.id,
        "url": subscription.url,
        "event_types": subscription.event_types,
        "purposes": subscription.purposes,
        "channels": subscription.channels,
        "batch": subscription.batch,
        "rate_limit": subscription.rate_limit,
        "signature": subscription.signature,
        "enabled": subscription.enabled,
        "disabled_reason": subscription.disabled_reason or None,
        "delivered_through": subscription.cursor,
        "failures": subscription.failures,
        "next_try_at": _next_try(subscription) if subscription.failures else None,
        "parked": _quarantined(subscription).filter(retry_at=None).count(),
        "created_at": subscription.created_at,
    }


def _quarantined(subscription: Subscription) -> QuerySet[QuarantinedEvent]:
    return QuarantinedEvent.objects.filter(brand=subscription.brand_id, subscription=subscription)


def _next_try(subscription: Subscription) -> datetime:
    """Return the time of the next attempt; if only a refused event is due, the time of that one."""
    if subscription.next_try_at > timezone.now():
        return subscription.next_try_at
    waiting = _quarantined(subscription).filter(retry_at__isnull=False)
    soonest: datetime | None = waiting.aggregate(at=Min("retry_at"))["at"]
    return soonest or subscription.next_try_at


def build_editable_state(subscription: Subscription) -> dict[str, Any]:
    """Return what the `ETag` is computed from.

    The cursor is not part of it: it moves with each delivery, so no `If-Match` would hold.
    """
    reason = subscription.disabled_reason
    return asdict(webhooks.read_terms(subscription)) | {"disabled_reason": reason}


class SubscriptionsView(BrandView):
    scope = "subscriptions"

    def find(self, subscription_id: uuid.UUID) -> Subscription:
        """Return the brand's subscription. Raise 404 for unknown ids and those of other brands."""
        for subscription in webhooks.filter_subscriptions(self.brand).filter(pk=subscription_id):
            return subscription
        raise Problem(404, "not_found", "No subscription with this id.")


class Subscriptions(SubscriptionsView):
    queries = {"GET": Page}

    @extend_schema(operation_id="subscriptions_list", responses=SubscriptionList, tags=[TAG])
    def get(self, request: Request) -> Response:
        """List your webhooks, oldest first."""
        mine = webhooks.filter_subscriptions(self.brand)
        return answer_page(mine, self.query, by=["created_at", "pk"], write=build_subscription_data)

    @repeatable(in_transaction=False, shows_secret=True)
    @extend_schema(request=SubscriptionRequest, responses={201: NewSubscription}, tags=[TAG])
    def post(self, request: Request) -> Response:
        """Create a webhook that receives signed events (Standard Webhooks 1.0.0)."""
        body = SubscriptionRequest(data=request.data)
        body.is_valid(raise_exception=True)
        wanted = dict(body.validated_data)
        after, signature = wanted.pop("after", None), wanted.pop("signature")
        subscription, secret = webhooks.create_verified_subscription(
            self.brand,
            SubscriptionTerms(**wanted),
            after=after,
            signature=signature,
            now=timezone.now(),
        )
        made = build_subscription_data(self.find(subscription.pk)) | webhooks.describe_key(secret)
        return Response(made, status=201)


class OneSubscription(SubscriptionsView):
    @extend_schema(parameters=[api.ETAG], responses=SubscriptionData, tags=[TAG])
    def get(self, request: Request, subscription_id: uuid.UUID) -> Response:
        """Retrieve a webhook and its state.

        The `ETag` covers only the fields that you can change.
        """
        subscription = self.find(subscription_id)
        tag = api.compute_etag(build_editable_state(subscription))
        return Response(build_subscription_data(subscription), headers={"ETag": tag})

    @extend_schema(
        parameters=[api.IF_MATCH],
        request=SubscriptionChange,
        responses=SubscriptionData,
        tags=[TAG],
    )
    def put(self, request: Request, subscription_id: uuid.UUID) -> Response:
        """Change the URL, the event types or other settings of a webhook.

        Fields other than `url` and `event_types` keep their value if left out, and so does the
        position in the stream. A new URL must be verified: call `enable` when the endpoint is
        ready.
        """
        subscription = self.find(subscription_id)
        body = SubscriptionChange(data=request.data)
        body.is_valid(raise_exception=True)
        terms = replace(webhooks.read_terms(subscription), **body.validated_data)
        webhooks.change_subscription(
            subscription, terms, now=timezone.now(), precondition=self.unchanged
        )
        return Response(build_subscription_data(self.find(subscription_id)))

    @extend_schema(parameters=[api.IF_MATCH], responses={204: None}, tags=[TAG])
    def delete(self, request: Request, subscription_id: uuid.UUID) -> Response:
        """Delete a webhook.

        When this call returns, no request is in flight. The log of attempts is kept.
        """
        subscription = self.find(subscription_id)
        webhooks.disable_subscription(
            subscription, reason="removed", now=timezone.now(), precondition=self.unchanged
        )
        return Response(status=204)

    def unchanged(self, held: Subscription) -> None:
        api.check_if_match(self.request, build_editable_state(held))


class Rotate(SubscriptionsView):
    @repeatable(in_transaction=False, shows_secret=True)
    @extend_schema(request=None, responses=Key, tags=[TAG])
    def post(self, request: Request, subscription_id: uuid.UUID) -> Response:
        """Rotate the secret or key pair of a webhook.

        For 24 hours, requests are signed with both the old and the new one.
        """
        secret = webhooks.rotate_secret(self.find(subscription_id), now=timezone.now())
        return Response(webhooks.describe_key(secret))


class Jwk(serializers.Serializer[object]):
    kty = serializers.CharField()
    crv = serializers.CharField()
    x = serializers.CharField()
    kid = serializers.CharField()
    use = serializers.CharField()
    alg = serializers.CharField()


class JwkSet(serializers.Serializer[object]):
    keys = Jwk(many=True)


class Jwks(QueryView):
    """Public view: reveals only the public key of a signature to callers who know the id."""

    permission_classes = (AllowAny,)
    knows_programs = True

    @extend_schema(responses=JwkSet, auth=[], tags=[TAG])
    def get(self, request: Request, subscription_id: uuid.UUID) -> Response:
        """Retrieve the public keys that verify this webhook's `v1a` signatures (RFC 7517)."""
        subscription = Subscription.objects.filter(pk=subscription_id).first()
        keys = webhooks.list_public_keys(subscription, now=timezone.now()) if subscription else []
        if not keys:
            raise Problem(
                404,
                "not_found",
                "No public key for this id. Only webhooks that sign with `v1a` have one.",
            )
        return Response({"keys": keys}, headers={"Cache-Control": "public, max-age=300"})


class Enable(SubscriptionsView):
    @extend_schema(request=None, responses=SubscriptionData, tags=[TAG])
    def post(self, request: Request, subscription_id: uuid.UUID) -> Response:
        """Enable a webhook, and resume where it stopped.

        An endpoint that is not verified yet is sent a challenge first.
        """
        webhooks.enable_subscription(self.find(subscription_id), now=timezone.now())
        return Response(build_subscription_data(self.find(subscription_id)))


class Disable(SubscriptionsView):
    @extend_schema(request=None, responses=SubscriptionData, tags=[TAG])
    def post(self, request: Request, subscription_id: uuid.UUID) -> Response:
        """Disable a webhook until you enable it again.

        No event is lost. When this call returns, no request is in flight.
        """
        subscription = self.find(subscription_id)
        webhooks.disable_subscription(subscription, reason="by_brand", now=timezone.now())
        return Response(build_subscription_data(self.find(subscription_id)))


class Seek(SubscriptionsView):
    @extend_schema(request=SeekRequest, responses=SubscriptionData, tags=[TAG])
    def post(self, request: Request, subscription_id: uuid.UUID) -> Response:
        """Move a webhook to another position in the stream.

        All events after this sequence are sent, even if they were sent before.
        """
        subscription = self.find(subscription_id)
        body = SeekRequest(data=request.data)
        body.is_valid(raise_exception=True)
        webhooks.move_cursor(subscription, after=body.validated_data["after"])
        return Response(build_subscription_data(self.find(subscription_id)))


class Ping(SubscriptionsView):
    @extend_schema(request=None, responses=PingResult, tags=[TAG])
    def post(self, request: Request, subscription_id: uuid.UUID) -> Response:
        """Send a signed `ping` message now, and return the endpoint's response."""
        answer = webhooks.ping_endpoint(self.find(subscription_id), now=timezone.now())
        return Response(
            {
                "outcome": answer.outcome,
                "status": answer.status,
                "latency_ms": answer.latency_ms,
                "answer": answer.text,
            }
        )
