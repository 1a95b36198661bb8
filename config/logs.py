"""Logging: one place formats every line and removes addresses, keys and secrets."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, MutableMapping
from datetime import UTC, datetime
from typing import Any

import orjson
import structlog
from django.http import HttpRequest
from structlog.stdlib import ProcessorFormatter

#: Patterns removed from a finished line, and their replacements. The longest come first.
HIDDEN = [
    (re.compile(r"\b(whsec|whsk)_[A-Za-z0-9+/=_-]+"), r"\1_…"),
    (re.compile(r"\b(cmr_[a-z]+_[0-9a-f]{16})_[A-Za-z0-9_-]+"), r"\1_…"),
    (re.compile(r"(?i)\b(bearer|basic) +[A-Za-z0-9._~+/=-]{8,}"), r"\1 …"),
    (re.compile(r"(?i)(://)[^/@\s\"']+@"), r"\1…@"),
    (re.compile(r"(://[^\s\"'?#]+)\?[^\s\"']+"), r"\1?…"),
    (re.compile(r"[^\s@<>\"'(),:;/…\[\]\\]{1,64}@[\w.-]+\.\w{2,}"), "…@…"),
    (re.compile(r"(?<![\w.:-])\+\d[\d ()/-]{6,18}\d"), "+…"),
]


def clean(line: str) -> str:
    for hidden, shown in HIDDEN:
        line = hidden.sub(shown, line)
    return line


def _cleaned(_: object, __: str, line: Any) -> Any:
    return clean(line) if isinstance(line, str) else line


class PathFilter(logging.Filter):
    """Replaces the path by the route in Django's log lines about a request.

    A path may contain a valid link, such as `/recover/<token>` without a CSRF cookie.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        request = getattr(record, "request", None)
        if isinstance(request, HttpRequest):
            record.msg, record.args = _hide_path(record.getMessage(), request.path), ()
        return True


def _hide_path(line: str, path: str) -> str:
    from config.web.targets import find_target  # it needs the settings, which need this module

    escaped = path.encode("unicode_escape").decode("ascii")  # the form in Django's own lines
    for written in {path, escaped} - {"/"}:
        line = line.replace(written, find_target(path).route)
    return line


def formatter(*, as_json: bool) -> dict[str, Any]:
    """Return a formatter for `LOGGING`: JSON for machines, or columns for people."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    ends: list[Any] = [ProcessorFormatter.remove_processors_meta]
    if as_json:
        ends += [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    else:
        plain = structlog.dev.plain_traceback
        ends += [structlog.dev.ConsoleRenderer(colors=False, exception_formatter=plain)]
    return {
        "()": ProcessorFormatter,
        "processors": [*ends, _cleaned],
        "foreign_pre_chain": shared,
    }


class AccessFormatter(logging.Formatter):
    """Formats a line of the access log. structlog's chain would take several times as long.

    Of its fields (`config.web.calls`), callers control the request's id alone, so only that is
    cleaned.
    """

    def __init__(self, *, as_json: bool) -> None:
        super().__init__()
        self.as_json = as_json

    def format(self, record: logging.LogRecord) -> str:
        """Return the fields in `record.access`, as JSON or in columns like the other lines."""
        moment = datetime.fromtimestamp(record.created, UTC).isoformat().replace("+00:00", "Z")
        said = {"event": "request", "level": "info", "logger": record.name, "timestamp": moment}
        fields: dict[str, Any] = vars(record)["access"]
        if not fields["request_id"].isalnum():  # as those are that we generate
            fields |= {"request_id": clean(fields["request_id"])}
        if self.as_json:
            return orjson.dumps(fields | said).decode()
        return f"{moment} [info     ] request {_as_columns(fields)}"


def _as_columns(fields: Mapping[str, Any]) -> str:
    return " ".join(f"{name}={value}" for name, value in fields.items())


def build_log_settings(*, level: str, as_json: bool) -> Mapping[str, MutableMapping[str, Any]]:
    """Return the value of `LOGGING`."""
    logging: dict[str, Any] = {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": formatter(as_json=as_json),
            "access": {"()": AccessFormatter, "as_json": as_json},
        },
        "filters": {"no_path": {"()": PathFilter}},
        "handlers": {
            "stderr": {
                "class": "logging.StreamHandler",
                "formatter": "line",
                "filters": ["no_path"],
            },
            "access": {"class": "logging.StreamHandler", "formatter": "access"},
        },
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            "aiohttp": {"level": "WARNING"},
            "django.request": {"level": "ERROR"},
            # Independent of the general level: `ACCESS_LOG` turns it off.
            "cmr.access": {"handlers": ["access"], "level": "INFO", "propagate": False},
        },
    }
    return logging
