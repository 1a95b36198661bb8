"""The quick path of POST /check equals the full one: answers, errors, headers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from brands.credentials import brand_keys
from brands.models import Brand, BrandKey, Topic
from cmr.models import Consumer
from consent.api import quick
from consent.decision.resolution import Limit, Scope
from consent.ledger import recording
from consent.ledger.recording import Actor, ChoiceTerms, NewChoice
from consent.models import Relationship, Subject
from tests.chaos.fleet import free_port
from tests.conftest import EMAIL, Api

ASKED = {"contact": {"email": EMAIL}, "purpose": "marketing", "channel": "email"}
NOW = timezone.now()
SAID = [
    [],
    [NewChoice(Scope(), ChoiceTerms("deny"))],
    [NewChoice(Scope(None, "marketing"), ChoiceTerms("grant"))],
    [NewChoice(Scope(None, "marketing"), ChoiceTerms("grant", expires_at=NOW + timedelta(days=2)))],
    [NewChoice(Scope(None, "marketing"), ChoiceTerms("pause", until=NOW + timedelta(days=2)))],
    [
        NewChoice(Scope(None, "marketing"), ChoiceTerms("grant")),
        NewChoice(Scope(None, "marketing"), ChoiceTerms("limit", limit=Limit(3, "day"))),
    ],
]


def way(api: Api, monkeypatch: pytest.MonkeyPatch, body: Any, *, is_quick: bool) -> Any:
    """The answer, and that it came by the way that is wanted."""
    answered: list[object] = []

    def watched(request: Any) -> Any:
        answered.append(answer(request) if is_quick else None)
        return answered[-1]

    answer = quick.answer
    with monkeypatch.context() as patched:
        patched.setattr(quick, "answer", watched)
        response = api.post("check", body)
    assert (answered[0] is not None) == is_quick
    return response


@pytest.mark.parametrize("said", SAID)
@pytest.mark.parametrize("contact", [{"email": EMAIL}, {"ref": "A-1"}, {"email": "x@example.org"}])
def test_quick_check_answers_as_full_check(
    *,
    said: list[NewChoice],
    contact: dict[str, str],
    as_acme: Api,
    ana: Consumer,
    met: Relationship,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Relationship.objects.update(ref="A-1", jurisdiction="US")
    Subject.objects.filter(pk=ana.subject_id).update(quiet_start="00:01", quiet_end="00:00")
    recording.record_choices(ana.subject_id, said, by=Actor("api"), now=NOW)
    body = ASKED | {"contact": contact}
    short, long = (way(as_acme, monkeypatch, body, is_quick=q) for q in (True, False))
    assert _timeless(short.json()) == _timeless(long.json())
    headers = [{n: v for n, v in r.headers.items() if n not in VARYING} for r in (short, long)]
    assert headers[0] == headers[1]


#: An id of each request; how long a time of the answer is written; what DRF says of its methods;
#: how many calls are left.
VARYING = {"X-Request-Id", "Content-Length", "Allow", "Vary", "RateLimit"}


def _timeless(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name not in ("as_of", "not_before")}


@pytest.mark.parametrize(
    "unusual",
    [
        {"purpose": "markting"},
        {"purpose": None},
        {"channel": "fax"},
        {"channel": None},
        {"topic": "rivals-own"},
        {"topic": 7},
        {"contact": {"email": "nobody"}},
        {"contact": {"email": EMAIL, "ref": "A-1"}},
        {"contact": []},
        {"contact": {"ref": "a\0b"}},
        {"purpose": "mark\0ting"},
        {"more": 1},
    ],
)
def test_quick_check_invalid_question_gets_full_error(
    unusual: dict[str, Any], as_acme: Api, rival: Brand
) -> None:
    Topic.objects.create(brand=rival, code="rivals-own", name="Own", purpose_id="marketing")
    answer = as_acme.post("check", ASKED | unusual)
    assert answer.status_code == 422
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"7", b'{"contact": {}}', b"\xff"])
def test_quick_check_malformed_body_is_refused(body: bytes, as_acme: Api) -> None:
    assert as_acme.send("POST", "check", body).status_code in (400, 422)


def test_quick_check_without_scope_is_refused(acme: Brand, met: Relationship) -> None:
    lesser = brand_keys.issue_key(acme, name="events", scopes=["events"])
    assert Api(lesser).post("check", ASKED).json()["code"] == "missing_scope"


def test_quick_check_forged_key_is_refused(as_acme: Api, acme_key: str, met: Relationship) -> None:
    forged = acme_key[:-1] + ("A" if acme_key[-1] != "A" else "B")
    assert Api(forged).post("check", ASKED).status_code == 401
    assert as_acme.post("check", ASKED).status_code == 200


@pytest.mark.parametrize("end", ["revoked_at", "expires_at"])
def test_quick_check_ended_key_is_refused(
    end: str, as_acme: Api, acme: Brand, met: Relationship
) -> None:
    BrandKey.objects.filter(brand=acme).update(**{end: timezone.now() - timedelta(seconds=1)})
    assert as_acme.post("check", ASKED).status_code == 401


@pytest.mark.django_db(transaction=True)
def test_quick_check_lost_database_is_unavailable(as_acme: Api, met: Relationship) -> None:
    """503 with the time to wait, as the long way says it."""
    here = connection.settings_dict["PORT"]
    connection.close()
    connection.settings_dict["PORT"] = free_port()
    try:
        answer = as_acme.post("check", ASKED)
    finally:
        connection.close()
        connection.settings_dict["PORT"] = here
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert answer.headers["Retry-After"]


def test_quick_check_has_security_headers(
    acme_key: str, met: Relationship, settings: Settings
) -> None:
    settings.SECURE_HSTS_SECONDS = 3600
    settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = settings.SECURE_HSTS_PRELOAD = True
    settings.SECURE_SSL_REDIRECT = True
    answer = Api(acme_key).post("check", ASKED, X_Forwarded_Proto="https")
    assert answer.headers["Strict-Transport-Security"] == "max-age=3600; includeSubDomains; preload"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert Api(acme_key).post("check", ASKED).status_code == 301
