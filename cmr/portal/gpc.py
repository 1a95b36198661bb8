"""A Global Privacy Control signal on any page: see Note [GPC] in `cmr.gpc`."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from cmr import gpc
from cmr.portal.person import GetResponse, consumer_of, is_page


class Honoured:
    """Sets `request.gpc`, and turns the signal of a signed-in person into their no."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        signal = gpc.is_signal(request.META.get("HTTP_SEC_GPC", ""))
        request.gpc = signal  # type: ignore[attr-defined]
        if signal and is_page(request):
            consumer = consumer_of(request)
            if consumer:
                gpc.honour(consumer, now=timezone.now())
        return self.get_response(request)
