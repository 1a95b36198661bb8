"""Links for a brand's mails: for one mail, for thousands, or the key to build them yourself."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from brands import credentials
from brands.api.access import BrandView
from brands.api.idempotency import repeatable
from brands.models import Brand
from cmr import choices
from cmr.choices import Link
from consent import relationships, rules
from consent.api import wire
from consent.api.batches import ItemError, error_item
from consent.identity import Contact
from consent.models import Relationship
from consent.rules import ScopeNames
from core.api import NamingField, StrictSerializer
from core.json_bodies import BatchParser
from core.problem_details import Problem, build_problem

TAG = "brand: links"
MOST = 10_000


class About(StrictSerializer):
    """What the mail is about. Without a purpose its links cover everything that you may send."""

    purpose = serializers.CharField(required=False, allow_null=True, max_length=40)
    channel = serializers.CharField(required=False, allow_null=True, max_length=10)
    topic = serializers.CharField(required=False, allow_null=True, max_length=60)
    campaign = NamingField(
        required=False,
        allow_null=True,
        max_length=100,
        help_text="Your campaign. Its unsubscribes are counted.",
    )


class LinkRequest(About):
    contact = wire.ContactField(required=False)
    contacts = serializers.ListField(
        child=serializers.JSONField(),
        required=False,
        allow_empty=False,
        max_length=MOST,
        help_text=f"Up to {MOST:,}, instead of `contact`.",
    )

    default_error_messages = {"one": "Give either `contact` or `contacts`."}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("contact" in attrs) == ("contacts" in attrs):
            self.refuse("contact", "one")
        return attrs


class LinkItem(serializers.Serializer[object]):
    """The links of a mail, or an `error` in a list of several."""

    one_click_url = serializers.URLField(
        required=False, help_text="A POST to this URL unsubscribes (RFC 8058)."
    )
    preferences_url = serializers.URLField(required=False, help_text="For the footer of the mail.")
    headers = serializers.DictField(
        child=serializers.CharField(),
        required=False,
        help_text="Headers of the mail; use them unchanged.",
    )
    error = ItemError(required=False)


class LinkData(LinkItem):
    error = None  # type: ignore[assignment]
    data = LinkItem(many=True, required=False)  # type: ignore[assignment]


class LinkKeyRequest(StrictSerializer):
    revoke_old = serializers.BooleanField(
        default=False,
        help_text="Revoke all older keys as well, for example after a leak. The links in mails "
        "already sent then no longer work.",
    )


class LinkKeyData(serializers.Serializer[object]):
    brand = serializers.CharField(help_text="Field `b` of the token.")
    key = serializers.CharField(help_text="Key of the HMAC, in base64url. It is secret.")
    one_click_url = serializers.CharField(help_text="Replace {token} with the token.")
    preferences_url = serializers.CharField()


class NewLinkKeyData(LinkKeyData):
    old_accepted_until = serializers.DateTimeField(
        help_text="Links made with the previous key are valid until then."
    )


class Links(BrandView):
    scope = "links"
    parser_classes = (BatchParser,)

    @extend_schema(request=LinkRequest, responses=LinkData, tags=[TAG])
    def post(self, request: Request) -> Response:
        """Create the links and headers of a mail to one person, or to each of many.

        With `contacts`, `data` has one item per contact in the same order: the links, or an `error`
        with its `code` and `detail`.
        """
        body = LinkRequest(data=request.data)
        body.is_valid(raise_exception=True)
        data = dict(body.validated_data)
        contact, contacts = data.pop("contact", None), data.pop("contacts", None)
        # The choice of a link is a no.
        rules.resolve_scope_names(self._names(data), decision="deny")
        if contact:
            known = relationships.find_relationship(
                self.brand.pk, wire.build_contact(contact, self.brand.namespace)
            )
            return Response(choices.build_mail_links(Link(known, **data)))
        return Response({"data": self._many(contacts, data)})

    def _names(self, data: dict[str, Any]) -> ScopeNames:
        return ScopeNames(
            self.brand.slug, data.get("purpose"), data.get("channel"), data.get("topic")
        )

    def _many(self, given: Sequence[Any], data: dict[str, Any]) -> list[dict[str, Any]]:
        read = [wire.read_contact(each, self.brand.namespace) for each in given]
        found = relationships.find_relationships(
            self.brand.pk, [e for e in read if isinstance(e, Contact)]
        )
        return [
            error_item(each) if isinstance(each, Problem) else _links(next(found), data)
            for each in read
        ]


def _links(found: relationships.Found, data: dict[str, Any]) -> dict[str, Any]:
    if isinstance(found, Relationship):
        return choices.build_mail_links(Link(found, **data))
    return error_item(build_problem(found))


class LinkKey(BrandView):
    scope = "links"

    @extend_schema(responses=LinkKeyData, tags=[TAG])
    def get(self, request: Request) -> Response:
        """Retrieve the key with which a mail system builds links itself.

        The documentation describes the format: `/docs/links`.
        """
        return Response(_key_data(self.brand), headers={"Cache-Control": "no-store"})


class LinkKeyRotation(BrandView):
    scope = "links"

    @repeatable(shows_secret=True)
    @extend_schema(request=LinkKeyRequest, responses={201: NewLinkKeyData}, tags=[TAG])
    def post(self, request: Request) -> Response:
        """Create a new key for links.

        Links made with the old key remain valid for a year. If the old key leaked, `revoke_old`
        revokes it at once, together with all its links.
        """
        body = LinkKeyRequest(data=request.data or {})
        body.is_valid(raise_exception=True)
        revoke_old = body.validated_data["revoke_old"]
        until = credentials.rotate_link_key(self.brand, revoke_old=revoke_old, now=timezone.now())
        data = _key_data(self.brand) | {"old_accepted_until": until}
        return Response(data, status=201, headers={"Cache-Control": "no-store"})


def _key_data(brand: Brand) -> dict[str, Any]:
    return {
        "brand": brand.slug,
        "key": base64.urlsafe_b64encode(credentials.derive_link_key(brand)).rstrip(b"=").decode(),
        "one_click_url": choices.build_url("u", "{token}"),
        "preferences_url": choices.build_url("p", "{token}"),
    }
