"""The personal address to which a person forwards mail."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from cmr import mailbox
from cmr.models import Consumer
from cmr.portal.person import for_consumers


@require_http_methods(["GET", "HEAD", "POST"])
@for_consumers
def forwarding(request: HttpRequest, consumer: Consumer) -> HttpResponse:
    """Show the person's address. POST gives them one, or a new one in its place."""
    if not settings.MAILBOX_FORWARDING_DOMAIN:
        raise Http404
    if request.method == "POST":
        mailbox.replace_forwarding_address(consumer)
        messages.success(request, _("This is your new address. It works from now on."))
        return redirect("forwarding")
    return render(request, "cmr/forwarding.html")
