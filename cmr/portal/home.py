"""All brands on one page, the one that bothers most first; and what is said to all of them."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.views.decorators.http import require_safe

from brands import connections
from brands.models import Purpose
from cmr import everywhere, overview
from cmr.models import Consumer
from cmr.portal import done, suggestions
from cmr.portal.person import consumer_of

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class Filter:
    """What the person looks for, as the address of the page says it."""

    words: str
    show: str
    sort: str

    @classmethod
    def of(cls, asked: QueryDict) -> Filter:
        show, sort = asked.get("show", ""), asked.get("sort", "")
        return cls(
            asked.get("q", "")[:100].replace("\0", "").strip(),
            show if show in overview.STATES else "",
            sort if sort in overview.SORTS else overview.SORTS[0],
        )

    @property
    def query(self) -> str:
        """For the links to other pages of the same list."""
        return urlencode({"q": self.words, "show": self.show, "sort": self.sort})


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
    wanted = Filter.of(request.GET)
    found = overview.rows(consumer, now=now, words=wanted.words)
    kept = overview.selected(found, show=wanted.show, sort=wanted.sort)
    suggested = suggestions.of(consumer) if not found else []
    context = {
        "page": Paginator(kept, PAGE_SIZE).get_page(request.GET.get("page")),
        "counts": overview.counts(found).items(),
        "total": len(found),
        "wanted": wanted,
        "everywhere": everywhere.read(consumer, now=now),
        "suggestions": suggested,
        "connected": connections.find_connected((b.pk for b in suggested), now=now),
        "done": done.read(request, consumer),
    }
    return render(request, "cmr/home.html", context)
