"""API with which brands register relationships and record choices."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from brands import catalogue
from brands.api.access import BrandView
from brands.api.idempotency import repeatable
from brands.models import Brand
from consent import ledger, relationships, reporting
from consent.api import wire
from consent.identity import Contact
from consent.ledger import Actor, LiftRefused, NewChoice
from consent.models import Ground, LedgerEntry, Refusal, Relationship
from consent.models.ledger import Basis
from core.api import Moment, NamingField, StrictSerializer, describe_list

TAG = "brand: people"


class RegistrationRequest(StrictSerializer):
    contact = wire.AddressField()
    ref = NamingField(
        required=False,
        max_length=200,
        help_text="Your own reference for the person. It must not contain an address.",
    )
    note = serializers.CharField(
        max_length=300, help_text="How the relationship came about. The person will read it."
    )
    jurisdiction = serializers.CharField(
        required=False,
        max_length=40,
        help_text="Where the person lives, such as DE or US-CA. The person sees it, and their "
        "own statement has precedence.",
    )


class RegistrationData(serializers.Serializer[object]):
    subject = wire.SubjectData()
    started_at = serializers.DateTimeField()


class BrandChoiceRequest(wire.ChoiceField):
    contact = wire.ContactField()
    basis = serializers.ChoiceField(Basis.choices, default=Basis.EXPRESS)
    ground = serializers.ChoiceField(
        Ground.choices, required=False, help_text="What implies the consent."
    )
    evidence = serializers.CharField(
        required=False, max_length=2_000, help_text="Your evidence of the consent."
    )
    notice = serializers.CharField(
        required=False,
        max_length=100,
        help_text="The notice that the person was shown: the code of one of your notices, "
        "stored with its version at `made_at`, or `code@version`.",
    )
    made_at = Moment(
        required=False,
        help_text="When the person told you, bought or inquired. Default: now.",
    )

    default_error_messages = {
        "no_evidence": "Recording a yes requires `evidence`.",
        "no_ground": "Implied consent requires a `ground`.",
        "not_implied": "Only a yes can be implied.",
    }

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        attrs = super().validate(attrs)
        granting, implied = attrs["decision"] == "grant", attrs["basis"] == Basis.IMPLIED
        if granting and not attrs.get("evidence"):
            self.refuse("evidence", "no_evidence")
        if implied and not granting:
            self.refuse("basis", "not_implied")
        if implied and "ground" not in attrs:
            self.refuse("ground", "no_ground")
        if "ground" in attrs and not implied:
            self.refuse("ground", "not_here")
        return attrs


class RecordedData(wire.EntryData):
    evidence = serializers.CharField(allow_null=True, help_text="As you sent it.")
    notice = serializers.CharField(
        allow_null=True,
        help_text="`code@version` if it is one of your notices; otherwise the text that you sent.",
    )


RecordedList = describe_list(RecordedData, paged=False)


class Relationships(BrandView):
    scope = "relationships"

    @repeatable()
    @extend_schema(
        request=RegistrationRequest,
        responses={200: RegistrationData, 201: RegistrationData},
        tags=[TAG],
    )
    def post(self, request: Request) -> Response:
        """Register a relationship with a person.

        The person sees it at once, and can end it.
        """
        body = RegistrationRequest(data=request.data)
        body.is_valid(raise_exception=True)
        relationship, is_new = self._start(body.validated_data)
        return Response(_relationship_data(relationship), status=201 if is_new else 200)

    def _start(self, data: dict[str, Any]) -> tuple[Relationship, bool]:
        return relationships.register_relationship(
            self.brand,
            wire.build_contact(data["contact"], self.brand.namespace),
            now=timezone.now(),
            ref=data.get("ref"),
            note=data["note"],
            jurisdiction=data.get("jurisdiction"),
        )


class Choices(BrandView):
    scope = "relationships"

    @repeatable()
    @extend_schema(
        request=BrandChoiceRequest,
        responses={201: RecordedList},
        tags=[TAG],
    )
    def post(self, request: Request) -> Response:
        """Record a choice that a person told you.

        A brand's yes never overrides the person's own no (409).
        """
        now = timezone.now()
        body = BrandChoiceRequest(data=request.data, context={"now": now})
        body.is_valid(raise_exception=True)
        entry, relationship = self._record(body.validated_data, now)
        proof = {"evidence": entry.evidence or None, "notice": entry.notice or None}
        data = wire.event_entry_data(entry, relationship) | proof
        return Response({"data": [data]}, status=201)

    def _record(self, data: dict[str, Any], now: Any) -> tuple[LedgerEntry, Relationship]:
        contact = wire.build_contact(data["contact"], self.brand.namespace)
        relationships.find_relationship(
            self.brand.pk, contact
        )  # reports this before errors of the choice
        scope = wire.own_scope(data["scope"], data["decision"], self.brand)
        names = ("basis", "ground", "evidence", "made_at")
        more = {name: data[name] for name in names if name in data}
        if notice := data.get("notice"):
            at = data.get("made_at", now)
            more["notice"] = catalogue.resolve_notice(self.brand.pk, notice, at=at)
        choice = NewChoice(scope, wire.read_terms(data, **more))
        actor = Actor("brand_api", self.brand.pk)
        try:
            return _record_locked(self.brand, contact, choice, actor, now)
        except LiftRefused:
            reporting.count_refusal(self.brand, Refusal.Kind.LIFT, now=now)
            raise


def _record_locked(
    brand: Brand, contact: Contact, choice: NewChoice, by: Actor, now: datetime
) -> tuple[LedgerEntry, Relationship]:
    """Record the choice while nobody can end the relationship. Raise what `ledger.record` does."""
    with transaction.atomic():
        ledger.lock_subject(relationships.find_relationship(brand.pk, contact).subject_id)
        relationship = relationships.find_relationship(brand.pk, contact)
        (entry,) = ledger.record_choices(relationship.subject_id, [choice], by=by, now=now)
    return entry, relationship


def _relationship_data(relationship: Relationship) -> dict[str, Any]:
    return {
        "subject": {"id": relationship.id, "ref": relationship.ref},
        "started_at": relationship.started_at,
    }
