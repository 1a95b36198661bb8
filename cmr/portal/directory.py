"""Finding the companies that one deals with, and adding them."""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from brands.models import Brand
from cmr import preferences
from cmr.models import Consumer
from cmr.portal.person import for_consumers
from consent.models import Relationship

PAGE_SIZE = 30


@require_safe
@for_consumers
def brands(request: HttpRequest, consumer: Consumer) -> HttpResponse:
    words = request.GET.get("q", "")[:100].replace("\0", "").strip()
    found = Brand.objects.live().matching(words).order_by("name", "id")
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    active = Relationship.objects.active().filter(person=consumer.subject_id, brand__in=list(page))
    mine = set(active.values_list("brand_id", flat=True))
    context = {"page": page, "q": words, "query": urlencode({"q": words}), "mine": mine}
    return render(request, "cmr/brands.html", context)


@require_POST
@for_consumers
def add(request: HttpRequest, consumer: Consumer) -> HttpResponse:
    slug = request.POST.get("brand", "")[:100].replace("\0", "")
    brand = get_object_or_404(Brand.objects.live(), slug=slug)
    preferences.add_brand(consumer, brand, by="portal", now=timezone.now())
    messages.success(request, _("%s is now one of your brands.") % brand.name)
    return redirect("brand", slug=brand.slug)
