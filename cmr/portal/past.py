"""The history of changes: who made each and when, and its status at each brand."""

from __future__ import annotations

import uuid

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from brands import catalogue
from brands.catalogue import NoticeRef
from brands.models import Brand
from cmr import personal_data
from cmr.models import Consumer
from cmr.portal.choosing import mine
from cmr.portal.person import for_consumers
from consent import propagation, reporting
from consent.models import Explanation, LedgerEntry, Relationship

PAGE_SIZE = 30


@require_safe
@for_consumers
def changes(request: HttpRequest, consumer: Consumer) -> HttpResponse:
    brand = Brand.objects.filter(slug=request.GET.get("brand", "").replace("\0", "")).first()
    entries = LedgerEntry.objects.of_person(consumer.subject_id)
    if brand:
        entries = entries.filter(brand=brand) | entries.filter(brand=None)
    ordered = entries.select_related("brand", "purpose").order_by("-recorded_at", "-pk")
    page = Paginator(ordered, PAGE_SIZE).get_page(request.GET.get("page"))
    brands = Relationship.objects.filter(person=consumer.subject_id).values("brand")
    context = {
        "page": page,
        "changes": personal_data.name_entries(list(page)),
        "brand": brand,
        "query": f"brand={brand.slug}" if brand else "",
        "brands": Brand.objects.filter(pk__in=brands).order_by("name", "pk"),
    }
    return render(request, "cmr/history.html", context)


@require_safe
@for_consumers
def change(request: HttpRequest, consumer: Consumer, entry_id: uuid.UUID) -> HttpResponse:
    """Show one change: before, after, reason, and its progress at each brand."""
    entry = mine(consumer, entry_id)
    now, named = timezone.now(), NoticeRef(entry.brand_id, entry.notice, entry.recorded_at)
    explained = Explanation.objects.filter(entry=entry).first()
    context = {
        "entry": entry,
        "named": personal_data.name_entries([entry])[0],
        "shown": catalogue.read_notices(
            [named], language=get_language() or catalogue.COMMON_LANGUAGE
        ).get(named),
        "reason": entry.reason or (explained.reason if explained else ""),
        "fates": [
            (fate, fate.state(now)) for fate in propagation.list_brand_statuses(entry, now=now)
        ],
    }
    return render(request, "cmr/change.html", context)


@require_safe
@for_consumers
def reports(request: HttpRequest, consumer: Consumer) -> HttpResponse:
    """List the person's reports of brands that contacted them after a refusal."""
    found = Paginator(reporting.list_contact_reports(consumer.subject_id), PAGE_SIZE)
    return render(request, "cmr/reports.html", {"page": found.get_page(request.GET.get("page"))})
