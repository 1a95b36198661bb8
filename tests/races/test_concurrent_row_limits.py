"""Two who make the last one that is allowed at the same moment: one of them is refused."""

from __future__ import annotations

import pytest
from django.utils import timezone

from brands.models import Brand, Workspace
from brands.webhooks import subscriptions
from brands.workspaces import lifecycle
from cmr import members
from cmr.inbound import inlets
from cmr.models import Role, User
from consent.models import ReportExport
from consent.reporting.reports import exports
from consent.reporting.reports.query import read_report_query
from tests.conftest import Api
from tests.races.together import together

pytestmark = pytest.mark.django_db(transaction=True)

HOOK = {"url": "https://acme.example/hook", "event_types": ["*"]}


@pytest.mark.parametrize("turn", range(3))
def test_create_last_subscription_concurrently_one_succeeds(
    turn: int, acme_key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscriptions, "MAX_SUBSCRIPTIONS", 1)
    answers = together(*[lambda: Api(acme_key).post("subscriptions", HOOK)] * 4)
    assert sorted(each.status_code for each in answers) == [201, 409, 409, 409]


@pytest.mark.parametrize("turn", range(3))
def test_open_last_inlet_concurrently_one_succeeds(
    turn: int, acme: Brand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inlets, "MOST", 1)

    def open_one() -> bool:
        try:
            inlets.open_inlet(acme, provider="postmark")
        except inlets.TooManyInlets:
            return False
        return True

    assert sorted(together(*[open_one] * 4)) == [False, False, False, True]


@pytest.mark.parametrize("turn", range(3))
def test_order_last_export_concurrently_one_succeeds(
    turn: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "MOST_WAITING", 1)
    now = timezone.now()

    def order() -> bool:
        try:
            exports.order_export(
                "counts", read_report_query({}, today=now.date(), days=90), "csv", now=now
            )
        except exports.TooManyExports:
            return False
        return True

    assert sorted(together(*[order] * 4)) == [False, False, False, True]
    assert ReportExport.objects.count() == 1


@pytest.mark.parametrize("turn", range(3))
def test_send_last_invitation_concurrently_one_succeeds(
    turn: int, admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(members, "MOST_INVITATIONS", 1)
    now = timezone.now()
    workspace = lifecycle.begin_workspace(name="Acme", domain="acme.example", now=now)

    def invite(address: str) -> bool:
        try:
            members.invite_member(
                workspace, address, role=Role.DEVELOPER, link="x/{token}", by=admin, now=now
            )
        except members.TooMany:
            return False
        return True

    acts = [lambda address=f"p{n}@example.org": invite(address) for n in range(4)]
    assert sorted(together(*acts)) == [False, False, False, True]
    assert Workspace.objects.get().invitations.count() == 1
