"""Fast path of a plain check: one statement for the key and the answer.

It returns None for anything unusual, such as an error or a rare field. `checks.Check.post` then
handles the call, so each error exists only once.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import orjson
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from brands import credentials
from brands.api.rate_limits import calls
from consent import checks
from consent.api import wire
from consent.api.decisions import decision_data
from consent.checks import Asked, ChannelNeeded
from consent.identity import Contact, InvalidAddress
from consent.rules import UnknownName

SCOPE = "check"
#: Only live keys use this path, so their namespace is empty: `Brand.namespace`.
LIVE = b""
#: Maximum length of a plain question, in bytes.
LONGEST = 2_000
BEARER = "Bearer "
#: Exceptions that the slow path reports better, such as an unavailable database.
UNUSUAL = (UnknownName, ChannelNeeded, InvalidAddress, OperationalError, InterfaceError)


def answer(request: HttpRequest) -> HttpResponse | None:
    """Answer a plain question by a key that may ask it. Return None for anything else."""
    key = request.META.get("HTTP_AUTHORIZATION", "").removeprefix(BEARER)
    if (prefix := credentials.read_credential_prefix(key, kind=credentials.LIVE_KEY)) is None:
        return None
    if (question := _question(request)) is None:
        return None
    try:
        response = _decide(key, prefix, question, now=timezone.now())
    except UNUSUAL:
        return None
    if response is not None:
        request.key_prefix = prefix  # type: ignore[attr-defined]  # for the access log
    return response


def _question(request: HttpRequest) -> dict[str, Any] | None:
    """Return the question with its contact, or None if it is not a plain one."""
    length = request.META.get("CONTENT_LENGTH", "")
    if not length.isascii() or not length.isdigit() or int(length) > LONGEST:
        return None
    if request.method != "POST" or request.content_type != "application/json":
        return None
    if request.META.get("QUERY_STRING"):
        return None
    try:
        given = orjson.loads(request.body)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(given, dict) or not isinstance(contact := given.get("contact"), dict):
        return None
    # If there are as many colons as members, none occurs twice: `core.json_bodies.load_json`.
    has_each_once = request.body.count(b":") == len(given) + len(contact)
    return _plain(given) if has_each_once else None


def _plain(given: dict[str, Any]) -> dict[str, Any] | None:
    contact = wire.read_contact(given.pop("contact", None), LIVE)
    if not isinstance(contact, Contact) or not given.keys() <= {"purpose", "channel", "topic"}:
        return None
    purpose, channel, topic = given.get("purpose"), given.get("channel"), given.get("topic")
    if not (_is_name(purpose) and _is_name_or_none(channel) and _is_name_or_none(topic)):
        return None
    return {"contact": contact, "purpose": purpose, "channel": channel, "topic": topic}


def _is_name(value: object) -> bool:
    return (
        isinstance(value, str) and 0 < len(value) <= 60 and value.isascii() and value.isprintable()
    )


def _is_name_or_none(value: object) -> bool:
    return value is None or _is_name(value)


def _decide(
    key: str, prefix: str, question: dict[str, Any], *, now: datetime
) -> HttpResponse | None:
    contact = question["contact"]
    values = checks.build_query_values(**question)
    rows = checks.CHECK_BY_KEY[contact.ref is not None].ask(values | {"prefix": prefix, "now": now})
    if not rows:
        return None
    digest, scopes, brand_id, slug = rows[0][:4]
    if not credentials.matches_digest(key, digest) or SCOPE not in scopes:
        return None
    asked = Asked(brand_id, **question)
    known = checks.parse_known_contact(asked, [row[4:] for row in rows])
    # Counted only here, because the slow path counts the call itself.
    if (allowance := calls.count(prefix)).is_over:
        return None
    credentials.record_key_use(prefix, now=now)
    decision = checks.decide_known_contact(known, now=now)
    data = decision_data(decision, slug=slug)
    body = orjson.dumps(data, option=orjson.OPT_UTC_Z)
    headers = {"Content-Length": len(body), **allowance.headers()}
    return HttpResponse(body, content_type="application/json", headers=headers)
