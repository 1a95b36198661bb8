"""The brand's campaigns, and the daily numbers that it reports for them."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from brands import campaigns as brand_campaigns
from brands.models import Campaign, CampaignDay
from cmr.console.access import WorkspaceAccess, for_members
from cmr.console.forms import CampaignForm, DayForm
from cmr.console.paging import PAGE_SIZE
from core.problem_details import write_sentence


@require_http_methods(["GET", "HEAD", "POST"])
@for_members
def campaigns(request: HttpRequest, access: WorkspaceAccess) -> HttpResponse:
    """List the campaigns, newest first. POST creates one."""
    first = {"purpose": brand_campaigns.DEFAULT_PURPOSE}
    form = CampaignForm(access.brand, request.POST or None, initial=first)
    if request.method == "POST" and form.is_valid() and (made := _name(access, form)):
        return _to(access, made)
    mine = Campaign.objects.filter(brand=access.brand).order_by("-pk")
    found = Paginator(mine, PAGE_SIZE).get_page(request.GET.get("page"))
    totals = brand_campaigns.sum_campaign_days(list(found))
    context = {
        "access": access,
        "page": "campaigns",
        "form": form,
        "campaigns": found,
        "rows": [(each, totals.get(each.pk)) for each in found],
    }
    return render(request, "console/campaigns.html", context, status=422 if form.errors else 200)


def _name(access: WorkspaceAccess, form: CampaignForm) -> Campaign | None:
    try:
        return brand_campaigns.find_or_create_campaign(
            access.brand, **form.cleaned_data, now=timezone.now()
        )[0]
    except brand_campaigns.UnknownCampaignName as error:
        form.add_error(error.field, write_sentence(error))
    except brand_campaigns.OtherCampaign as error:
        form.add_error("code", write_sentence(error))
    return None


@require_http_methods(["GET", "HEAD", "POST"])
@for_members
def campaign(request: HttpRequest, access: WorkspaceAccess, campaign_id: int) -> HttpResponse:
    """List one campaign's days, newest first. POST reports or corrects a day."""
    one = get_object_or_404(Campaign, pk=campaign_id, brand=access.brand)
    form = DayForm(request.POST or None, initial={"day": timezone.now().date()})
    if request.method == "POST" and form.is_valid() and _report(request, one, form):
        return _to(access, one)
    days = CampaignDay.objects.filter(campaign=one).order_by("-day", "channel")
    found = Paginator(days, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {"access": access, "page": "campaigns", "campaign": one, "form": form, "days": found}
    return render(request, "console/campaign.html", context, status=422 if form.errors else 200)


def _report(request: HttpRequest, one: Campaign, form: DayForm) -> bool:
    try:
        changed = brand_campaigns.report_campaign_days(one, [form.numbers()], now=timezone.now())
    except brand_campaigns.BadRows as error:
        for each in error.rows:
            form.add_error(each.field, f"{each.detail[:1].upper()}{each.detail[1:]}.")
        return False
    messages.success(request, "It is written down." if changed else "It stood there already.")
    return True


def _to(access: WorkspaceAccess, one: Campaign) -> HttpResponse:
    return redirect("console-campaign", access.workspace.slug, access.mode, one.pk)
