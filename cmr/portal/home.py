"""All brands on one page, the one that bothers most first; and what is said to all of them."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.views.decorators.http import require_safe

from brands import connections
from brands.models import Purpose
from cmr import everywhere, overview
from cmr.models import Consumer
from cmr.portal import done, listing, suggestions
from cmr.portal.person import consumer_of

PAGE_SIZE = 50


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    consumer = consumer_of(request)
    if consumer:
        response = _brands(request, consumer)
        add_never_cache_headers(response)
        return response
    if getattr(request.user, "is_staff", False):
        return redirect("reports-overview")
    return render(request, "cmr/welcome.html", {"purposes": Purpose.objects.order_by("position")})


def _brands(request: HttpRequest, consumer: Consumer) -> HttpResponse:
    now = timezone.now()
    wanted = listing.read_filter(request.GET)
    found = overview.rows(consumer, now=now, words=wanted.words)
    kept = overview.selected(found, show=wanted.show, sort=wanted.sort)
    suggested = suggestions.of(consumer) if not found else []
    context = {
        "page": Paginator(kept, PAGE_SIZE).get_page(request.GET.get("page")),
        "counts": overview.counts(found).items(),
        "total": len(found),
        "may_select_all": PAGE_SIZE < len(kept) <= listing.MOST_CHOSEN,
        "wanted": wanted,
        "everywhere": everywhere.read(consumer, now=now),
        "suggestions": suggested,
        "connected": connections.find_connected((b.pk for b in suggested), now=now),
        "done": done.read(request, consumer),
    }
    return render(request, "cmr/home.html", context)
