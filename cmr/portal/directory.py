"""The directory of brands: finding the ones that a person deals with, and adding them."""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from brands import workspaces
from brands.models import Brand
from cmr import choices
from cmr.models import Consumer, ContactPoint
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
    context = {
        "page": page,
        "q": words,
        "query": urlencode({"q": words}),
        "mine": mine,
        "connected": workspaces.find_connected_brands((b.pk for b in page), now=timezone.now()),
        "may_choose": consumer.contact_points.count() > 1,
    }
    return render(request, "cmr/brands.html", context)


@require_POST
@for_consumers
def add(request: HttpRequest, consumer: Consumer) -> HttpResponse:
    """Start a relationship with the brand by the ticked addresses, or by the usual one."""
    slug = request.POST.get("brand", "")[:100].replace("\0", "")
    brand = get_object_or_404(Brand.objects.live(), slug=slug)
    points = _ticked(request, consumer)
    if not points and "choice" in request.POST:
        messages.error(request, _("Choose at least one address."))
        return redirect("brand", slug=brand.slug)
    mine = Relationship.objects.active().filter(person=consumer.subject_id, brand=brand)
    said, now = _("%s is now one of your brands."), timezone.now()
    if mine.exists():
        is_connected = workspaces.is_brand_connected(brand, now=now)
        said = _("%s now knows this address.") if is_connected else _("%s: address added.")
    choices.add_brand(consumer, brand, by="portal", now=now, points=points)
    messages.success(request, said % brand.name)
    return redirect("brand", slug=brand.slug)


def _ticked(request: HttpRequest, consumer: Consumer) -> list[ContactPoint]:
    """Return the person's own addresses that the form names. Ignore all other ids."""
    ids = [each for each in request.POST.getlist("point") if each.isascii() and each.isdigit()]
    mine = consumer.contact_points.select_related("identifier").order_by("pk")
    return list(mine.filter(pk__in=[each[:18] for each in ids]))
