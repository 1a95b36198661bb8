"""Webhooks: making, listing, changing and ending them."""

from __future__ import annotations

import uuid
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from brands import outbound, webhooks
from brands.api.access import BrandView
from brands.models import Subscription
from brands.wire import Problem, StrictSerializer, list_of, translating

PROBLEMS = {
    outbound.ForbiddenUrl: (422, "forbidden_url", "url"),
    webhooks.UnknownEventType: (422, "unknown_event_type", "event_types"),
    webhooks.StartsBeyondStream: (422, "beyond_stream", "after"),
    webhooks.TooManySubscriptions: (409, "too_many_subscriptions", None),
}
TAG = "brand: webhooks"


class SubscriptionChange(StrictSerializer):
    url = serializers.CharField(max_length=2000)
    event_types = serializers.ListField(
        child=serializers.CharField(max_length=60), min_length=1, max_length=20
    )


class SubscriptionRequest(SubscriptionChange):
    event_types = serializers.ListField(
        child=serializers.CharField(max_length=60), min_length=1, max_length=20, required=False
    )
    after = serializers.IntegerField(
        required=False,
        min_value=0,
        max_value=2**63 - 1,
        help_text="Start after this sequence; 0 is the whole stream. Default: from now on.",
    )
    batch = serializers.IntegerField(
        required=False, min_value=1, max_value=1, help_text="Events per request."
    )


class SubscriptionData(serializers.Serializer[object]):
    id = serializers.UUIDField()
    url = serializers.CharField()
    event_types = serializers.ListField(child=serializers.CharField())
    batch = serializers.IntegerField()
    enabled = serializers.BooleanField()
    disabled_reason = serializers.CharField(allow_null=True)
    delivered_through = serializers.IntegerField(help_text="The last sequence that is done with.")
    failures = serializers.IntegerField(help_text="Failures in a row.")
    next_try_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()


class NewSubscription(SubscriptionData):
    secret = serializers.CharField(help_text="whsec_… Shown this once.")


SubscriptionList = list_of(SubscriptionData)


class Secret(serializers.Serializer[object]):
    secret = serializers.CharField(help_text="whsec_… Shown this once; the old one signs for 24 h.")


def data_of(subscription: Subscription) -> dict[str, Any]:
    return {
        "id": subscription.id,
        "url": subscription.url,
        "event_types": subscription.event_types,
        "batch": 1,
        "enabled": subscription.enabled,
        "disabled_reason": subscription.disabled_reason or None,
        "delivered_through": subscription.cursor,
        "failures": subscription.failures,
        "next_try_at": subscription.next_try_at if subscription.failures else None,
        "created_at": subscription.created_at,
    }


class SubscriptionsView(BrandView):
    scope = "subscriptions"

    def find(self, subscription_id: uuid.UUID) -> Subscription:
        """The brand's own subscription; another brand's is as little there as one nobody has."""
        for subscription in webhooks.of_brand(self.brand).filter(pk=subscription_id):
            return subscription
        raise Problem(404, "not_found", "You have no such subscription.")


class Subscriptions(SubscriptionsView):
    @extend_schema(operation_id="subscriptions_list", responses=SubscriptionList, tags=[TAG])
    def get(self, request: Request) -> Response:
        """Your webhooks, oldest first."""
        mine = webhooks.of_brand(self.brand).order_by("created_at")
        return Response({"data": [data_of(each) for each in mine], "next_cursor": None})

    @extend_schema(request=SubscriptionRequest, responses={201: NewSubscription}, tags=[TAG])
    def post(self, request: Request) -> Response:
        """Be told of changes by signed webhooks (Standard Webhooks 1.0.0)."""
        body = SubscriptionRequest(data=request.data)
        body.is_valid(raise_exception=True)
        with translating(PROBLEMS):
            subscription, secret = webhooks.subscribe(
                self.brand,
                url=body.validated_data["url"],
                event_types=body.validated_data.get("event_types", ["*"]),
                after=body.validated_data.get("after"),
                now=timezone.now(),
            )
        return Response({**data_of(subscription), "secret": secret}, status=201)


class OneSubscription(SubscriptionsView):
    @extend_schema(responses=SubscriptionData, tags=[TAG])
    def get(self, request: Request, subscription_id: uuid.UUID) -> Response:
        """One webhook and how it fares."""
        return Response(data_of(self.find(subscription_id)))

    @extend_schema(request=SubscriptionChange, responses=SubscriptionData, tags=[TAG])
    def put(self, request: Request, subscription_id: uuid.UUID) -> Response:
        """Another address, or other event types. The place in the stream stays."""
        subscription = self.find(subscription_id)
        body = SubscriptionChange(data=request.data)
        body.is_valid(raise_exception=True)
        with translating(PROBLEMS):
            webhooks.change(subscription, **body.validated_data)
        return Response(data_of(subscription))

    @extend_schema(responses={204: None}, tags=[TAG])
    def delete(self, request: Request, subscription_id: uuid.UUID) -> Response:
        """End it. What was tried stays on record."""
        webhooks.disable(self.find(subscription_id), reason="removed", now=timezone.now())
        return Response(status=204)


class Rotate(SubscriptionsView):
    @extend_schema(request=None, responses=Secret, tags=[TAG])
    def post(self, request: Request, subscription_id: uuid.UUID) -> Response:
        """A new secret. For 24 hours both sign."""
        secret = webhooks.rotate(self.find(subscription_id), now=timezone.now())
        return Response({"secret": secret})


class Enable(SubscriptionsView):
    @extend_schema(request=None, responses=SubscriptionData, tags=[TAG])
    def post(self, request: Request, subscription_id: uuid.UUID) -> Response:
        """Go on where it stopped, at once."""
        subscription = self.find(subscription_id)
        webhooks.enable(subscription, now=timezone.now())
        return Response(data_of(self.find(subscription_id)))
