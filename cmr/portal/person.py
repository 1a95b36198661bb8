"""Whose page it is: their language, their clock, and who may see it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone, translation
from django.utils.cache import add_never_cache_headers, patch_vary_headers

from cmr.models import Consumer, PermissionRequest
from consent import decision
from core.time import LenientZone

GetResponse = Callable[[HttpRequest], HttpResponse]
Params = ParamSpec("Params")
View = Callable[Concatenate[HttpRequest, Consumer, Params], HttpResponse]
#: The browser's time zone, which `zone.js` writes.
ZONE_COOKIE = "zone"
#: What is for programs and programmers speaks English, and knows no clock but UTC.
FOR_PROGRAMS = ("/api/", "/docs/", "/.well-known/", "/healthz", "/readyz", "/metrics", "/static/")
#: The console is not translated, so its numbers are English too; its times are those of the API.
CONSOLE = "/console/"


def is_page(request: HttpRequest) -> bool:
    return not request.path_info.startswith(FOR_PROGRAMS)


def get_consumer(request: HttpRequest) -> Consumer | None:
    return getattr(request.user, "consumer", None)


def for_consumers(view: View[Params]) -> Callable[Concatenate[HttpRequest, Params], HttpResponse]:
    """For a page that shows a consumer what is theirs; hands it the consumer."""

    @login_required
    @wraps(view)
    def shown(request: HttpRequest, *args: Params.args, **kwargs: Params.kwargs) -> HttpResponse:
        consumer = get_consumer(request)
        if consumer is None:
            return redirect("home")
        response = view(request, consumer, *args, **kwargs)
        add_never_cache_headers(response)  # or the next at this computer could go back to it
        return response

    return shown  # type: ignore[return-value]  # `wraps` remembers the name of the argument


class InTheirTerms:
    """Says everything in the person's language, and every time by their clock."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not is_page(request):
            return self.get_response(request)
        language, zone = _terms_of(request)
        with translation.override(language), timezone.override(zone):
            request.LANGUAGE_CODE = language
            response = self.get_response(request)
            if hasattr(response, "render"):
                response = response.render()  # while the language still holds
        response.headers.setdefault("Content-Language", language)
        patch_vary_headers(response, ("Accept-Language",))
        return response


def _terms_of(request: HttpRequest) -> tuple[str, LenientZone]:
    if request.path_info.startswith(CONSOLE):
        return settings.LANGUAGE_CODE, LenientZone(settings.TIME_ZONE)
    consumer = get_consumer(request)
    chosen = consumer.language if consumer else ""
    return chosen or translation.get_language_from_request(request), _zone(request, consumer)


def _zone(request: HttpRequest, consumer: Consumer | None) -> LenientZone:
    """Return the zone that the person chose, else the browser's, else UTC."""
    chosen = consumer.subject.time_zone if consumer else ""
    return LenientZone(chosen or browser_zone(request) or settings.TIME_ZONE)


def browser_zone(request: HttpRequest) -> str:
    """Return the time zone that the browser says it is in; empty where it says none we know."""
    said = request.COOKIES.get(ZONE_COOKIE, "")
    return said if said in decision.list_time_zones() else ""


def context(request: HttpRequest) -> dict[str, Any]:
    """What every page shows around its own."""
    consumer = get_consumer(request) if hasattr(request, "user") else None
    if consumer is None:
        return {"consumer": None}
    mine = PermissionRequest.objects.filter(
        relationship__person=consumer.subject_id, answered_at=None
    )
    return {"consumer": consumer, "asked": mine.filter(relationship__ended_at=None).count()}
