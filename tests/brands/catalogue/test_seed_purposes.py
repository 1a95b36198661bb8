"""The regional defaults of a new database, and who may change them."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import IntegrityError, transaction

from brands.catalogue import seed_purposes
from brands.models import JurisdictionRegime, Purpose
from tests.conftest import Api

ROW = {"jurisdiction": "DE", "purpose_id": "marketing", "channel": None, "law": "a law"}


FORM = "/admin/brands/jurisdictionregime/add/"


def test_seeded_regimes_are_valid(db: None) -> None:
    rows = list(JurisdictionRegime.objects.all())
    assert len(rows) == len(seed_purposes.REGIMES) > 0
    for row in rows:
        row.full_clean()
        assert row.regime != row.purpose.regime
        assert row.law


def test_purposes_show_regional_regimes(as_acme: Api) -> None:
    purposes = {p["code"]: p for p in as_acme.get("brand/purposes").json()["data"]}
    assert purposes["marketing"]["regime"] == "opt_in"
    assert {
        "jurisdiction": "US",
        "channel": "email",
        "regime": "opt_out",
        "law": "CAN-SPAM Act, 15 U.S.C. § 7704",
    } in purposes["marketing"]["regimes"]
    california = [r for r in purposes["profiling"]["regimes"] if r["jurisdiction"] == "US-CA"]
    assert [(r["channel"], r["regime"]) for r in california] == [(None, "opt_out")]
    assert purposes["ai_training"]["regimes"] == purposes["service"]["regimes"] == []


def test_regimes_changed_by_admin_stay(db: None) -> None:
    JurisdictionRegime.objects.filter(jurisdiction="US", channel="post").delete()
    email = JurisdictionRegime.objects.filter(jurisdiction="US", channel="email")
    email.update(regime="opt_in", law="our counsel")
    before = JurisdictionRegime.objects.count()
    call_command("migrate", verbosity=0)
    assert JurisdictionRegime.objects.count() == before
    assert (email.get().regime, email.get().law) == ("opt_in", "our counsel")


@pytest.mark.django_db(transaction=True)
def test_flush_restores_seeded_regimes() -> None:
    call_command("flush", verbosity=0, interactive=False)
    assert JurisdictionRegime.objects.count() == len(seed_purposes.REGIMES)


@pytest.mark.parametrize(
    ("constraint", "wrong"),
    [
        ("jurisdiction_regime_is_never_required", {"regime": "required"}),
        ("jurisdiction_regime_is_never_required", {"regime": "maybe"}),
        ("jurisdiction_regime_channel_is_known", {"channel": "telex"}),
        ("jurisdiction_regime_jurisdiction_has_its_form", {"jurisdiction": "de"}),
    ],
)
def test_regime_invalid_row_is_refused_by_database(
    constraint: str, wrong: dict[str, Any], db: None
) -> None:
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        JurisdictionRegime.objects.create(**ROW | {"regime": "opt_out"} | wrong)


def test_regime_duplicate_row_is_refused_by_database(db: None) -> None:
    JurisdictionRegime.objects.create(**ROW, regime="opt_out")
    with pytest.raises(IntegrityError, match="jurisdiction_regime_once"), transaction.atomic():
        JurisdictionRegime.objects.create(**ROW, regime="opt_in")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"jurisdiction": "ZZ"}, "jurisdiction"),
        ({"purpose_id": "service"}, "purpose"),
        ({"purpose_id": "profiling", "channel": "email"}, "channel"),
        ({"regime": "required"}, "regime"),
    ],
)
def test_regime_invalid_form_is_refused(wrong: dict[str, Any], field: str, db: None) -> None:
    with pytest.raises(ValidationError) as refused:
        JurisdictionRegime(**ROW | {"regime": "opt_out"} | wrong).full_clean()
    assert set(refused.value.message_dict) == {field}


def test_regime_is_added_by_admin(as_admin: Api) -> None:
    Purpose.objects.get(code="marketing")
    form = {"jurisdiction": "NZ", "purpose": "marketing", "channel": "", "regime": "opt_out"}
    assert as_admin.client.post(FORM, form | {"law": "a law"}).status_code == 302
    assert JurisdictionRegime.objects.get(jurisdiction="NZ").channel is None
