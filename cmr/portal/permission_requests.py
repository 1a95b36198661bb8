"""Permission requests of brands. Each answer (yes, no, never again) is one click."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from brands.models import Topic
from cmr import permission_requests
from cmr.models import Answer, Consumer, PermissionRequest
from cmr.portal import undo_banner
from cmr.portal.choosing import InvalidChoice, refused
from cmr.portal.person import for_consumers


@require_safe
@for_consumers
def list_requests(request: HttpRequest, consumer: Consumer) -> HttpResponse:
    waiting = permission_requests.pair_with_notices(
        permission_requests.list_waiting_requests(consumer.subject_id), get_language()
    )
    keys = [(each.relationship.brand_id, each.topic or "") for each, _notice in waiting]
    names = Topic.objects.names(keys)
    rows = [(*pair, names.get(key, "")) for pair, key in zip(waiting, keys, strict=True)]
    context = {"rows": rows, "done": undo_banner.read_undo(request, consumer)}
    return render(request, "cmr/asked.html", context)


@require_POST
@for_consumers
def answer_request(request: HttpRequest, consumer: Consumer, request_id: uuid.UUID) -> HttpResponse:
    rows = PermissionRequest.objects.filter(relationship__person=consumer.subject_id)
    one = get_object_or_404(rows.select_related("relationship__brand", "purpose"), pk=request_id)
    given = request.POST.get("answer", "")
    if given not in Answer.values:
        return refused(request, InvalidChoice(_("There is no such answer.")))
    try:
        entries = permission_requests.answer_request(
            one, Answer(given), by="portal", now=timezone.now()
        )
    except permission_requests.AlreadyAnswered:
        messages.info(request, _("You had answered this already."))
        entries = []
    return undo_banner.back(request, entries)
