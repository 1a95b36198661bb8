"""Brands in Django's admin."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import ForeignKey
from django.http import HttpRequest

from brands import catalogue
from brands.models import Brand, JurisdictionRegime, Purpose, Topic


@admin.register(Brand)
class BrandAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("name", "slug", "website", "created_at")
    search_fields = ("name", "slug")

    def get_readonly_fields(
        self, request: HttpRequest, obj: Brand | None = None
    ) -> tuple[str, ...]:
        """Make the slug of an existing brand read-only. Events and links refer to it forever."""
        return ("slug",) if obj else ()


@admin.register(Purpose)
class PurposeAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("code", "name", "regime", "dpv")


@admin.register(JurisdictionRegime)
class JurisdictionRegimeAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("jurisdiction", "purpose", "channel", "regime", "law")
    list_filter = ("purpose", "channel")
    search_fields = ("jurisdiction", "law")
    ordering = ("jurisdiction", "purpose", "channel")


class TopicForm(forms.ModelForm):  # type: ignore[type-arg]
    def clean_brand(self) -> Brand:
        """Lock and return the brand. Raises ValidationError if it has the maximum of topics."""
        brand: Brand = self.cleaned_data["brand"]
        catalogue.lock_topics(brand)
        try:
            catalogue.check_topic_limit(brand)
        except catalogue.TooManyTopics as error:
            raise ValidationError(str(error)) from error
        return brand


@admin.register(Topic)
class TopicAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("code", "name", "brand", "purpose")
    autocomplete_fields = ("brand",)
    form = TopicForm

    def formfield_for_foreignkey(
        self, db_field: ForeignKey[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> Any:
        """Restrict the purposes to those that a topic can belong to."""
        if db_field.name == "purpose":
            kwargs["queryset"] = catalogue.find_topic_purposes()
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def get_readonly_fields(
        self, request: HttpRequest, obj: Topic | None = None
    ) -> tuple[str, ...]:
        """Make the fields by which the ledger names an existing topic read-only.

        See Note [Retiring].
        """
        return ("brand", "purpose", "code") if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: Topic | None = None) -> bool:
        return False
