"""POST /me/check: what a brand may do now, at another time, or with supposed choices."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from cmr.accounts import ownership
from cmr.choices import choose
from cmr.models import Consumer
from cmr.sign_in import access_tokens
from consent.decision.resolution import Scope
from consent.ledger.recording import Actor
from consent.models import LedgerEntry, Relationship
from tests.conftest import Api
from tests.factories import record_choice
from tests.trying import tries

HOUR = timedelta(hours=1)
ABOUT = {"brand": "acme", "purpose": "marketing", "channel": "email"}
DENY = {"scope": {"brand": "acme", "purpose": "marketing"}, "decision": "deny"}
GRANT = DENY | {"decision": "grant"}


def ask(api: Api, **more: Any) -> list[dict[str, Any]]:
    answer = api.post("me/check", ABOUT | more)
    assert answer.status_code == 200, answer.content
    data: list[dict[str, Any]] = answer.json()["data"]
    return data


def test_me_check_names_deciding_choice(as_ana: Api, ana: Consumer, met: Relationship) -> None:
    entry = as_ana.post("me/choices", DENY).json()["data"][0]
    (answer,) = ask(as_ana)
    assert (answer["allowed"], answer["rule"]) == (False, "person_denied")
    assert answer["because"]["entry"] == entry["entry"]
    assert answer["because"]["scope"] == entry["scope"]
    assert answer["contact_point"] == str(ana.contact_points.get().pk)


def test_me_check_suppose_is_not_recorded(as_ana: Api, met: Relationship) -> None:
    (answer,) = ask(as_ana, suppose=[GRANT])
    assert answer["allowed"] and answer["because"]["entry"] is None
    assert not LedgerEntry.objects.exists()
    assert not ask(as_ana)[0]["allowed"]


def test_me_check_as_of_before_end_is_answered(
    as_ana: Api, ana: Consumer, met: Relationship
) -> None:
    now = timezone.now()
    record_choice(
        ana, "grant", Scope(met.brand_id, "marketing"), by=Actor("api"), now=now - 3 * HOUR
    )
    choose.end_relationship(ana, met, by="api", now=now - HOUR)
    assert ask(as_ana)[0]["rule"] == "no_relationship"
    then = (now - 2 * HOUR).isoformat()
    assert ask(as_ana, as_of=then)[0]["rule"] == "person_granted"


def test_me_check_answers_per_contact_point(
    as_ana: Api, ana: Consumer, met: Relationship, now: datetime
) -> None:
    phone = ownership.add_contact(ana, kind="phone", value="+4915112345678", now=now)
    choose.add_brand(ana, met.brand, by="api", now=now, points=[phone])
    no = {"scope": {"contact_point": phone.pk}, "decision": "deny"}
    answers = ask(as_ana, suppose=[GRANT, no])
    by_point = {each["contact_point"]: each["allowed"] for each in answers}
    assert by_point.pop(str(phone.pk)) is False
    assert list(by_point.values()) == [True]


@pytest.mark.parametrize(
    ("more", "status", "code"),
    [
        ({"brand": "rival"}, 404, "not_found"),
        ({"brand": "nobody"}, 404, "not_found"),
        ({"as_of": "2126-01-01T00:00:00Z"}, 422, "not_yet"),
        ({"at": "2020-01-01T00:00:00Z"}, 422, "past"),
        ({"channel": None}, 422, "channel_needed"),
        ({"purpose": "gifts"}, 422, "unknown_purpose"),
        ({"suppose": [DENY] * 21}, 422, "max_length"),
        ({"suppose": [{"scope": {"brand": "nobody"}, "decision": "deny"}]}, 422, "unknown_brand"),
        ({"contact": {"email": "x@example.org"}}, 422, "unknown_field"),
    ],
)
@pytest.mark.usefixtures("met", "rival")
def test_me_check_invalid_question_is_refused(
    as_ana: Api, more: dict[str, Any], status: int, code: str
) -> None:
    answer = as_ana.post("me/check", ABOUT | more)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_me_check_with_read_token_is_allowed(ana: Consumer, met: Relationship) -> None:
    reader = Api(access_tokens.issue_token(ana, name="r", scope="read"))
    assert ask(reader, suppose=[GRANT])[0]["allowed"]


# -- Supposed is as recorded ----------------------------------------------------------------------

SCOPES = st.sampled_from(
    [
        {},
        {"purpose": "marketing"},
        {"brand": "acme"},
        {"brand": "acme", "purpose": "marketing"},
        {"brand": "acme", "purpose": "marketing", "channel": "email"},
        {"brand": "acme", "purpose": "marketing", "topic": "weekly-offers"},
        {"brand": "rival"},
    ]
)
PARTS: Any = {
    "grant": {},
    "deny": {},
    "clear": {},
    "pause": {"until": (timezone.now() + 50 * HOUR).isoformat()},
    "limit": {"limit": {"max": 5, "per": "day"}},
}
PLAIN = st.sampled_from(sorted(PARTS)).map(lambda kind: {"decision": kind, **PARTS[kind]})
LIMITS = st.builds(
    lambda most, per: {"decision": "limit", "limit": {"max": most, "per": per}},
    st.integers(1, 5),
    st.sampled_from(["day", "week"]),
)
ENDING = st.just({"decision": "grant", "expires_at": (timezone.now() + 70 * HOUR).isoformat()})
CHOICES = st.builds(
    lambda scope, what: {"scope": scope, **what}, SCOPES, st.one_of(PLAIN, LIMITS, ENDING)
)


def without_names(answer: dict[str, Any]) -> dict[str, Any]:
    """The answer but for what only a recorded choice has, and for when it was asked."""
    told = {name: value for name, value in answer.items() if name != "as_of"}
    if told["because"]:
        told["because"] = told["because"] | {"entry": None, "made_at": None}
    return told


@pytest.mark.usefixtures("met", "rival", "offers")
@tries(15)
@given(
    before=st.lists(CHOICES, max_size=3),
    supposed=st.lists(CHOICES, min_size=1, max_size=4),
    topic=st.sampled_from([None, "weekly-offers"]),
)
def test_me_check_suppose_answers_as_recorded(
    ana: Consumer, before: list[Any], supposed: list[Any], topic: str | None
) -> None:
    with transaction.atomic():
        api = Api(access_tokens.issue_token(ana, name="t", scope="full"))
        if before:
            assert api.post("me/choices", before).status_code == 201
        (what_if,) = ask(api, topic=topic, suppose=supposed)
        assert api.post("me/choices", supposed).status_code == 201
        (real,) = ask(api, topic=topic)
        transaction.set_rollback(True)
    assert without_names(what_if) == without_names(real)


@pytest.mark.parametrize(
    ("supposed", "rule"),
    [
        ([DENY, GRANT], "person_granted"),
        ([GRANT, DENY], "person_denied"),
        ([DENY | {"scope": {}}, GRANT], "person_granted"),
        ([DENY | {"decision": "clear"}, GRANT], "person_granted"),
        ([GRANT, DENY | {"decision": "clear"}], "default_opt_in"),
    ],
)
def test_me_check_suppose_keeps_order(
    as_ana: Api, met: Relationship, supposed: list[Any], rule: str
) -> None:
    as_ana.post("me/choices", DENY)
    assert ask(as_ana, suppose=supposed)[0]["rule"] == rule
