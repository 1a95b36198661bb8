"""The administrators' page about mailboxes: numbers of people only.

It is here and not among the reports of `consent`, which may not know what people keep in `cmr`.
"""

from __future__ import annotations

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.views.decorators.http import require_safe

from cmr import mailbox
from consent.pages.access import for_admins
from consent.reporting import REPORTS, SMALLEST_COUNT


@require_safe
@for_admins
def mailbox_counts(request: HttpRequest) -> HttpResponseBase:
    context = {
        "name": "mailboxes",
        "reports": [(name, each.title, _path(name)) for name, each in REPORTS.items()],
        "counts": mailbox.count_people_with_senders(),
        "smallest": SMALLEST_COUNT,
    }
    response = render(request, "cmr/mailbox_counts.html", context)
    add_never_cache_headers(response)
    return response


def _path(name: str) -> str:
    return reverse("reports-overview") if name == "overview" else reverse("report", args=[name])
