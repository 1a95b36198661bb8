"""Pages of test mode only: made-up choices, and the mails that were not sent."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from brands import events
from cmr import test_mode
from cmr.console import inbox
from cmr.console.access import WorkspaceAccess, for_members
from cmr.console.forms import SayForm
from cmr.console.paging import PAGE_SIZE
from cmr.models import TestMail
from consent import relationships, rules
from consent.identity import InvalidAddress
from core.problem_details import write_sentence

#: From the exception of a refusal to the form's field.
REFUSALS: dict[type[Exception], str] = {
    InvalidAddress: "address",
    relationships.EndedByPerson: "address",
    rules.UnknownName: "topic",
    rules.CannotBeRefused: "purpose",
    rules.CannotBeLimited: "purpose",
    rules.ChannelNotUsed: "channel",
}


@require_POST
@for_members
def happen(request: HttpRequest, access: WorkspaceAccess) -> HttpResponse:
    """Record a choice of a made-up person."""
    _check(access)
    form = SayForm(request.POST, brand=access.brand)
    if form.is_valid() and _record_choice(access, form):
        end = events.read_last_sequence(access.brand.pk)
        messages.success(request, f"It happened: see event {end}.")
        return redirect("console-events", access.workspace.slug, access.mode)
    return inbox.list_deliveries(request, access, form, status=422)


def _record_choice(access: WorkspaceAccess, form: SayForm) -> bool:
    now = timezone.now()
    try:
        scope = rules.resolve_scope_names(form.names(), decision=form.cleaned_data["decision"])
        test_mode.create_test_person(access.brand, form.contact(), now=now)
        test_mode.record_test_choice(access.brand, form.contact(), form.choice(scope), now=now)
    except tuple(REFUSALS) as error:
        form.add_error(REFUSALS[type(error)], write_sentence(error))
        return False
    return True


@require_safe
@for_members
def mails(request: HttpRequest, access: WorkspaceAccess) -> HttpResponse:
    """List the mails that people would have received, newest first."""
    _check(access)
    found = TestMail.objects.filter(brand=access.brand).order_by("-pk")
    rows = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "console/mails.html", {"access": access, "page": "mails", "mails": rows})


def _check(access: WorkspaceAccess) -> None:
    if not access.is_test:
        raise Http404
