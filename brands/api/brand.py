"""The brand's own record: reading it, and changing its alert address."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from brands.api.access import BrandView
from brands.models import Brand
from core import api
from core.api import StrictSerializer


class BrandChange(StrictSerializer):
    operations_email = serializers.EmailField(
        max_length=320,
        allow_blank=True,
        help_text="Address for alerts about your webhooks. An empty text turns them off.",
    )


class OwnBrandData(serializers.Serializer[object]):
    slug = serializers.CharField()
    name = serializers.CharField()
    operations_email = serializers.CharField()


class Ours(BrandView):
    scope = "subscriptions"

    @extend_schema(
        operation_id="brand_retrieve",
        parameters=[api.IF_NONE_MATCH, api.ETAG],
        responses=OwnBrandData,
        tags=["brand: itself"],
    )
    def get(self, request: Request) -> Response:
        """Retrieve your brand."""
        return api.answer_unless_unchanged(request, _data(Brand.objects.get(pk=self.brand.pk)))

    @extend_schema(
        operation_id="brand_update",
        parameters=[api.IF_MATCH],
        request=BrandChange,
        responses=OwnBrandData,
        tags=["brand: itself"],
    )
    def put(self, request: Request) -> Response:
        """Change the address for alerts about your webhooks."""
        body = BrandChange(data=request.data)
        body.is_valid(raise_exception=True)
        with transaction.atomic():
            brand = Brand.objects.select_for_update(no_key=True).get(pk=self.brand.pk)
            api.check_if_match(request, _data(brand))
            brand.operations_email = body.validated_data["operations_email"]
            brand.save(update_fields=["operations_email"])
        return Response(_data(brand))


def _data(brand: Brand) -> dict[str, Any]:
    return {"slug": brand.slug, "name": brand.name, "operations_email": brand.operations_email}
