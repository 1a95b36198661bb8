"""Inlets: webhook addresses through which a brand's providers report opt-outs."""

from __future__ import annotations

import logging
import uuid
from typing import Any

import phonenumbers
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from brands.api.access import BrandView
from brands.api.idempotency import repeatable
from cmr import inbound
from cmr.inbound import PROVIDERS
from cmr.models import Inlet, InletOutcome
from core.api import Page, StrictSerializer, answer_page, describe_list
from core.json_bodies import takes_upload, upload_limit
from core.problem_details import Problem

log = logging.getLogger(__name__)
TAG = "brand: what people answer"


class InletSettings(StrictSerializer):
    signing_key = serializers.CharField(
        required=False,
        allow_null=True,
        max_length=1_000,
        help_text="The key with which the provider signs. Once it is set, only signed messages "
        "are accepted. With null, everything sent to the secret address is accepted.",
    )

    country = serializers.ChoiceField(
        sorted(phonenumbers.SUPPORTED_REGIONS),
        required=False,
        allow_null=True,
        help_text="Country of senders of text messages without `+` (ISO 3166-1). Null if your "
        "gateway sends the country code.",
    )


class InletChange(InletSettings):
    """Changes of an inlet. Fields that are left out keep their value."""


class InletRequest(InletSettings):
    provider = serializers.ChoiceField(sorted(PROVIDERS))


class CountData(serializers.Serializer[object]):
    outcome = serializers.ChoiceField(
        InletOutcome.choices,
        help_text="`taken`: a choice of somebody with whom you have or had a relationship. "
        "`unknown_address`: a choice of somebody else, recorded as well. `no_choice`: "
        "a delivery, bounce, or text without a request. `bad_address`: an invalid "
        "address. `unreadable`: not in the provider's format. `not_signed`: refused.",
    )
    count = serializers.IntegerField()
    last_at = serializers.DateTimeField()


class InletData(serializers.Serializer[object]):
    id = serializers.UUIDField()
    provider = serializers.ChoiceField(sorted(PROVIDERS))
    verifies = serializers.BooleanField(
        help_text="Whether only signed messages are accepted: always for Amazon SES, otherwise "
        "if a signing key is set."
    )
    confirm_url = serializers.CharField(
        allow_null=True,
        help_text="Open this URL to confirm the subscription. Until then Amazon sends no messages.",
    )
    topic_arn = serializers.CharField(
        allow_null=True,
        help_text="The only topic whose messages are accepted, once the first one has arrived.",
    )
    country = serializers.CharField(allow_null=True, help_text="Country of senders without `+`.")
    counts = CountData(
        many=True, help_text="Number of messages by outcome, since the inlet was created."
    )
    created_at = serializers.DateTimeField()


class NewInlet(InletData):
    url = serializers.CharField(
        help_text="Enter it at your provider. It is secret and shown only once."
    )


InletList = describe_list(InletData)


class InletsView(BrandView):
    scope = "inbound"


class Inlets(InletsView):
    queries = {"GET": Page}

    @extend_schema(operation_id="inlets_list", responses=InletList, tags=[TAG])
    def get(self, request: Request) -> Response:
        """List your open inlets, oldest first."""
        mine = inbound.list_inlets(self.brand).prefetch_related("counts")
        return answer_page(mine, self.query, by=["created_at", "pk"], write=_data_of)

    @repeatable(shows_secret=True)
    @extend_schema(request=InletRequest, responses={201: NewInlet}, tags=[TAG])
    def post(self, request: Request) -> Response:
        """Create an inlet: an address for your provider's webhooks.

        The address is shown only once.
        """
        body = InletRequest(data=request.data)
        body.is_valid(raise_exception=True)
        wanted = body.validated_data
        inlet, url = inbound.open_inlet(
            self.brand,
            provider=wanted["provider"],
            signing_key=wanted.get("signing_key") or "",
            country=wanted.get("country") or "",
        )
        return Response(_data_of(inlet) | {"url": url}, status=201)


