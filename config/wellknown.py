"""Files for programs at well-known URIs (RFC 8615)."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from consent import receipts

HOUR = "public, max-age=3600"
#: The date when the content of gpc.json last changed.
GPC_SINCE = "2026-11-25"


@require_safe
def jwks(request: HttpRequest) -> HttpResponse:
    """Return the public keys of receipts (RFC 7517)."""
    return _for_anybody(receipts.list_public_keys(), "application/jwk-set+json")


@require_safe
def gpc(request: HttpRequest) -> HttpResponse:
    """Return the statement that this site honours Global Privacy Control."""
    return _for_anybody({"gpc": True, "lastUpdate": GPC_SINCE}, "application/json")


def _for_anybody(said: dict[str, Any], kind: str) -> HttpResponse:
    headers = {"Cache-Control": HOUR, "Access-Control-Allow-Origin": "*"}
    return JsonResponse(said, content_type=kind, headers=headers)
