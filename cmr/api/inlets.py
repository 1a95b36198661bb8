"""Inlets: a brand opens them, its mail providers tell us through them who wants no more."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Sequence
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from brands.api.access import BrandView
from brands.api.pages import answer_page
from brands.api.repeating import repeatable
from brands.models import Brand, Campaign
from brands.wire import (
    Page,
    Problem,
    Problems,
    StrictSerializer,
    list_of,
    takes_upload,
    translating,
)
from cmr.inbound import hearing, inlets, providers
from cmr.inbound.hearing import Heard
from cmr.inbound.providers import PROVIDERS, Told
from cmr.models import Inlet
from consent.identifiers import Contact, InvalidAddress
from consent.models import Source

log = logging.getLogger(__name__)
TAG = "brand: what people answer"
PROBLEMS: Problems = {
    inlets.TooManyInlets: (409, "too_many_inlets", None),
    providers.BadKey: (422, "bad_signing_key", "signing_key"),
}
#: In the words of the evidence.
WHAT = {"unsubscribed": "unsubscribed", "complained": "complained (reported as spam)"}


class SigningKey(StrictSerializer):
    signing_key = serializers.CharField(
        required=False,
        allow_null=True,
        max_length=1_000,
        help_text="What the provider gives you to verify its signatures with. From then on only "
        "what it signed is taken; null takes all that comes to the secret address.",
    )


class NewSigningKey(SigningKey):
    signing_key = serializers.CharField(
        allow_null=True, max_length=1_000, help_text="Null takes all that comes."
    )


class InletRequest(SigningKey):
    provider = serializers.ChoiceField(sorted(PROVIDERS))


class InletData(serializers.Serializer[object]):
    id = serializers.UUIDField()
    provider = serializers.ChoiceField(sorted(PROVIDERS))
    verifies = serializers.BooleanField(help_text="Whether it has a signing key.")
    confirm_url = serializers.CharField(
        allow_null=True, help_text="Amazon tells nothing until you have opened this."
    )
    created_at = serializers.DateTimeField()


class NewInlet(InletData):
    url = serializers.CharField(help_text="For the provider. It is a secret, shown this once.")


InletList = list_of(InletData)


class InletsView(BrandView):
    scope = "inbound"


class Inlets(InletsView):
    queries = {"GET": Page}

    @extend_schema(operation_id="inlets_list", responses=InletList, tags=[TAG])
    def get(self, request: Request) -> Response:
        """Your open inlets, oldest first."""
        mine = inlets.of_brand(self.brand)
        return answer_page(mine, self.query, by=["created_at", "pk"], write=_data_of)

    @repeatable(shows_secret=True)
    @extend_schema(request=InletRequest, responses={201: NewInlet}, tags=[TAG])
    def post(self, request: Request) -> Response:
        """An address for your mail provider's webhooks; it is shown this once."""
        body = InletRequest(data=request.data)
        body.is_valid(raise_exception=True)
        wanted = body.validated_data
        with translating(PROBLEMS):
            inlet, url = inlets.open_inlet(
                self.brand,
                provider=wanted["provider"],
                signing_key=wanted.get("signing_key") or "",
            )
        return Response(_data_of(inlet) | {"url": url}, status=201)


class OneInlet(InletsView):
    @extend_schema(request=NewSigningKey, responses=InletData, tags=[TAG])
    def put(self, request: Request, inlet_id: uuid.UUID) -> Response:
        """Another signing key, or none. Many providers show it only once they have the address."""
        inlet = inlets.of_brand(self.brand).filter(pk=inlet_id).first()
        if inlet is None:
            raise Problem(404, "not_found", "You have no such inlet.")
        body = NewSigningKey(data=request.data)
        body.is_valid(raise_exception=True)
        with translating(PROBLEMS):
            inlets.set_key(inlet, body.validated_data["signing_key"] or "")
        return Response(_data_of(inlet))

    @extend_schema(responses={204: None}, tags=[TAG])
    def delete(self, request: Request, inlet_id: uuid.UUID) -> Response:
        """Close it: what comes to its address is refused from now on."""
        if not inlets.close(self.brand, inlet_id, now=timezone.now()):
            raise Problem(404, "not_found", "You have no such inlet.")
        return Response(status=204)


def _data_of(inlet: Inlet) -> dict[str, Any]:
    return {
        "id": inlet.id,
        "provider": inlet.provider,
        "verifies": inlet.signing_key is not None,
        "confirm_url": inlet.confirm_url or None,
        "created_at": inlet.created_at,
    }


# -- What providers call ------------------------------------------------------------------------


@takes_upload
@csrf_exempt  # a provider's server posts here; the secret in the address gives it the right
@require_http_methods(["GET", "HEAD", "POST"])
def receive(request: HttpRequest, provider: str, secret: str) -> HttpResponse:
    """Take what a provider tells; GET and HEAD say only that somebody is here.

    What is no choice of a person's (deliveries, bounces, clicks) is 200 and forgotten, as is
    what concerns nobody we know. 403: not signed. 413: too large.
    400: not what this provider sends.
    """
    if (inlet := inlets.recognise(provider, secret)) is None:
        return _plain(404)
    if request.method != "POST":
        return _plain(200)
    url = inlets.address_of(provider, secret)
    try:
        letter = providers.read(provider, request, key=inlets.key_of(inlet), url=url)
    except RequestDataTooBig:
        return _plain(413)
    except providers.NotSigned:
        return _plain(403)
    except providers.Unreadable as error:
        log.warning("inlet %s: %s", inlet.pk, error)
        return _plain(400)
    if letter.confirm_url:
        inlets.ask_to_confirm(inlet, letter.confirm_url)
    for told in letter.told:
        _take(inlet, told)
    return _plain(200)


def _plain(status: int) -> HttpResponse:
    return HttpResponse(status=status, content_type="text/plain")


def _take(inlet: Inlet, told: Told) -> None:
    now = timezone.now()
    heard = Heard(
        Contact(email=told.email, world=inlet.brand.world),
        "email",
        Source.MAIL_PROVIDER,
        by=PROVIDERS[inlet.provider].name,
        what=WHAT[told.kind],
        at=min(told.at or now, now),
        name=told.event,
        campaign=_campaign(inlet.brand, told.labels),
    )
    try:
        hearing.take_no(inlet.brand, heard, now=now)
    except InvalidAddress:
        log.info("inlet %s: told of what is no address", inlet.pk)


def _campaign(brand: Brand, labels: Sequence[str]) -> str:
    """The first of a message's labels that is a campaign of the brand's; empty where none is."""
    known = Campaign.objects.filter(brand=brand, code__in=labels).values_list("code", flat=True)
    return min(known, key=labels.index, default="") if labels else ""
