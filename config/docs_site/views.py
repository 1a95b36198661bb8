"""`/docs/`: for anybody, without a login, a cookie, or a script that is needed."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe

from config.docs_site import client_source, contents, rendering, search
from config.docs_site.rendering import Made

FIVE_MINUTES = "public, max-age=300"


@require_safe
def index(request: HttpRequest) -> HttpResponseBase:
    return _answer(request, rendering.index())


@require_safe
def page(request: HttpRequest, page: str) -> HttpResponseBase:
    known = contents.pages().get(page)
    if known is None:
        raise Http404
    return _answer(request, rendering.page(known))


@require_safe
def find(request: HttpRequest) -> HttpResponseBase:
    query = request.GET.get("q", "")[: search.LONGEST_QUERY].strip()
    found = {"title": "Search", "query": query, "results": search.find(query)}
    return _answer(request, rendering.made("search", found))


@require_safe
def client(request: HttpRequest) -> HttpResponse:
    """The source of the client, to be installed from here."""
    headers = {"Cache-Control": FIVE_MINUTES}
    return HttpResponse(client_source.archive(), content_type="application/zip", headers=headers)


def _answer(request: HttpRequest, made: Made) -> HttpResponseBase:
    headers = {"Cache-Control": FIVE_MINUTES, "ETag": made.etag, "Content-Language": "en"}
    whole = HttpResponse(made.html, headers=headers)
    return get_conditional_response(request, etag=made.etag, response=whole) or whole
