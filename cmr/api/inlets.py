"""Inlets: a brand opens them, its providers tell us through them who wants no more."""

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
from cmr.models import Inlet, Outcome
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
        help_text="What the provider gives you to verify its signatures with. From then on only "
        "what it signed is taken; null takes all that comes to the secret address.",
    )

    country = serializers.ChoiceField(
        sorted(phonenumbers.SUPPORTED_REGIONS),
        required=False,
        allow_null=True,
        help_text="Where senders of text messages without `+` are from (ISO 3166-1). Null where "
        "your gateway gives the country code.",
    )


class InletChange(InletSettings):
    """What is left out stays."""


class InletRequest(InletSettings):
    provider = serializers.ChoiceField(sorted(PROVIDERS))


class CountData(serializers.Serializer[object]):
    outcome = serializers.ChoiceField(
        Outcome.choices,
        help_text="`taken`: somebody's choice, of an address that you have or had a relationship "
        "with; `unknown_address`: of another, kept all the same; `no_choice`: deliveries, "
        "bounces, words that ask for nothing; `bad_address`: of what is no address; `unreadable`: "
        "not what the provider sends; `not_signed`: refused.",
    )
    count = serializers.IntegerField()
    last_at = serializers.DateTimeField()


class InletData(serializers.Serializer[object]):
    id = serializers.UUIDField()
    provider = serializers.ChoiceField(sorted(PROVIDERS))
    verifies = serializers.BooleanField(
        help_text="Whether only what the provider signed is taken: always of Amazon's, of others "
        "with a signing key."
    )
    confirm_url = serializers.CharField(
        allow_null=True, help_text="Amazon tells nothing until you have opened this."
    )
    topic_arn = serializers.CharField(
        allow_null=True, help_text="The one topic whose messages are taken, once one has come."
    )
    country = serializers.CharField(
        allow_null=True, help_text="Where senders without `+` are from."
    )
    counts = CountData(many=True, help_text="What came of all that it was told, since it is open.")
    created_at = serializers.DateTimeField()


class NewInlet(InletData):
    url = serializers.CharField(help_text="For the provider. It is a secret, shown this once.")


InletList = describe_list(InletData)


class InletsView(BrandView):
    scope = "inbound"


class Inlets(InletsView):
    queries = {"GET": Page}

    @extend_schema(operation_id="inlets_list", responses=InletList, tags=[TAG])
    def get(self, request: Request) -> Response:
        """Your open inlets, oldest first."""
        mine = inbound.list_inlets(self.brand).prefetch_related("counts")
        return answer_page(mine, self.query, by=["created_at", "pk"], write=_data_of)

    @repeatable(shows_secret=True)
    @extend_schema(request=InletRequest, responses={201: NewInlet}, tags=[TAG])
    def post(self, request: Request) -> Response:
        """Open an address for your provider's webhooks; it is shown this once."""
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


#: What sets each of an inlet's settings.
CHANGES = {"signing_key": inbound.set_signing_key, "country": inbound.set_country}


class OneInlet(InletsView):
    @extend_schema(request=InletChange, responses=InletData, tags=[TAG])
    def put(self, request: Request, inlet_id: uuid.UUID) -> Response:
        """Another signing key or country, or none. What you leave out stays.

        Many providers show their key only once they have the address.
        """
        inlet = inbound.list_inlets(self.brand).filter(pk=inlet_id).first()
        if inlet is None:
            raise Problem(404, "not_found", "You have no such inlet.")
        body = InletChange(data=request.data)
        body.is_valid(raise_exception=True)
        with transaction.atomic():
            for name, change in CHANGES.items():
                if name in body.validated_data:
                    change(inlet, body.validated_data[name] or "")
        return Response(_data_of(inlet))

    @extend_schema(responses={204: None}, tags=[TAG])
    def delete(self, request: Request, inlet_id: uuid.UUID) -> Response:
        """Close it: what comes to its address is refused from now on."""
        if not inbound.close_inlet(self.brand, inlet_id, now=timezone.now()):
            raise Problem(404, "not_found", "You have no such inlet.")
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


# -- What providers call ------------------------------------------------------------------------


@takes_upload
@csrf_exempt  # a provider's server posts here; the secret in the address gives it the right
@require_http_methods(["GET", "HEAD", "POST"])
def receive(request: HttpRequest, provider: str, secret: str) -> HttpResponse:
    """Take what a provider tells; GET and HEAD say only that somebody is here.

    What is no choice of a person's (deliveries, bounces, clicks) is 200 and only counted, as is
    what concerns nobody we know. 403: not signed. 413: too large. 503: try again.
    400: not what this provider sends.
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


#: How a post is answered that is not taken, and as what it is counted.
REFUSALS: dict[type[Exception], tuple[int, str]] = {
    inbound.Unreadable: (400, Outcome.UNREADABLE),
    inbound.NotSigned: (403, Outcome.NOT_SIGNED),
    RequestDataTooBig: (413, Outcome.UNREADABLE),
    inbound.NoCertificate: (503, ""),  # SNS tries again, so nothing is lost
}


def _find_limit(provider: str) -> int:
    """Return how many bytes a post may have: mails come with all their attachments."""
    if provider in ("mailgun_route", "sendgrid_parse"):
        return upload_limit()
    return int(settings.DATA_UPLOAD_MAX_MEMORY_SIZE)


def _answer(status: int, body: str = "", content_type: str = "text/plain") -> HttpResponse:
    return HttpResponse(body, status=status, content_type=content_type)
