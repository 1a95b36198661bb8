"""The brand's permission requests and their answers."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from brands.catalogue import UnknownNotice
from cmr import permission_requests
from cmr.console.access import WorkspaceAccess, for_members
from cmr.console.forms import AskForm
from cmr.console.paging import PAGE_SIZE
from cmr.messages import CannotReach
from cmr.models import Answer
from consent import identity, relationships, rules
from core.problem_details import write_sentence

#: The filters of the list, by their name in the URL.
SHOWN = {
    "": Q(),
    "waiting": Q(answered_at=None),
    "answered": Q(answered_at__isnull=False),
}
TOTALS = {
    "asked": Count("pk"),
    "waiting": Count("pk", filter=SHOWN["waiting"]),
    **{each.value: Count("pk", filter=Q(answer=each)) for each in Answer},
}


@require_safe
@for_members
def requests(request: HttpRequest, access: WorkspaceAccess) -> HttpResponse:
    """List the permission requests, newest first."""
    wanted = request.GET.get("show", "")
    chosen = wanted if wanted in SHOWN else ""
    mine = permission_requests.list_requests(access.brand)
    found = Paginator(mine.filter(SHOWN[chosen]), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "access": access,
        "page": "requests",
        "asked": found,
        "totals": mine.aggregate(**TOTALS),
        "chosen": chosen,
        "choices": list(SHOWN),
    }
    return render(request, "console/requests.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_members
def ask(request: HttpRequest, access: WorkspaceAccess) -> HttpResponse:
    """Ask a person for consent."""
    form = AskForm(access.brand, request.POST or None)
    if request.method == "POST" and form.is_valid() and _ask(request, access, form):
        return redirect("console-requests", access.workspace.slug, access.mode)
    context = {"access": access, "page": "requests", "form": form}
    return render(request, "console/ask.html", context, status=422 if form.errors else 200)


def _ask(request: HttpRequest, access: WorkspaceAccess, form: AskForm) -> bool:
    language, now = form.cleaned_data["language"], timezone.now()
    try:
        permission_requests.ask_with_confirmation(
            access.brand, form.who(), form.question(), language=language, now=now
        )
    except (relationships.NoRelationship, identity.InvalidAddress) as error:
        form.add_error("contact", write_sentence(error))
    except rules.UnknownName as error:
        form.add_error(error.field, write_sentence(error))
    except rules.ChannelNotUsed as error:
        form.add_error("channel", write_sentence(error))
    except UnknownNotice as error:
        form.add_error("notice", write_sentence(error))
    except permission_requests.MayNotAsk as error:
        form.add_error(None, write_sentence(error))
    except CannotReach as error:
        form.add_error("contact", write_sentence(error))
    else:
        messages.success(request, "They are asked.")
        return True
    return False
