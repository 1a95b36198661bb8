"""The person's brands, and the directory to find more."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

from django.db.models import Q
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from brands.models import Brand
from brands.wire import Page, Problem, StrictSerializer, list_of
from cmr import preferences
from cmr.api.access import ConsumerView
from consent import permissions
from consent.models import Relationship
from consent.models.relationship import Origin
from consent.permissions import Permission

TAG = "consumer"


class BrandData(serializers.Serializer[object]):
    slug = serializers.CharField()
    name = serializers.CharField()
    website = serializers.CharField()
    categories = serializers.ListField(child=serializers.CharField())
    countries = serializers.ListField(child=serializers.CharField())


BrandList = list_of(BrandData)


class PermissionData(serializers.Serializer[object]):
    purpose = serializers.CharField()
    channel = serializers.CharField(allow_null=True)
    allowed = serializers.BooleanField()
    rule = serializers.CharField()
    valid_until = serializers.DateTimeField(allow_null=True)


class RelationshipData(serializers.Serializer[object]):
    brand = BrandData()
    origin = serializers.ChoiceField(Origin.choices)
    note = serializers.CharField(allow_null=True, help_text="The brand's account of it.")
    jurisdiction = serializers.CharField(
        allow_null=True, help_text="Where you live, as the brand says; your own word in me counts."
    )
    started_at = serializers.DateTimeField()
    permissions = PermissionData(many=True)


RelationshipList = list_of(RelationshipData)


class RelationshipRequest(StrictSerializer):
    brand = serializers.CharField(max_length=100)


class DirectoryQuery(Page):
    q = serializers.CharField(
        required=False, default="", max_length=100, allow_blank=True, help_text="Part of a name."
    )


def brand_data(brand: Brand) -> dict[str, Any]:
    return {
        "slug": brand.slug,
        "name": brand.name,
        "website": brand.website,
        "categories": brand.categories,
        "countries": brand.countries,
    }


class RelationshipsView(ConsumerView):
    def shown(self, page: Sequence[Relationship]) -> list[dict[str, Any]]:
        brand_ids = [relationship.brand_id for relationship in page]
        may = permissions.of_brands(self.consumer.subject_id, brand_ids, now=timezone.now())
        return [_relationship_data(each, may[each.brand_id]) for each in page]


class Relationships(RelationshipsView):
    @extend_schema(
        operation_id="me_relationships_list",
        parameters=[Page],
        responses=RelationshipList,
        tags=[TAG],
    )
    def get(self, request: Request) -> Response:
        """Your brands, by name, with what each may do."""
        query = Page(data=request.query_params)
        query.is_valid(raise_exception=True)
        limit = query.validated_data["limit"]
        mine = Relationship.objects.active().filter(person=self.consumer.subject_id)
        mine = _after(mine, "brand__", query.validated_data.get("cursor"))
        found = list(mine.select_related("brand").order_by("brand__name", "brand__id")[: limit + 1])
        page = found[:limit]
        cursor = _cursor_of(page[-1].brand) if len(found) > limit else None
        return Response({"data": self.shown(page), "next_cursor": cursor})

    @extend_schema(
        request=RelationshipRequest,
        responses={200: RelationshipData, 201: RelationshipData},
        tags=[TAG],
    )
    def post(self, request: Request) -> Response:
        """Add a brand; 200 when you had it already. The brand is told."""
        body = RelationshipRequest(data=request.data)
        body.is_valid(raise_exception=True)
        brand = Brand.objects.live().filter(slug=body.validated_data["brand"]).first()
        if brand is None:
            raise Problem(422, "unknown_brand", "There is no such brand.", "brand")
        relationship, is_new = preferences.add_brand(
            self.consumer, brand, by="api", now=timezone.now()
        )
        relationship.brand = brand
        return Response(self.shown([relationship])[0], status=201 if is_new else 200)


class OneRelationship(RelationshipsView):
    @extend_schema(responses=RelationshipData, tags=[TAG])
    def get(self, request: Request, brand: str) -> Response:
        """One of your brands, with what it may do."""
        return Response(self.shown([self.find(brand)])[0])

    @extend_schema(responses={204: None}, tags=[TAG])
    def delete(self, request: Request, brand: str) -> Response:
        """End the relationship. From now on every check of this brand answers no."""
        preferences.end_relationship(self.consumer, self.find(brand), by="api", now=timezone.now())
        return Response(status=204)

    def find(self, slug: str) -> Relationship:
        mine = Relationship.objects.active().filter(person=self.consumer.subject_id)
        for relationship in mine.filter(brand__slug=slug).select_related("brand"):
            return relationship
        raise Problem(404, "not_found", "You have no relationship with such a brand.")


class Directory(ConsumerView):
    @extend_schema(parameters=[DirectoryQuery], responses=BrandList, tags=[TAG])
    def get(self, request: Request) -> Response:
        """Companies that you can add, by name."""
        query = DirectoryQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        limit = query.validated_data["limit"]
        brands = Brand.objects.live().matching(query.validated_data["q"])
        brands = _after(brands, "", query.validated_data.get("cursor"))
        found = list(brands.order_by("name", "id")[: limit + 1])
        cursor = _cursor_of(found[limit - 1]) if len(found) > limit else None
        return Response({"data": [brand_data(b) for b in found[:limit]], "next_cursor": cursor})


def _relationship_data(relationship: Relationship, may: Sequence[Permission]) -> dict[str, Any]:
    return {
        "brand": brand_data(relationship.brand),
        "origin": relationship.origin,
        "note": relationship.origin_note or None,
        "jurisdiction": relationship.jurisdiction,
        "started_at": relationship.started_at,
        "permissions": [
            {
                "purpose": each.purpose,
                "channel": each.channel,
                "allowed": each.decision.allowed,
                "rule": each.decision.rule,
                "valid_until": each.decision.valid_until,
            }
            for each in may
            if each.topic is None
        ],
    }


def _cursor_of(brand: Brand) -> str:
    return base64.urlsafe_b64encode(f"{brand.pk} {brand.name}".encode()).decode()


def _after(rows: Any, prefix: str, cursor: str | None) -> Any:
    """The rows that come after the brand a cursor names, in the order of name and id."""
    if cursor is None:
        return rows
    try:
        text = base64.urlsafe_b64decode(cursor).decode()
        pk, name = int(text.partition(" ")[0]), text.partition(" ")[2]
        if "\0" in name or abs(pk) >= 2**63:
            raise ValueError(text)
    except ValueError as error:
        raise Problem(422, "invalid_cursor", "This cursor is not one of ours.", "cursor") from error
    later_name = Q(**{f"{prefix}name__gt": name})
    return rows.filter(later_name | Q(**{f"{prefix}name": name, f"{prefix}id__gt": pk}))
