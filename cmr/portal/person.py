"""The consumer of a page: their language, their time zone, and access to the page."""

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
#: The cookie with the browser's time zone, which `zone.js` writes.
ZONE_COOKIE = "zone"
#: Paths for programs and developers, which are in English and in UTC.
FOR_PROGRAMS = ("/api/", "/docs/", "/.well-known/", "/healthz", "/readyz", "/metrics", "/static/")
#: The console is not translated, so its numbers are English as well, and its times are UTC.
CONSOLE = "/console/"


def is_page(request: HttpRequest) -> bool:
    return not request.path_info.startswith(FOR_PROGRAMS)


def get_consumer(request: HttpRequest) -> Consumer | None:
    return getattr(request.user, "consumer", None)


def for_consumers(view: View[Params]) -> Callable[Concatenate[HttpRequest, Params], HttpResponse]:
    """Require a signed-in consumer, and pass the consumer to the view."""

    @login_required
    @wraps(view)
    def guarded_view(
        request: HttpRequest, *args: Params.args, **kwargs: Params.kwargs
    ) -> HttpResponse:
        consumer = get_consumer(request)
        if consumer is None:
            return redirect("home")
        response = view(request, consumer, *args, **kwargs)
        add_never_cache_headers(response)  # else the computer's next user could go back
        return response

    return guarded_view  # type: ignore[return-value]  # `wraps` remembers the name of the argument


class InTheirTerms:
    """Middleware that sets the person's language and time zone."""

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
                response = response.render()  # while the language is active
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
    """Return the browser's time zone; empty if it is missing or unknown."""
    said = request.COOKIES.get(ZONE_COOKIE, "")
    return said if said in decision.list_time_zones() else ""


def context(request: HttpRequest) -> dict[str, Any]:
    """Return the template context that every page shares."""
    consumer = get_consumer(request) if hasattr(request, "user") else None
    if consumer is None:
        return {"consumer": None}
    mine = PermissionRequest.objects.filter(
        relationship__person=consumer.subject_id, answered_at=None
    )
    return {"consumer": consumer, "asked": mine.filter(relationship__ended_at=None).count()}
