"""How long implied consent lasts after a purchase or an inquiry."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st
from time_machine import travel

from cmr.accounts import ownership
from cmr.models import Consumer
from consent.models import ImpliedTerm, LedgerEntry, Relationship, Subject
from consent.rules import implied_consent
from tests.conftest import EMAIL, Api

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SCOPE = {"purpose": "marketing", "channel": "email"}


@pytest.fixture
def at_now() -> Any:
    with travel(NOW, tick=False) as traveller:
        yield traveller


def imply(api: Api, ground: str = "purchase", made_at: datetime | None = None, **more: Any) -> Any:
    body: dict[str, Any] = {
        "contact": {"email": EMAIL},
        "scope": SCOPE,
        "decision": "grant",
        "basis": "implied",
        "ground": ground,
        "evidence": "Order 5531",
    }
    return api.post("choices", body | ({"made_at": made_at.isoformat()} if made_at else {}) | more)


def expiry(answer: Any) -> datetime:
    assert answer.status_code == 201, answer.content
    return datetime.fromisoformat(answer.json()["data"][0]["expires_at"])


def rule(api: Api) -> str:
    return str(api.post("check", {"contact": {"email": EMAIL}, **SCOPE}).json()["rule"])


# -- Calendar months ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("made", "months", "end"),
    [
        ("2026-03-15T10:00:00", 6, "2026-09-15T10:00:00"),
        ("2026-08-31T10:00:00", 6, "2027-02-28T10:00:00"),
        ("2027-08-31T10:00:00", 6, "2028-02-29T10:00:00"),
        ("2026-03-31T23:59:59.999999", 6, "2026-09-30T23:59:59.999999"),
        ("2028-02-29T00:00:00", 24, "2030-02-28T00:00:00"),
        ("2028-02-29T00:00:00", 48, "2032-02-29T00:00:00"),
        ("2026-12-31T10:00:00", 2, "2027-02-28T10:00:00"),
        ("2026-12-01T10:00:00", 1, "2027-01-01T10:00:00"),
        ("2026-11-30T10:00:00", 1, "2026-12-30T10:00:00"),
        ("0001-01-01T00:00:00", 24, "0003-01-01T00:00:00"),
    ],
)
def test_add_months_missing_day_is_last_of_month(made: str, months: int, end: str) -> None:
    made_at, expected = (datetime.fromisoformat(f"{text}+00:00") for text in (made, end))
    assert implied_consent.add_months(made_at, months) == expected


def test_add_months_counts_in_utc() -> None:
    made_at = datetime(2026, 8, 31, 1, tzinfo=timezone(timedelta(hours=2)))  # 30 August by UTC
    assert implied_consent.add_months(made_at, 6) == datetime(2027, 2, 28, 23, tzinfo=UTC)


@given(st.datetimes(max_value=datetime(2100, 1, 1), timezones=st.just(UTC)), st.integers(1, 1_200))
def test_add_months_random_moment_keeps_day_or_last(moment: datetime, months: int) -> None:
    end = implied_consent.add_months(moment, months)
    assert (end.year * 12 + end.month) - (moment.year * 12 + moment.month) == months
    assert end.timetz() == moment.timetz()
    assert end.day == moment.day or (
        end.day < moment.day and (end + timedelta(days=1)).month != end.month
    )


# -- Recording one --------------------------------------------------------------------------------


def test_implied_grant_expires_with_term(as_acme: Api, met: Relationship, at_now: Any) -> None:
    assert expiry(imply(as_acme)) == datetime(2028, 3, 1, 12, tzinfo=UTC)
    assert expiry(imply(as_acme, "inquiry")) == datetime(2026, 9, 1, 12, tzinfo=UTC)
    bought = datetime(2024, 3, 31, 8, tzinfo=UTC)
    assert expiry(imply(as_acme, made_at=bought)) == datetime(2026, 3, 31, 8, tzinfo=UTC)


def test_implied_grant_follows_residence_stated_for_its_own_address(
    as_acme: Api, ana: Consumer, met: Relationship, at_now: Any
) -> None:
    """By the term of the other address, the brand would learn that both have one owner."""
    ImpliedTerm.objects.create(ground="purchase", jurisdiction="DE", months=6, law="x")
    second = {"email": "second@example.org"}
    stated = {"contact": second, "note": "x", "jurisdiction": "DE"}
    assert as_acme.post("relationships", stated).status_code == 201
    ownership.add_contact(ana, kind="email", value=second["email"], now=NOW)
    ends = {expiry(imply(as_acme)), expiry(imply(as_acme, contact=second))}
    assert len(ends) == 2 and max(ends) - min(ends) > timedelta(days=500)


def test_implied_grant_ground_is_recorded_and_hashed(
    as_acme: Api, as_ana: Api, ana: Consumer, met: Relationship
) -> None:
    from consent.ledger import hash_chain

    assert imply(as_acme, "inquiry").json()["data"][0]["ground"] == "inquiry"
    shown = as_ana.get("me/history").json()["data"][0]
    assert (shown["basis"], shown["ground"]) == ("implied", "inquiry")
    entry = LedgerEntry.objects.get()
    assert list(hash_chain.list_breaks(Subject.objects.get(pk=ana.subject_id))) == []
    entry.ground = "purchase"
    assert hash_chain.compute_entry_hash(bytes(entry.previous_hash), entry) != bytes(entry.hash)


def test_implied_grant_is_effective_until_its_end(
    as_acme: Api, met: Relationship, at_now: Any
) -> None:
    end = expiry(imply(as_acme, "inquiry"))
    at_now.move_to(end - timedelta(microseconds=1))
    assert rule(as_acme) == "implied"
    at_now.move_to(end)
    assert rule(as_acme) == "default_opt_in"


@pytest.mark.parametrize(("ground", "months"), [("purchase", 24), ("inquiry", 6)])
def test_implied_grant_past_its_term_is_refused(
    ground: str, months: int, as_acme: Api, met: Relationship, at_now: Any
) -> None:
    over = implied_consent.add_months(NOW, -months)
    answer = imply(as_acme, ground, over)
    problem = answer.json()
    assert (answer.status_code, problem["code"], problem["field"]) == (422, "term_over", "made_at")
    assert not LedgerEntry.objects.exists()
    assert imply(as_acme, ground, over + timedelta(microseconds=1)).status_code == 201


def test_implied_grant_expiry_may_only_shorten(
    as_acme: Api, met: Relationship, at_now: Any
) -> None:
    end = datetime(2026, 9, 1, 12, tzinfo=UTC)
    late = imply(as_acme, "inquiry", expires_at=(end + timedelta(microseconds=1)).isoformat())
    assert (late.status_code, late.json()["code"]) == (422, "beyond_term")
    assert end.isoformat() in late.json()["detail"]
    assert not LedgerEntry.objects.exists()
    for soon in (end, end - timedelta(days=90)):
        assert expiry(imply(as_acme, "inquiry", expires_at=soon.isoformat())) == soon


def test_implied_grant_later_purchase_renews(as_acme: Api, met: Relationship, at_now: Any) -> None:
    expiry(imply(as_acme, made_at=datetime(2024, 4, 1, tzinfo=UTC)))
    renewed = expiry(imply(as_acme, made_at=datetime(2026, 2, 1, tzinfo=UTC)))
    expiry(imply(as_acme, made_at=datetime(2025, 1, 1, tzinfo=UTC)))  # told late, bought earlier
    at_now.move_to(renewed - timedelta(seconds=1))
    assert rule(as_acme) == "implied"
    at_now.move_to(renewed)
    assert rule(as_acme) == "default_opt_in"


def test_implied_grant_after_denial_is_denied(as_acme: Api, as_ana: Api, met: Relationship) -> None:
    body = {"contact": {"email": EMAIL}, "scope": SCOPE, "decision": "deny"}
    assert as_acme.post("choices", body).status_code == 201
    assert imply(as_acme).status_code == 201
    assert rule(as_acme) == "brand_denied"
    as_ana.post("me/choices", {"scope": {"brand": "acme"}, "decision": "deny"})
    assert imply(as_acme).json()["code"] == "person_said_no"


# -- By jurisdiction ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("own", "theirs", "months"),
    [
        (None, None, 12),
        (None, "FR", 12),
        (None, "CA", 9),
        (None, "CA-ON", 9),
        (None, "CA-QC", 3),
        ("CA-QC", "CA", 3),
        ("FR", "CA-QC", 12),
    ],
)
@pytest.mark.usefixtures("at_now")
def test_implied_term_narrowest_jurisdiction_applies(
    own: str | None, theirs: str | None, months: int, as_acme: Api, met: Relationship
) -> None:
    ImpliedTerm.objects.all().delete()
    for place, term in [(None, 12), ("CA", 9), ("CA-QC", 3), ("DE", 1)]:
        ImpliedTerm.objects.create(ground="purchase", jurisdiction=place, months=term, law="a law")
    Subject.objects.filter(pk=met.subject_id).update(jurisdiction=own)
    Relationship.objects.filter(pk=met.pk).update(jurisdiction=theirs)
    assert expiry(imply(as_acme)) == implied_consent.add_months(NOW, months)
    refused = imply(as_acme, "inquiry")
    assert (refused.status_code, refused.json()["code"]) == (422, "no_term")


def test_implied_terms_changed_by_admin_stay(db: None) -> None:
    assert ImpliedTerm.objects.count() == len(implied_consent.TERMS)
    ImpliedTerm.objects.filter(jurisdiction=None).delete()
    ImpliedTerm.objects.filter(ground="inquiry").update(months=3)
    call_command("migrate", verbosity=0)
    assert set(ImpliedTerm.objects.values_list("ground", "jurisdiction", "months")) == {
        ("purchase", "CA", 24),
        ("inquiry", "CA", 3),
    }


def test_implied_term_is_added_by_admin(as_admin: Api) -> None:
    form = {"ground": "inquiry", "jurisdiction": "NZ", "months": 4, "law": "a law"}
    page = "/admin/consent/impliedterm/add/"
    assert as_admin.client.post(page, form).status_code == 302
    assert as_admin.client.post(page, form | {"jurisdiction": "ZZ"}).status_code == 200
    assert ImpliedTerm.objects.get(jurisdiction="NZ").months == 4
    assert not ImpliedTerm.objects.filter(jurisdiction="ZZ").exists()


@pytest.mark.parametrize(
    ("constraint", "wrong"),
    [
        ("implied_term_once", {}),
        ("implied_term_ground_is_known", {"ground": "gift"}),
        ("implied_term_jurisdiction_has_its_form", {"jurisdiction": "ca"}),
        ("implied_term_of_some_months", {"months": 0}),
    ],
)
def test_implied_term_invalid_row_is_refused_by_database(
    constraint: str, wrong: dict[str, Any], db: None
) -> None:
    row: dict[str, Any] = {"ground": "inquiry", "jurisdiction": None, "months": 6, "law": "a law"}
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        ImpliedTerm.objects.create(**row | wrong)
