"""The page of one company in the person's mailbox: its lists, and the brand that it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from brands import workspaces
from brands.models import Brand
from cmr import mailbox
from cmr.mailbox import Company
from cmr.models import BrandMatch, Consumer
from cmr.portal.person import for_consumers
from consent.models import Relationship

#: The matches for which the person can choose among the brands of the domain.
CAN_CHOOSE = (BrandMatch.ASK, BrandMatch.REFUSED, BrandMatch.PERSON)


@require_safe
@for_consumers
def company(request: HttpRequest, consumer: Consumer, organisation: str) -> HttpResponse:
    found = _get_company(consumer, organisation)
    context = {
        "company": found,
        "lists": [each for each in found.lists if not each.sender.is_transactional],
        "receipts": [each for each in found.lists if each.sender.is_transactional],
        "candidates": _list_candidates(found),
        **_describe_brand(consumer, found),
    }
    return render(request, "cmr/company.html", context)


@require_POST
@for_consumers
def choose_brand(request: HttpRequest, consumer: Consumer, organisation: str) -> HttpResponse:
    """Link the company to the chosen brand of its domain, or to none."""
    found = _get_company(consumer, organisation)
    slug = request.POST.get("brand", "")
    if not slug:
        mailbox.refuse_brands(consumer, found.organisation)
        messages.success(request, _("We will not link it to a brand again."))
        return redirect("company", organisation)
    candidates = mailbox.list_matching_brands(found.organisation, mailbox.load_providers())
    brand = next((each for each in candidates if each.slug == slug), None)
    if brand is None:
        raise Http404
    mailbox.link_to_brand(consumer, found.organisation, brand)
    messages.success(request, _("Linked to %s.") % brand.name)
    return redirect("company", organisation)


@require_POST
@for_consumers
def delete_company(request: HttpRequest, consumer: Consumer, organisation: str) -> HttpResponse:
    """Delete what is kept of the company's mail."""
    found = _get_company(consumer, organisation)
    mailbox.delete_company(consumer, found.organisation)
    messages.success(request, _("Deleted what we kept of mail from %s.") % found.organisation)
    return redirect("home")


def _get_company(consumer: Consumer, organisation: str) -> Company:
    """Return the person's own company.

    Raises:
        Http404: it never wrote to them.
    """
    name = organisation.lower().replace("\0", "")[:253]
    found = mailbox.read_company(consumer, name, mailbox.load_providers())
    if found is None:
        raise Http404
    return found


def _list_candidates(found: Company) -> Sequence[Brand]:
    if found.match not in CAN_CHOOSE:
        return []
    return mailbox.list_matching_brands(found.organisation, mailbox.load_providers())


def _describe_brand(consumer: Consumer, found: Company) -> dict[str, Any]:
    """Return the brand that the company is linked to, and whether it is one of the person's."""
    brand = Brand.objects.filter(pk=found.brand_id or 0).first()
    mine = Relationship.objects.active().filter(person=consumer.subject_id, brand=brand)
    return {
        "brand": brand,
        "is_mine": brand is not None and mine.exists(),
        "is_connected": brand is not None
        and workspaces.is_brand_connected(brand, now=timezone.now()),
        "may_choose": consumer.contact_points.count() > 1,
    }
