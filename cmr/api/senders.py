"""API with which consumers list the senders in their own mailbox."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from cmr.api.access import ConsumerView
from cmr.models import BrandMatch, Sender, SignatureResult, TokenScope
from core.api import Page, answer_page, describe_list
from mailbox_reader import Route

TAG = "consumer"
#: The names of the API for states that are empty in the database.
UNCHECKED, UNMATCHED = "not_checked", "none"
SIGNATURES = [each.value or UNCHECKED for each in SignatureResult]
MATCHES = [each.value or UNMATCHED for each in BrandMatch]


class SenderData(serializers.Serializer[object]):
    id = serializers.CharField()
    organisation = serializers.CharField(
        help_text="The organisational domain, such as `example.co.uk`."
    )
    list_id = serializers.CharField(
        allow_null=True, help_text="The `List-Id` of its mails; null without one."
    )
    name = serializers.CharField(help_text="The sender's name in the newest mail.")
    route = serializers.ChoiceField(
        [each.value for each in Route],
        help_text="How the newest mail says that one unsubscribes.",
    )
    transactional = serializers.BooleanField(help_text="Whether the mails look like receipts.")
    group = serializers.BooleanField(
        help_text="Whether it is a mailing list that people write to, or a forwarder. To "
        "unsubscribe there can remove the whole group."
    )
    mails = serializers.IntegerField()
    junk = serializers.IntegerField(help_text="How many of the mails were marked as junk.")
    first_at = serializers.DateTimeField(allow_null=True)
    last_at = serializers.DateTimeField(allow_null=True)
    signature_result = serializers.ChoiceField(
        SIGNATURES,
        help_text="The result of verifying the signature of one mail. `no_key`: it could not be "
        "verified, which is usual for old mail.",
    )
    brand = serializers.CharField(
        allow_null=True, help_text="The slug of the brand that the sender is linked to."
    )
    match = serializers.ChoiceField(
        MATCHES,
        help_text="How it was linked: by its `domain`, or by you (`person`). `ask`: several brands "
        "have the domain. `refused`: you said that it is none of them.",
    )


SenderList = describe_list(SenderData)


class SenderQuery(Page):
    organisation = serializers.CharField(
        required=False, max_length=253, help_text="Only senders of this organisational domain."
    )
    brand = serializers.CharField(
        required=False, max_length=100, help_text="Only senders that are linked to this brand."
    )


class Senders(ConsumerView):
    needs = {"GET": TokenScope.READ}
    queries = {"GET": SenderQuery}

    @extend_schema(operation_id="me_senders_list", responses=SenderList, tags=[TAG])
    def get(self, request: Request) -> Response:
        """List the senders in your mailbox, by organisation.

        They are known if you had a mailbox read. No brand sees them.
        """
        mine = Sender.objects.filter(consumer=self.consumer).select_related("brand")
        if organisation := self.query.get("organisation"):
            mine = mine.filter(organisation=organisation.lower())
        if brand := self.query.get("brand"):
            mine = mine.filter(brand__slug=brand)
        rows = mine.defer("unsubscribe")
        return answer_page(rows, self.query, by=["organisation", "pk"], write=_write_sender)


def _write_sender(sender: Sender) -> dict[str, Any]:
    return {
        "id": str(sender.pk),
        "organisation": sender.organisation,
        "list_id": sender.list_id or None,
        "name": sender.name,
        "route": sender.route,
        "transactional": sender.is_transactional,
        "group": sender.is_group,
        "mails": sender.mails,
        "junk": sender.junk,
        "first_at": sender.first_at,
        "last_at": sender.last_at,
        "signature_result": sender.signature or UNCHECKED,
        "brand": sender.brand.slug if sender.brand else None,
        "match": sender.match or UNMATCHED,
    }
