"""Every entry with what stood before, and what stands now."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from brands.catalogue import privacy_notices
from brands.models import Brand
from cmr.accounts import ownership
from cmr.models import Consumer
from cmr.sign_in import access_tokens
from consent.decision.resolution import Scope
from consent.ledger import recording
from consent.ledger.recording import Actor, NewChoice
from consent.models import Relationship
from tests.cmr.test_relationships import walk
from tests.conftest import EMAIL, Api

pytestmark = pytest.mark.usefixtures("met")

SCOPE = {"brand": "acme", "purpose": "marketing", "channel": "email"}


def say(api: Api, *decisions: str, **scope: str) -> None:
    for decision in decisions:
        choice = {"scope": scope or SCOPE, "decision": decision}
        assert api.post("me/choices", choice).status_code == 201


def test_newest_first_with_what_stood_before(as_ana: Api) -> None:
    say(as_ana, "deny", "grant", "clear")
    entries = as_ana.get("me/history").json()["data"]
    assert [(e["before"], e["decision"]) for e in entries] == [
        ("grant", "clear"),
        ("deny", "grant"),
        (None, "deny"),
    ]
    assert [e["subject_seq"] for e in entries] == [3, 2, 1]


def test_before_is_of_exactly_the_same_scope(as_ana: Api) -> None:
    say(as_ana, "deny", brand="acme")
    say(as_ana, "grant", brand="acme", purpose="marketing")
    say(as_ana, "grant", brand="acme")
    entries = as_ana.get("me/history").json()["data"]
    assert [e["before"] for e in entries] == ["deny", None, None]


def test_what_was_shown_and_kept_as_proof_is_in_it(
    as_ana: Api, as_acme: Api, acme: Brand, now: datetime
) -> None:
    privacy_notices.write_notice(acme, code="form", texts={"en": "Once.", "de": "Einmal."}, now=now)
    yes = {"scope": {"purpose": "marketing"}, "decision": "grant", "evidence": "Form 7"}
    as_acme.post("choices", {"contact": {"email": EMAIL}, "notice": "form", **yes})
    no = NewChoice(Scope(acme.pk, "marketing"), "deny", campaign="spring")
    recording.record_choices(
        Consumer.objects.get().subject_id, [no], by=Actor("portal"), now=timezone.now()
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
    say(as_ana, "deny", "grant")
    (entry,) = as_ana.get("me/history", limit=1).json()["data"]
    assert entry["before"] == "deny"


def test_pages_lose_and_repeat_nothing(as_ana: Api) -> None:
    say(as_ana, *(["deny", "grant"] * 4))
    pages = walk(as_ana, "me/history", limit=3)
    assert [len(page) for page in pages] == [3, 3, 2]
    assert [e["subject_seq"] for page in pages for e in page] == list(range(8, 0, -1))


def test_a_page_stays_the_same_while_newer_entries_come(as_ana: Api) -> None:
    say(as_ana, "deny", "grant", "deny", "grant")
    cursor = as_ana.get("me/history", limit=2).json()["next_cursor"]
    say(as_ana, "clear")
    rest = as_ana.get("me/history", cursor=cursor).json()["data"]
    assert [e["subject_seq"] for e in rest] == [2, 1]


@pytest.mark.parametrize("cursor", ["x", "!!!!", "eCB4", "é", "a" * 400])
def test_a_cursor_that_is_not_ours(cursor: str, as_ana: Api) -> None:
    answer = as_ana.get("me/history", cursor=cursor)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_cursor")


def test_another_s_entries_never_appear(as_ana: Api, ana: Consumer) -> None:
    ben = ownership.open_account(email="ben@example.org", password=None, verified_at=ana.created_at)
    as_ben = Api(access_tokens.issue_token(ben, name="tests"))
    say(as_ana, "deny")
    say(as_ben, "grant")
    for path in ("me/history", "me/preferences"):
        assert [e["decision"] for e in as_ana.get(path).json()["data"]] == ["deny"]
        assert [e["decision"] for e in as_ben.get(path).json()["data"]] == ["grant"]


def test_what_a_brand_recorded_is_there_to_see(as_ana: Api, met: Relationship, acme: Brand) -> None:
    choice = NewChoice(Scope(acme.pk, "marketing"), "grant", evidence="form 7")
    by = Actor("brand_api", acme.pk)
    recording.record_choices(met.subject_id, [choice], by=by, now=timezone.now())
    (entry,) = as_ana.get("me/history").json()["data"]
    assert (entry["maker"], entry["source"]) == ("brand", "brand_api")
    (standing,) = as_ana.get("me/preferences").json()["data"]
    assert standing["maker"] == "brand"


def test_what_was_cleared_no_longer_stands(as_ana: Api) -> None:
    say(as_ana, "deny")
    assert len(as_ana.get("me/preferences").json()["data"]) == 1
    say(as_ana, "clear")
    assert as_ana.get("me/preferences").json()["data"] == []
    assert len(as_ana.get("me/history").json()["data"]) == 2


def test_a_clear_leaves_other_scopes_alone(as_ana: Api) -> None:
    say(as_ana, "deny", brand="acme")
    say(as_ana, "clear", brand="acme", purpose="marketing")
    (standing,) = as_ana.get("me/preferences").json()["data"]
    assert standing["decision"] == "deny"


@pytest.mark.parametrize("decision", ["pause", "grant"])
def test_what_ran_out_no_longer_stands(decision: str, as_ana: Api, met: Relationship) -> None:
    then = timezone.now() - timedelta(days=9)
    end = {"pause": "until", "grant": "expires_at"}[decision]
    over = NewChoice(
        Scope(met.brand_id),
        decision,  # type: ignore[arg-type]
        **{end: then + timedelta(days=1)},  # type: ignore[arg-type]
    )
    recording.record_choices(met.subject_id, [over], by=Actor("api"), now=then)
    assert as_ana.get("me/preferences").json()["data"] == []
    assert len(as_ana.get("me/history").json()["data"]) == 1


def test_what_stands_is_shown_whole_and_newest_first(as_ana: Api) -> None:
    say(as_ana, "deny")
    until = (timezone.now() + timedelta(days=1)).isoformat()
    limit = {"max": 2, "per": "week"}
    as_ana.post("me/choices", {"scope": SCOPE, "decision": "pause", "until": until})
    as_ana.post("me/choices", {"scope": SCOPE, "decision": "limit", "limit": limit})
    limited, paused, denied = as_ana.get("me/preferences").json()["data"]
    assert (limited["decision"], limited["limit"]) == ("limit", limit)
    assert paused["decision"] == "pause" and paused["until"] is not None
    assert denied["scope"] == SCOPE | {"topic": None, "contact_point": None}
