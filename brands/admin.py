"""Brands in Django's admin."""

from django.contrib import admin
from django.http import HttpRequest

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

    def get_readonly_fields(
        self, request: HttpRequest, obj: Topic | None = None
    ) -> tuple[str, ...]:
        """The ledger names it by these: see Note [Retiring]."""
        return ("brand", "purpose", "code") if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: Topic | None = None) -> bool:
        return False
