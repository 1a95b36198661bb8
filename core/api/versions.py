"""Supported versions of the API, and what is deprecated."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.http import HttpRequest
from django.utils.http import http_date

VERSION_HEADER = "CMR-Version"
#: Oldest first. A request without a version gets the oldest, so a new version breaks no client.
API_VERSIONS = ("2026-11-29",)


@dataclass(frozen=True, slots=True)
class VersionEnding:
    """Deprecation of a version or view: when it began and when the thing will be removed.

    `since` is the date of deprecation (RFC 9745), `gone` the date of removal (RFC 8594). `path` is
    the page of our docs that explains the replacement. A view has it as `ending`.
    """

    since: datetime
    gone: datetime
    path: str

    def headers(self) -> dict[str, str]:
        return {
            "Deprecation": f"@{int(self.since.timestamp())}",
            "Sunset": http_date(self.gone.timestamp()),
            "Link": f'<{settings.PUBLIC_URL}{self.path}>; rel="deprecation"; type="text/html"',
        }


#: The deprecated versions; none yet.
VERSION_ENDINGS: dict[str, VersionEnding] = {}


def read_requested_version(request: HttpRequest) -> str:
    """Return the API version that a request asks for. It may be unknown."""
    return str(request.META.get("HTTP_CMR_VERSION", API_VERSIONS[0]))