#: The function that changes each setting of an inlet.
CHANGES = {"signing_key": inbound.set_signing_key, "country": inbound.set_country}


class OneInlet(InletsView):
    @extend_schema(request=InletChange, responses=InletData, tags=[TAG])
    def put(self, request: Request, inlet_id: uuid.UUID) -> Response:
        """Change the signing key or the country of an inlet.

        Fields that are left out keep their value. Many providers show their key only after they
        have the address.
        """
        inlet = inbound.list_inlets(self.brand).filter(pk=inlet_id).first()
        if inlet is None:
            raise Problem(404, "not_found", "No inlet with this id.")
        body = InletChange(data=request.data)
        body.is_valid(raise_exception=True)
        with transaction.atomic():
            for name, change in CHANGES.items():
                if name in body.validated_data:
                    change(inlet, body.validated_data[name] or "")
        return Response(_data_of(inlet))

    @extend_schema(responses={204: None}, tags=[TAG])
    def delete(self, request: Request, inlet_id: uuid.UUID) -> Response:
        """Close an inlet.

        Messages to its address are refused from now on.
        """
        if not inbound.close_inlet(self.brand, inlet_id, now=timezone.now()):
            raise Problem(404, "not_found", "No inlet with this id.")
        return Response(status=204)


def _data_of(inlet: Inlet) -> dict[str, Any]:
    return {
        "id": inlet.id,
        "provider": inlet.provider,
        "verifies": inbound.verifies_signatures(inlet),
        "confirm_url": inlet.confirm_url or None,
        "topic_arn": inlet.topic_arn or None,
        "country": inlet.country or None,
        "counts": [
            {"outcome": each.outcome, "count": each.count, "last_at": each.last_at}
            for each in inbound.list_counts(inlet)
        ],
        "created_at": inlet.created_at,
    }


# -- Called by providers ------------------------------------------------------------------------


@takes_upload
@csrf_exempt  # a provider's server posts here; the secret in the URL authenticates it
@require_http_methods(["GET", "HEAD", "POST"])
def receive(request: HttpRequest, provider: str, secret: str) -> HttpResponse:
    """Receive a provider's webhook; GET and HEAD only confirm that the address exists.

    Messages without a choice (deliveries, bounces, clicks), and those about unknown people, get 200
    and are only counted. 403: not signed. 413: too large. 503: try again. 400: not in the
    provider's format.
    """
    if (inlet := inbound.find_inlet(provider, secret)) is None:
        return _answer(404)
    if request.method != "POST":
        return _answer(200)
    now = timezone.now()
    url = inbound.build_inlet_url(provider, secret)
    try:
        post = inbound.read_request(request, url=url, most=_find_limit(provider))
        letter = inbound.parse_post(provider, post, key=inbound.read_signing_key(inlet), now=now)
        inbound.record_letter(inlet, letter, now=now)
    except tuple(REFUSALS) as error:
        log.warning("inlet %s: %s", inlet.pk, error)
        status, outcome = REFUSALS[type(error)]
        inbound.count_outcomes(inlet, {outcome: 1} if outcome else {}, now=now)
        return _answer(status)
    known = PROVIDERS[provider]
    return _answer(200, known.answer, known.answer_type)


#: Status of each refused POST, and the outcome that is counted.
REFUSALS: dict[type[Exception], tuple[int, str]] = {
    inbound.UnreadablePost: (400, InletOutcome.UNREADABLE),
    inbound.NotSigned: (403, InletOutcome.NOT_SIGNED),
    RequestDataTooBig: (413, InletOutcome.UNREADABLE),
    inbound.NoCertificate: (503, ""),  # SNS tries again, so nothing is lost
}


def _find_limit(provider: str) -> int:
    """Return the maximum size of a POST in bytes; mails arrive with all attachments."""
    if provider in ("mailgun_route", "sendgrid_parse"):
        return upload_limit()
    return int(settings.DATA_UPLOAD_MAX_MEMORY_SIZE)


def _answer(status: int, body: str = "", content_type: str = "text/plain") -> HttpResponse:
    return HttpResponse(body, status=status, content_type=content_type)
