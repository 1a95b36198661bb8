"""All companies on one page, the most frequent sender first, and the choices about all brands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.views.decorators.http import require_safe

from brands import workspaces
from brands.models import Purpose
from cmr import choices, mailbox
from cmr.mailbox import Company
from cmr.models import Consumer
from cmr.portal import brand_summaries, company_rows, listing, suggestions, undo_banner
from cmr.portal.company_rows import CompanyRow
from cmr.portal.listing import CompanyFilter
from cmr.portal.person import get_consumer
from cmr.portal.weekly_picture import WeeklyPicture, draw_weekly_picture

PAGE_SIZE = 50
#: The index by letter and category is shown from so many companies on.
MANY = 12


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    consumer = get_consumer(request)
    if consumer:
        response = _show_companies(request, consumer)
        add_never_cache_headers(response)
        return response
    if getattr(request.user, "is_staff", False):
        return redirect("reports-overview")
    return render(request, "cmr/welcome.html", {"purposes": Purpose.objects.order_by("position")})


def _show_companies(request: HttpRequest, consumer: Consumer) -> HttpResponse:
    now = timezone.now()
    wanted = listing.read_filter(request.GET)
    companies = mailbox.list_companies(consumer, mailbox.load_providers())
    found = company_rows.list_rows(consumer, companies, now=now, words=wanted.q)
    kept = company_rows.sort_rows(listing.filter_rows(found, wanted), wanted.sort)
    page = Paginator(kept, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "total": len(found),
        "wanted": wanted,
        "picture": _draw_picture(consumer, companies, found, wanted),
        "everywhere": choices.read_global_choices(consumer, now=now),
        "done": undo_banner.read_undo(request, consumer),
        **_describe_page(consumer, page, kept),
        **_list_filters(found, wanted),
        **_list_suggestions(consumer, found, now),
    }
    return render(request, "cmr/home.html", context)


def _draw_picture(
    consumer: Consumer,
    companies: Sequence[Company],
    rows: Sequence[CompanyRow],
    wanted: CompanyFilter,
) -> WeeklyPicture | None:
    mails = mailbox.count_weekly_mails(consumer, companies)
    if mails is None or not mails.series:
        return None

    def build_query(organisation: str) -> str:
        is_shown = organisation == wanted.company
        return replace(wanted, company="" if is_shown else organisation).query

    names = {each.organisation: each.organisation for each in companies if each.is_shared}
    names = {each.organisation: each.name for each in companies} | names
    names |= {name: row.name for row in rows if row.brand for name in row.organisations}
    return draw_weekly_picture(mails, names, current=wanted.company, build_query=build_query)


def _describe_page(
    consumer: Consumer, page: Page[CompanyRow], kept: Sequence[CompanyRow]
) -> dict[str, Any]:
    """Return how many rows can be selected: only brands can, on all pages and on this one."""
    brands = len(listing.list_slugs(kept))
    on_page = len(listing.list_slugs(page.object_list))
    can_be_added = any(row.kind == "mailbox" and row.brand for row in page.object_list)
    return {
        "may_choose": can_be_added and consumer.contact_points.count() > 1,
        "number_of_brands": brands,
        "brands_on_page": on_page,
        "may_select_all": on_page < brands <= listing.MOST_CHOSEN,
        "has_mailbox_rows": any(row.kind == "mailbox" for row in page.object_list),
    }


def _list_filters(found: Sequence[CompanyRow], wanted: CompanyFilter) -> dict[str, Any]:
    summaries = [row.summary for row in found if row.summary]
    return {
        "kinds": listing.list_kinds(found, wanted),
        "letters": listing.list_letters(found, wanted) if len(found) >= MANY else [],
        "categories": listing.list_categories(found, wanted),
        "states": brand_summaries.count_states(summaries).items(),
    }


def _list_suggestions(
    consumer: Consumer, found: Sequence[CompanyRow], now: datetime
) -> dict[str, Any]:
    suggested = suggestions.list_suggestions(consumer) if not found else []
    connected = workspaces.find_connected_brands((each.pk for each in suggested), now=now)
    return {"suggestions": suggested, "connected": connected}
