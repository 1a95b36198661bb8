"""The rules of the record in Django's admin. The record itself is nobody's to edit."""

from django.contrib import admin

from consent.models import HonourClock, ImpliedTerm


@admin.register(ImpliedTerm)
class ImpliedTermAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("ground", "jurisdiction", "months", "law")
    ordering = ("ground", "jurisdiction")


@admin.register(HonourClock)
class HonourClockAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("rule", "days", "business_days", "purpose", "channel")
    ordering = ("rule", "channel")
