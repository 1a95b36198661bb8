"""Handling of the Global Privacy Control signal on every page.

Note [GPC] is in `cmr.choices.global_privacy_control`.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from cmr import choices
from cmr.portal.person import GetResponse, get_consumer, is_page


class Honoured:
    """Middleware that sets `request.gpc` and records a signed-in person's signal as a refusal."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        signal = choices.is_gpc_signal(request.META.get("HTTP_SEC_GPC", ""))
        request.gpc = signal  # type: ignore[attr-defined]
        if signal and is_page(request):
            consumer = get_consumer(request)
            if consumer:
                choices.apply_gpc_signal(consumer, now=timezone.now())
        return self.get_response(request)
