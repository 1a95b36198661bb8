"""`make bench-limits`: guesses and floods through four web processes, and a flushed cache.

Prints how many attempts were let through beside the limit. Halfway all that Redis has is deleted,
and the web processes are started anew, so nothing in their memory is left either.
"""

from __future__ import annotations

import http.client
import json
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import repeat
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlencode

import django
import redis

if TYPE_CHECKING:
    from cmr.models import Consumer

FOLDER = Path("var/bench").resolve()
WEB_PROCESSES = 4
#: Attempts in each half, and how many of them at once.
ATTEMPTS, AT_ONCE = 40, 8
EMAIL, PASSWORD, NEW = "ana@limits.example", "only-ana-knows-it", "new@limits.example"
ENVIRONMENT = {
    "TRUSTED_PROXIES": "1",  # so that a call can say whom it comes from
    "ADDRESS_FORM_SECONDS": "0",
    "EMAIL_URL": f"filemail:///{FOLDER}/mails",
}
FORM, JSON = "application/x-www-form-urlencoded", "application/json"
Caller = Callable[[int], str]


class Call(NamedTuple):
    """One attempt, and the status by which it is seen to be let through."""

    path: str
    body: dict[str, str]
    allowed: int
    kind: str = JSON
    #: The cookie of whoever is signed in.
    session: str = ""


class Kind(NamedTuple):
    name: str
    limit: int
    calls: list[Call]
    caller: Caller
    is_mail: bool = False


def main() -> None:
    os.environ.update(CMR_ENVIRONMENT="development", **ENVIRONMENT)
    django.setup()
    from django.utils import timezone

    from cmr.accounts import ownership
    from tests.bench import pages

    with pages.new_database() as url:
        ana = ownership.open_account(email=EMAIL, password=PASSWORD, verified_at=timezone.now())
        kinds = build_kinds(ana)
        print(f"{2 * ATTEMPTS} attempts, {AT_ONCE} at once, {WEB_PROCESSES} web processes")
        allowed = [0 for _ in kinds]
        for _ in range(2):
            environment = {"DATABASE_URL": url, **ENVIRONMENT}
            with pages.serving(FOLDER, environment, workers=WEB_PROCESSES) as port:
                halves = [count_allowed(port, each) for each in kinds]
            allowed = [sum(both) for both in zip(allowed, halves, strict=True)]
            redis.Redis.from_url(os.environ["REDIS_URL"]).flushall()
        for each, number in zip(kinds, allowed, strict=True):
            print(f"{each.name}: {number} allowed, limit {each.limit}")


def build_kinds(ana: Consumer) -> list[Kind]:
    """Each kind by addresses of its own, so that none uses up another's limit."""
    return [
        Kind("Passwords, all entrances, one caller", 5, _guesses(EMAIL), _one),
        Kind("Passwords, a caller each", 20, _guesses("p@limits.example"), _each),
        Kind("Passwords, one IPv6 network", 5, _guesses("q@limits.example"), _inside),
        Kind("Codes of one new address", 5, [_code(ana)], _each),
        Kind("Link mails, one caller", 3, [_link("v@limits.example")], _one, is_mail=True),
        Kind("Link mails, a caller each", 3, [_link("w@limits.example")], _each, is_mail=True),
    ]


def _guesses(email: str) -> list[Call]:
    body = {"email": email, "password": "wrong"}
    return [
        Call("/api/v1/session", body, 401),
        Call("/api/v1/tokens", body, 401),
        Call("/account/login/", {"login": email, "password": "wrong"}, 200, FORM),
    ]


def _code(ana: Consumer) -> Call:
    """A wrong code for an address that waits for one."""
    from django.test import Client
    from django.utils import timezone

    from cmr.accounts import contact_points

    pending = contact_points.begin_proof(ana, kind="email", text=NEW, now=timezone.now())
    path = f"/api/v1/me/contact-points/{pending.pk}/verify"
    client = Client()
    client.force_login(ana.user)
    return Call(path, {"code": "BBBBBBBB"}, 422, session=client.cookies["sessionid"].value)


def _link(email: str) -> Call:
    return Call("/link", {"email": email}, 200, FORM)


def _one(number: int) -> str:
    return "192.0.2.1"


def _each(number: int) -> str:
    return f"198.51.{number // 200}.{number % 200 + 1}"


def _inside(number: int) -> str:
    return f"2001:db8:1:2::{number + 1:x}"


def count_allowed(port: int, kind: Kind) -> int:
    """Return how many of this half's attempts were let through, or of mails: wait to be sent."""
    from cmr.models import OutgoingMessage

    OutgoingMessage.objects.all().delete()
    with ThreadPoolExecutor(AT_ONCE) as threads:
        allowed = sum(threads.map(_is_allowed, repeat(port), repeat(kind), range(ATTEMPTS)))
    return OutgoingMessage.objects.count() if kind.is_mail else allowed


def _is_allowed(port: int, kind: Kind, number: int) -> bool:
    call = kind.calls[number % len(kind.calls)]
    headers = {"Content-Type": call.kind, "X-Forwarded-For": kind.caller(number)}
    body = json.dumps(call.body)
    token = "x" * 32  # a CSRF token is any text that the cookie has as well
    headers |= {"Cookie": f"csrftoken={token}; sessionid={call.session}", "X-CSRFToken": token}
    if call.kind == FORM:
        body = urlencode({**call.body, "csrfmiddlewaretoken": token})
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
    try:
        line.request("POST", call.path, body, headers)
        return line.getresponse().status == call.allowed
    finally:
        line.close()


if __name__ == "__main__":
    main()
