"""/me/history: every entry with the state before it and now."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from brands.catalogue import privacy_notices
from brands.models import Brand
from cmr.models import Consumer
from cmr.sign_in import access_tokens
from consent.decision.resolution import Scope
from consent.ledger import recording
from consent.ledger.recording import Actor, ChoiceTerms, NewChoice
from consent.models import Relationship
from tests.cmr.api.test_me_relationships import walk
from tests.conftest import EMAIL, Api
from tests.factories import open_account, post_choices, record_choice

pytestmark = pytest.mark.usefixtures("met")

SCOPE = {"brand": "acme", "purpose": "marketing", "channel": "email"}


def test_newest_first_with_what_stood_before(as_ana: Api) -> None:
    post_choices(as_ana, "deny", "grant", "clear", **SCOPE)
    entries = as_ana.get("me/history").json()["data"]
    assert [(e["before"], e["decision"]) for e in entries] == [
        ("grant", "clear"),
        ("deny", "grant"),
        (None, "deny"),
    ]
    assert [e["subject_seq"] for e in entries] == [3, 2, 1]


def test_before_is_of_exactly_the_same_scope(as_ana: Api) -> None:
    post_choices(as_ana, "deny", brand="acme")
    post_choices(as_ana, "grant", brand="acme", purpose="marketing")
    post_choices(as_ana, "grant", brand="acme")
    entries = as_ana.get("me/history").json()["data"]
    assert [e["before"] for e in entries] == ["deny", None, None]


def test_what_was_shown_and_kept_as_proof_is_in_it(
    as_ana: Api, as_acme: Api, acme: Brand, now: datetime
) -> None:
    privacy_notices.write_notice(acme, code="form", texts={"en": "Once.", "de": "Einmal."}, now=now)
    yes = {"scope": {"purpose": "marketing"}, "decision": "grant", "evidence": "Form 7"}
    as_acme.post("choices", {"contact": {"email": EMAIL}, "notice": "form", **yes})
    record_choice(
        Consumer.objects.get().subject_id, "deny", Scope(acme.pk, "marketing"), campaign="spring"
    )
    no_entry, yes_entry = as_ana.get("me/history").json()["data"]
    shown = {"name": "form@1", "language": "en", "text": "Once."}
    assert (yes_entry["notice"], yes_entry["evidence"]) == (shown, "Form 7")
    assert (no_entry["notice"], no_entry["evidence"], no_entry["campaign"]) == (
        None,
        None,
        "spring",
    )


def test_before_crosses_pages(as_ana: Api) -> None:
    post_choices(as_ana, "deny", "grant", **SCOPE)
    (entry,) = as_ana.get("me/history", limit=1).json()["data"]
    assert entry["before"] == "deny"


def test_pages_lose_and_repeat_nothing(as_ana: Api) -> None:
    post_choices(as_ana, *(["deny", "grant"] * 4), **SCOPE)
    pages = walk(as_ana, "me/history", limit=3)
    assert [len(page) for page in pages] == [3, 3, 2]
    assert [e["subject_seq"] for page in pages for e in page] == list(range(8, 0, -1))


def test_a_page_stays_the_same_while_newer_entries_come(as_ana: Api) -> None:
    post_choices(as_ana, "deny", "grant", "deny", "grant", **SCOPE)
    cursor = as_ana.get("me/history", limit=2).json()["next_cursor"]
    post_choices(as_ana, "clear", **SCOPE)
    rest = as_ana.get("me/history", cursor=cursor).json()["data"]
    assert [e["subject_seq"] for e in rest] == [2, 1]


@pytest.mark.parametrize("cursor", ["x", "!!!!", "eCB4", "é", "a" * 400])
def test_a_cursor_that_is_not_ours(cursor: str, as_ana: Api) -> None:
    answer = as_ana.get("me/history", cursor=cursor)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_cursor")


def test_another_s_entries_never_appear(as_ana: Api, ana: Consumer) -> None:
    ben = open_account("ben@example.org", now=ana.created_at)
    as_ben = Api(access_tokens.issue_token(ben, name="tests"))
    post_choices(as_ana, "deny", **SCOPE)
    post_choices(as_ben, "grant", **SCOPE)
    for path in ("me/history", "me/preferences"):
        assert [e["decision"] for e in as_ana.get(path).json()["data"]] == ["deny"]
        assert [e["decision"] for e in as_ben.get(path).json()["data"]] == ["grant"]


def test_what_a_brand_recorded_is_there_to_see(as_ana: Api, met: Relationship, acme: Brand) -> None:
    choice = NewChoice(Scope(acme.pk, "marketing"), ChoiceTerms("grant", evidence="form 7"))
    by = Actor("brand_api", acme.pk)
    recording.record_choices(met.subject_id, [choice], by=by, now=timezone.now())
    (entry,) = as_ana.get("me/history").json()["data"]
    assert (entry["maker"], entry["source"]) == ("brand", "brand_api")
    (standing,) = as_ana.get("me/preferences").json()["data"]
    assert standing["maker"] == "brand"


def test_what_was_cleared_no_longer_stands(as_ana: Api) -> None:
    post_choices(as_ana, "deny", **SCOPE)
    assert len(as_ana.get("me/preferences").json()["data"]) == 1
    post_choices(as_ana, "clear", **SCOPE)
    assert as_ana.get("me/preferences").json()["data"] == []
    assert len(as_ana.get("me/history").json()["data"]) == 2


def test_a_clear_leaves_other_scopes_alone(as_ana: Api) -> None:
    post_choices(as_ana, "deny", brand="acme")
    post_choices(as_ana, "clear", brand="acme", purpose="marketing")
    (standing,) = as_ana.get("me/preferences").json()["data"]
    assert standing["decision"] == "deny"


@pytest.mark.parametrize("decision", ["pause", "grant"])
def test_what_ran_out_no_longer_stands(decision: str, as_ana: Api, met: Relationship) -> None:
    then = timezone.now() - timedelta(days=9)
    end = {"pause": "until", "grant": "expires_at"}[decision]
    record_choice(
        met,
        decision,
        Scope(met.brand_id),
        by=Actor("api"),
        now=then,
        **{end: then + timedelta(days=1)},
    )
    assert as_ana.get("me/preferences").json()["data"] == []
    assert len(as_ana.get("me/history").json()["data"]) == 1


def test_what_stands_is_shown_whole_and_newest_first(as_ana: Api) -> None:
    post_choices(as_ana, "deny", **SCOPE)
    until = (timezone.now() + timedelta(days=1)).isoformat()
    limit = {"max": 2, "per": "week"}
    as_ana.post("me/choices", {"scope": SCOPE, "decision": "pause", "until": until})
    as_ana.post("me/choices", {"scope": SCOPE, "decision": "limit", "limit": limit})
    limited, paused, denied = as_ana.get("me/preferences").json()["data"]
    assert (limited["decision"], limited["limit"]) == ("limit", limit)
    assert paused["decision"] == "pause" and paused["until"] is not None
    assert denied["scope"] == SCOPE | {"topic": None, "contact_point": None}
