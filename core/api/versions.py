"""The versions of the API that are answered, and what is on its way out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.http import HttpRequest
from django.utils.http import http_date

VERSION_HEADER = "CMR-Version"
#: Oldest first. A call that names none gets the oldest, so a new one breaks no program.
API_VERSIONS = ("2026-11-29",)


@dataclass(frozen=True, slots=True)
class VersionEnding:
    """Since when something is deprecated (RFC 9745), when it will be gone (RFC 8594), and the path
    in our docs that says what takes its place. A view has it as `ending`."""

    since: datetime
    gone: datetime
    path: str

    def headers(self) -> dict[str, str]:
        return {
            "Deprecation": f"@{int(self.since.timestamp())}",
            "Sunset": http_date(self.gone.timestamp()),
            "Link": f'<{settings.PUBLIC_URL}{self.path}>; rel="deprecation"; type="text/html"',
        }


#: The versions that end; none yet.
VERSION_ENDINGS: dict[str, VersionEnding] = {}


def read_requested_version(request: HttpRequest) -> str:
    """The version that a call is to be answered in, known or not."""
    return str(request.META.get("HTTP_CMR_VERSION", API_VERSIONS[0]))
