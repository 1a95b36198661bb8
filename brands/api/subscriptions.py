"""Webhooks: making, listing, changing and ending them, and whether they may be told."""

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
        help_text="Only events about these; null is all.",
    )
    channels = serializers.ListField(
        child=serializers.ChoiceField(Channel.choices),
        min_length=1,
        max_length=len(Channel.values),
        allow_null=True,
        required=False,
        help_text="Only events about these; null is all.",
    )
    batch = serializers.IntegerField(
        min_value=1, max_value=100, required=False, help_text="Events per request, at most."
    )
    rate_limit = serializers.IntegerField(
        min_value=1,
        max_value=1_000,
        allow_null=True,
        required=False,
        help_text="Requests a second, at most; null is as fast as the endpoint takes them.",
    )


class SubscriptionRequest(SubscriptionChange):
    event_types = serializers.ListField(
        child=serializers.CharField(max_length=60), min_length=1, max_length=20, required=False
    )
    signature = serializers.ChoiceField(
        Signature.choices,
        default="v1",
        help_text="`v1a` signs with a key pair of its own; the public half is at `jwks.json`.",
    )
    after = serializers.IntegerField(
        required=False,
        min_value=0,
        max_value=MAX_SEQUENCE,
        help_text="Start after this sequence; 0 is the whole stream. Default: from now on.",
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
        help_text="The last sequence that is done with, apart from quarantined events."
    )
    failures = serializers.IntegerField(
        help_text="Failures in a row; a refusal is one while nothing else arrives."
    )
    next_try_at = serializers.DateTimeField(allow_null=True)
    parked = serializers.IntegerField(help_text="Events that were refused, and wait for a replay.")
    created_at = serializers.DateTimeField()


class Key(serializers.Serializer[object]):
    secret = serializers.CharField(required=False, help_text="whsec_… Shown this once.")
    public_key = serializers.CharField(required=False, help_text="whpk_…, in place of a secret.")


class NewSubscription(SubscriptionData, Key):
    pass


SubscriptionList = describe_list(SubscriptionData)


class PingResult(serializers.Serializer[object]):
    outcome = serializers.CharField()
    status = serializers.IntegerField(allow_null=True)
    latency_ms = serializers.IntegerField()
    answer = serializers.CharField(help_text="Its beginning, or why there was none.")


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
    """Of all; where only a refused event is to be tried again, of that."""
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
        """Return the brand's subscription. Unknown ids and other brands' are 404."""
        for subscription in webhooks.filter_subscriptions(self.brand).filter(pk=subscription_id):
            return subscription
        raise Problem(404, "not_found", "You have no such subscription.")


class Subscriptions(SubscriptionsView):
    queries = {"GET": Page}

    @extend_schema(operation_id="subscriptions_list", responses=SubscriptionList, tags=[TAG])
    def get(self, request: Request) -> Response:
        """Your webhooks, oldest first."""
        mine = webhooks.filter_subscriptions(self.brand)
        return answer_page(mine, self.query, by=["created_at", "pk"], write=build_subscription_data)

    @repeatable(in_transaction=False, shows_secret=True)
    @extend_schema(request=SubscriptionRequest, responses={201: NewSubscription}, tags=[TAG])
    def post(self, request: Request) -> Response:
        """Be told of changes by signed webhooks (Standard Webhooks 1.0.0)."""
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
        """One webhook and how it fares. Its `ETag` is of what you can change, not of the rest."""
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
        """Another address, or other events. The place in the stream stays.

        What you leave out beside `url` and `event_types` stays as it is. A new address has to be
        proven like a first one: enable it when it is ready.
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
        """End it. When this is answered, nothing is on its way any more; the log stays."""
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
        """A new secret, or key pair. For 24 hours both sign."""
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
    """Public: it tells whoever knows the id what a signature is verified with, and no more."""

    permission_classes = (AllowAny,)
    knows_programs = True

    @extend_schema(responses=JwkSet, auth=[], tags=[TAG])
    def get(self, request: Request, subscription_id: uuid.UUID) -> Response:
        """The keys that verify this webhook's `v1a` signatures (RFC 7517)."""
        subscription = Subscription.objects.filter(pk=subscription_id).first()
        keys = webhooks.list_public_keys(subscription, now=timezone.now()) if subscription else []
        if not keys:
            raise Problem(404, "not_found", "There is no such key.")
        return Response({"keys": keys}, headers={"Cache-Control": "public, max-age=300"})


class Enable(SubscriptionsView):
    @extend_schema(request=None, responses=SubscriptionData, tags=[TAG])
    def post(self, request: Request, subscription_id: uuid.UUID) -> Response:
        """Go on where it stopped, at once. An unproven endpoint is sent its challenge first."""
        webhooks.enable_subscription(self.find(subscription_id), now=timezone.now())
        return Response(build_subscription_data(self.find(subscription_id)))


class Disable(SubscriptionsView):
    @extend_schema(request=None, responses=SubscriptionData, tags=[TAG])
    def post(self, request: Request, subscription_id: uuid.UUID) -> Response:
        """Be told nothing until you enable it again; nothing is lost meanwhile.

        When this is answered, nothing is on its way any more.
        """
        subscription = self.find(subscription_id)
        webhooks.disable_subscription(subscription, reason="by_brand", now=timezone.now())
        return Response(build_subscription_data(self.find(subscription_id)))


class Seek(SubscriptionsView):
    @extend_schema(request=SeekRequest, responses=SubscriptionData, tags=[TAG])
    def post(self, request: Request, subscription_id: uuid.UUID) -> Response:
        """Put its place in the stream: what comes after is sent, be it again."""
        subscription = self.find(subscription_id)
        body = SeekRequest(data=request.data)
        body.is_valid(raise_exception=True)
        webhooks.move_cursor(subscription, after=body.validated_data["after"])
        return Response(build_subscription_data(self.find(subscription_id)))


class Ping(SubscriptionsView):
    @extend_schema(request=None, responses=PingResult, tags=[TAG])
    def post(self, request: Request, subscription_id: uuid.UUID) -> Response:
        """Send a signed message of type `ping`, now, and see what the endpoint answers."""
        answer = webhooks.ping_endpoint(self.find(subscription_id), now=timezone.now())
        return Response(
            {
                "outcome": answer.outcome,
                "status": answer.status,
                "latency_ms": answer.latency_ms,
                "answer": answer.text,
            }
        )
