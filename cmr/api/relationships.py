"""API for consumers' relationships, and for the directory of brands."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from brands import workspaces
from brands.api import catalogue
from brands.api.idempotency import repeatable
from brands.models import Brand, Topic
from cmr import choices
from cmr.api.access import ConsumerView
from cmr.api.choices import StandingData, standing_data
from cmr.api.scopes import ScopeReader
from cmr.models import ContactPoint, TokenScope
from consent import brand_events, checks
from consent.api import wire
from consent.checks import Permission
from consent.decision import Decision
from consent.models import Preference, Relationship
from consent.models.relationship import Origin
from core.api import Page, StrictSerializer, answer_page, cut_page, describe_list
from core.problem_details import Problem

TAG = "consumer"
BY_NAME = ("name", "pk")


class BrandData(serializers.Serializer[object]):
    slug = serializers.CharField()
    name = serializers.CharField()
    website = serializers.CharField()
    categories = serializers.ListField(child=serializers.CharField())
    countries = serializers.ListField(child=serializers.CharField())
    connected = serializers.BooleanField(
        help_text="Whether the brand receives your choices. If false, it is only listed, and "
        "your choices are stored until it connects."
    )


BrandList = describe_list(BrandData)


class PermissionData(serializers.Serializer[object]):
    purpose = serializers.CharField()
    channel = serializers.CharField(allow_null=True)
    topic = serializers.CharField(
        allow_null=True,
        help_text="A topic with a choice of yours or of the brand. The row with null covers all "
        "other topics, and the purpose as a whole.",
    )
    allowed = serializers.BooleanField()
    rule = serializers.CharField()
    because = StandingData(
        allow_null=True, help_text="The choice that decided; null if a default did."
    )
    valid_until = serializers.DateTimeField(allow_null=True)
    limit = wire.LimitData(allow_null=True, help_text="The strictest limit that applies here.")
    remaining = serializers.IntegerField(
        allow_null=True,
        help_text="How many more messages your limits allow now; null without a limit.",
    )


class KnownByData(serializers.Serializer[object]):
    contact_point = serializers.CharField(
        allow_null=True,
        help_text="`id` in me/contact-points; null if you have removed the address.",
    )
    permissions = PermissionData(many=True)


class RelationshipData(serializers.Serializer[object]):
    brand = BrandData()
    origin = serializers.ChoiceField(Origin.choices)
    note = serializers.CharField(
        allow_null=True, help_text="The brand's account of how the relationship began."
    )
    jurisdiction = serializers.CharField(
        allow_null=True,
        help_text="Where you live according to the brand. Your own statement in `me` has "
        "precedence.",
    )
    started_at = serializers.DateTimeField()
    permissions = PermissionData(
        many=True, help_text="What the brand may do by any address by which it knows you."
    )
    known_by = KnownByData(
        many=True,
        help_text="The addresses by which the brand knows you, and what it may do by each.",
    )


RelationshipList = describe_list(RelationshipData)


class RelationshipRequest(StrictSerializer):
    brand = serializers.CharField(max_length=100)
    contact_points = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**63 - 1),
        required=False,
        allow_empty=False,
        max_length=20,
        help_text="The addresses by which the brand may know you. It receives the hash of each "
        "of them, and of no other. Default: the address that you sign in with.",
    )


class DirectoryQuery(Page):
    q = serializers.CharField(
        required=False, default="", max_length=100, allow_blank=True, help_text="Part of a name."
    )


def brand_data(brand: Brand, connected: Collection[int]) -> dict[str, Any]:
    """Describe a brand to a person; *connected* has the ids of connected brands."""
    return {
        "slug": brand.slug,
        "name": brand.name,
        "website": brand.website,
        "categories": brand.categories,
        "countries": brand.countries,
        "connected": brand.pk in connected,
    }


class PersonTopicData(serializers.Serializer[object]):
    code = serializers.CharField()
    name = serializers.CharField()
    purpose = serializers.CharField()
    retired_at = serializers.DateTimeField(
        allow_null=True, help_text="Since when it is no longer offered."
    )


PersonTopicList = describe_list(PersonTopicData)


class RelationshipsView(ConsumerView):
    def build_rows(self, known: Sequence[Relationship]) -> list[dict[str, Any]]:
        """Return one item per brand, in the order in which the brands first occur."""
        now = timezone.now()
        may = checks.list_relationship_permissions(self.consumer.subject_id, known, now=now)
        points = dict(self.consumer.contact_points.values_list("identifier__subject", "pk"))
        by_brand: dict[int, list[Relationship]] = {}
        for each in known:
            by_brand.setdefault(each.brand_id, []).append(each)
        writer = self._read_what_is_shown(may, now)
        connected = workspaces.find_connected_brands(by_brand, now=now)
        return [
            _relationship_data(mine, may, points, writer, connected) for mine in by_brand.values()
        ]

    def _read_what_is_shown(
        self, may: Mapping[uuid.UUID, list[Permission]], now: datetime
    ) -> _PermissionWriter:
        decisions = [each.decision for one in may.values() for each in one]
        limits = list({choice.entry: choice for d in decisions for choice in d.limits}.values())
        person = self.consumer.subject_id
        spent = checks.count_sends([(person, each) for each in limits], now=now) if limits else []
        left = {
            each.entry: max(used.limit.max - used.count, 0)
            for each, used in zip(limits, spent, strict=True)
        }
        reasons = (d.because for d in decisions)
        brands = {because.scope.brand for because in reasons if because}
        return _PermissionWriter(ScopeReader(self.consumer, brands), left)

    def find(self, slug: str) -> list[Relationship]:
        """Return the active relationships with one brand, oldest first.

        Raises:
            Problem: 404 `not_found`.
        """
        mine = Relationship.objects.active().filter(person=self.consumer.subject_id)
        if found := list(
            mine.filter(brand__slug=slug).select_related("brand").order_by("started_at")
        ):
            return found
        raise Problem(404, "not_found", "No relationship with this brand.")


class Relationships(RelationshipsView):
    needs = {"GET": TokenScope.READ, "POST": TokenScope.FULL}
    queries = {"GET": DirectoryQuery}

    @extend_schema(operation_id="me_relationships_list", responses=RelationshipList, tags=[TAG])
    def get(self, request: Request) -> Response:
        """List your brands by name, with what each may do."""
        mine = Relationship.objects.active().filter(person=self.consumer.subject_id)
        brands = Brand.objects.matching(self.query["q"]).filter(pk__in=mine.values("brand"))
        page, cursor = cut_page(brands, self.query, by=BY_NAME)
        known = mine.filter(brand__in=page).select_related("brand")
        data = self.build_rows(list(known.order_by("brand__name", "brand__id", "started_at")))
        return Response({"data": data, "next_cursor": cursor})

    @repeatable()
    @extend_schema(
        request=RelationshipRequest,
        responses={200: RelationshipData, 201: RelationshipData},
        tags=[TAG],
    )
    def post(self, request: Request) -> Response:
        """Add a brand, or another address by which it may know you.

        The brand is notified. If the relationship exists already, nothing changes (200).
        """
        body = RelationshipRequest(data=request.data)
        body.is_valid(raise_exception=True)
        brand = Brand.objects.live().filter(slug=body.validated_data["brand"]).first()
        if brand is None:
            raise Problem(422, "unknown_brand", "No brand with this slug.", "brand")
        points = self._points(body.validated_data.get("contact_points", []))
        _, is_new = choices.add_brand(
            self.consumer, brand, by="api", now=timezone.now(), points=points
        )
        return Response(self.build_rows(self.find(brand.slug))[0], status=201 if is_new else 200)

    def _points(self, ids: Sequence[int]) -> list[ContactPoint]:
        """Return the person's contact points with these ids.

        Raises:
            Problem: 422 `unknown_contact_point`.
        """
        mine = self.consumer.contact_points.select_related("identifier").in_bulk(ids)
        if missing := [each for each in ids if each not in mine]:
            detail = f"No contact point with the id {missing[0]}. See me/contact-points."
            raise Problem(422, "unknown_contact_point", detail, "contact_points")
        return [mine[each] for each in dict.fromkeys(ids)]


class OneRelationship(RelationshipsView):
    needs = {"GET": TokenScope.READ, "DELETE": TokenScope.FULL}

    @extend_schema(responses=RelationshipData, tags=[TAG])
    def get(self, request: Request, brand: str) -> Response:
        """Retrieve one of your brands, with what it may do."""
        return Response(self.build_rows(self.find(brand))[0])

    @extend_schema(responses={204: None}, tags=[TAG])
    def delete(self, request: Request, brand: str) -> Response:
        """End a relationship.

        From now on every check of this brand answers no.
        """
        choices.end_relationship(self.consumer, self.find(brand)[0], by="api", now=timezone.now())
        return Response(status=204)


class Directory(ConsumerView):
    needs = {"GET": TokenScope.READ}
    queries = {"GET": DirectoryQuery}

    @extend_schema(responses=BrandList, tags=[TAG])
    def get(self, request: Request) -> Response:
        """List the brands that you can add, by name."""
        brands = Brand.objects.live().matching(self.query["q"])
        page, cursor = cut_page(brands, self.query, by=BY_NAME)
        connected = workspaces.find_connected_brands(
            (brand.pk for brand in page), now=timezone.now()
        )
        data = [brand_data(brand, connected) for brand in page]
        return Response({"data": data, "next_cursor": cursor})


class PersonPurposes(ConsumerView):
    needs = {"GET": TokenScope.READ}
    queries = {"GET": Page}

    @extend_schema(operation_id="me_purposes_list", responses=catalogue.PurposeList, tags=[TAG])
    def get(self, request: Request) -> Response:
        """List all purposes, with their regimes.

        The regime is what applies while you have made no choice.
        """
        return catalogue.answer_purposes(self.query)


class BrandTopics(ConsumerView):
    needs = {"GET": TokenScope.READ}
    queries = {"GET": Page}

    @extend_schema(responses=PersonTopicList, tags=[TAG])
    def get(self, request: Request, brand: str) -> Response:
        """List the topics of a brand: those it offers, and retired ones with a choice of yours."""
        one = Brand.objects.live().filter(slug=brand).first()
        if one is None:
            raise Problem(404, "not_found", "No brand with this slug.")
        mine = Preference.objects.filter(subject=self.consumer.subject_id, brand=one)
        chosen = mine.exclude(topic=None).values_list("topic", flat=True)
        topics = Topic.objects.selectable(one, chosen=chosen)
        return answer_page(topics, self.query, by=BY_NAME, write=_topic_data)


def _topic_data(topic: Topic) -> dict[str, Any]:
    return {
        "code": topic.code,
        "name": topic.name,
        "purpose": topic.purpose_id,
        "retired_at": topic.retired_at,
    }


@dataclass(frozen=True, slots=True)
class _PermissionWriter:
    """Serializer of permissions for the person; `left` has the rest of each limit, by entry."""

    scopes: ScopeReader
    left: Mapping[uuid.UUID, int]

    def write(self, may: Sequence[Permission]) -> list[dict[str, Any]]:
        return [
            {
                "purpose": each.purpose,
                "channel": each.channel,
                "topic": each.topic,
                "allowed": each.decision.allowed,
                "rule": each.decision.rule,
                "because": standing_data(because, self.scopes)
                if (because := each.decision.because)
                else None,
                "valid_until": each.decision.valid_until,
                **self._limits(each.decision),
            }
            for each in may
        ]

    def _limits(self, decision: Decision) -> dict[str, Any]:
        limit = decision.limit
        return {
            "limit": brand_events.describe_limit(limit.max, limit.per) if limit else None,
            "remaining": min((self.left[each.entry] for each in decision.limits), default=None),
        }


def _relationship_data(
    known: Sequence[Relationship],
    may: Mapping[uuid.UUID, list[Permission]],
    points: Mapping[uuid.UUID, int],
    writer: _PermissionWriter,
    connected: Collection[int],
) -> dict[str, Any]:
    """Return the item of one brand; *known* has the relationships with it, oldest first."""
    first = known[0]
    return {
        "brand": brand_data(first.brand, connected),
        "origin": first.origin,
        "note": first.origin_note or None,
        "jurisdiction": first.jurisdiction,
        "started_at": first.started_at,
        "permissions": writer.write(
            checks.join_address_permissions([may[each.pk] for each in known])
        ),
        "known_by": [
            {
                "contact_point": str(point) if (point := points.get(each.subject_id)) else None,
                "permissions": writer.write(may[each.pk]),
            }
            for each in known
        ],
    }
