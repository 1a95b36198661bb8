"""The built Sphinx pages at `/docs/`, public and without cookies."""

from __future__ import annotations

import hashlib
import mimetypes
import os.path
from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from django.views.decorators.http import require_safe

from config import client_source

FIVE_MINUTES = "public, max-age=300"


@require_safe
def show_page(request: HttpRequest, path: str = "index") -> HttpResponseBase:
    """Return a page, or a file that pages load.

    Raises:
        Http404
    """
    file = _find_file(path)
    content = file.read_bytes()
    etag = quote_etag(hashlib.sha256(content).hexdigest()[:32])
    headers = {"Cache-Control": FIVE_MINUTES, "ETag": etag, "Content-Language": "en"}
    kind = f"{mimetypes.guess_type(file.name)[0]}; charset=utf-8"
    answer = HttpResponse(content, content_type=kind, headers=headers)
    return get_conditional_response(request, etag=etag, response=answer) or answer


def _find_file(path: str) -> Path:
    """Return the page's file, or else the file of this path.

    Raises:
        Http404
    """
    # An empty part makes the path absolute; a dot leads out of the folder or to a hidden file.
    if any(part == "" or part.startswith(".") for part in path.split("/")):
        raise Http404
    for name in (f"{path}.html", path):
        if os.path.isfile(settings.DOCS_FOLDER / name):  # unlike Path.is_file, never raises
            return Path(settings.DOCS_FOLDER / name)
    raise Http404


@require_safe
def download_client(request: HttpRequest) -> HttpResponse:
    """Return the client's source, which pip installs from here."""
    headers = {"Cache-Control": FIVE_MINUTES}
    content = client_source.build_archive()
    return HttpResponse(content, content_type="application/zip", headers=headers)
