"""All brands on one page, the most frequent sender first, and the choices about all of them."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.views.decorators.http import require_safe

from brands import workspaces
from brands.models import Purpose
from cmr import choices
from cmr.models import Consumer
from cmr.portal import brand_summaries, listing, suggestions, undo_banner
from cmr.portal.person import get_consumer

PAGE_SIZE = 50


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    consumer = get_consumer(request)
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
    found = brand_summaries.list_rows(consumer, now=now, words=wanted.words)
    kept = brand_summaries.filter_rows(found, show=wanted.show, sort=wanted.sort)
    suggested = suggestions.list_suggestions(consumer) if not found else []
    context = {
        "page": Paginator(kept, PAGE_SIZE).get_page(request.GET.get("page")),
        "counts": brand_summaries.count_rows(found).items(),
        "total": len(found),
        "may_select_all": PAGE_SIZE < len(kept) <= listing.MOST_CHOSEN,
        "wanted": wanted,
        "everywhere": choices.read_global_choices(consumer, now=now),
        "suggestions": suggested,
        "connected": workspaces.find_connected_brands((b.pk for b in suggested), now=now),
        "done": undo_banner.read_undo(request, consumer),
    }
    return render(request, "cmr/home.html", context)
