"""The brand's own report, for its members without a key."""

from __future__ import annotations

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from cmr.console.access import WorkspaceAccess, for_members
from consent.pages.views import own_page


@require_safe
@for_members
def reports(request: HttpRequest, access: WorkspaceAccess) -> HttpResponseBase:
    """Show the report that the brand's key opens on `/reports/own`. Test mode has none."""
    if access.is_test:
        return render(request, "console/no_reports.html", {"access": access, "page": "reports"})
    return own_page(request, access.brand, "console/reports.html", access=access, page="reports")
