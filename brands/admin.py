"""Brands in Django's admin."""

from django.contrib import admin

from brands.models import Brand, JurisdictionRegime, Purpose, Topic


@admin.register(Brand)
class BrandAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("name", "slug", "website", "created_at")
    search_fields = ("name", "slug")


@admin.register(Purpose)
class PurposeAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("code", "name", "regime", "dpv")


@admin.register(JurisdictionRegime)
class JurisdictionRegimeAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("jurisdiction", "purpose", "channel", "regime", "law")
    list_filter = ("purpose", "channel")
    search_fields = ("jurisdiction", "law")
    ordering = ("jurisdiction", "purpose", "channel")


@admin.register(Topic)
class TopicAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("code", "name", "brand", "purpose")
    autocomplete_fields = ("brand",)
