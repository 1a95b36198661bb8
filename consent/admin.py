"""The rules of the record in Django's admin. The record itself is nobody's to edit."""

from django.contrib import admin

from consent.models import ImpliedTerm


@admin.register(ImpliedTerm)
class ImpliedTermAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("ground", "jurisdiction", "months", "law")
    ordering = ("ground", "jurisdiction")
