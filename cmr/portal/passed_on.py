"""Who passed my address on: the person's aliases that others than their first user write to."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from cmr import mailbox
from cmr.models import AddressUse, Consumer
from cmr.portal.person import for_consumers

#: Later users of one address that are named at once; the others are behind a click.
SHOWN = 3


@require_safe
@for_consumers
def passed_on(request: HttpRequest, consumer: Consumer) -> HttpResponse:
    trails = mailbox.list_trails(consumer, mailbox.load_providers())
    context = {
        "trails": [(trail, trail.later[:SHOWN], trail.later[SHOWN:]) for trail in trails],
        "has_read": AddressUse.objects.filter(consumer=consumer).exists(),
    }
    return render(request, "cmr/passed_on.html", context)
