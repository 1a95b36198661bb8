"""Global Privacy Control: the signal is a denial until a later choice answers it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from brands.models import Brand
from cmr.choices import global_privacy_control, links
from cmr.choices.links import Link
from cmr.models import Consumer, TokenScope
from cmr.sign_in import access_tokens
from consent.decision.resolution import Scope
from consent.ledger import recording
from consent.ledger.recording import Actor, ChoiceTerms, NewChoice
from consent.models import LedgerEntry, Relationship
from consent.relationships import lifecycle
from tests.conftest import Api
from tests.factories import is_allowed, record_choice

SIGNAL = {"Sec-GPC": "1"}
SALE, ADS = global_privacy_control.PURPOSES


@pytest.fixture
def browser(browser: Client, met: Relationship) -> Client:
    return browser


@pytest.fixture
def met_rival(ana: Consumer, rival: Brand) -> Relationship:
    return lifecycle.start_relationship(ana.subject_id, rival, by=Actor("api"), now=timezone.now())[
        0
    ]


def signals() -> int:
    """How many noes were recorded for the signal."""
    return LedgerEntry.objects.filter(source="gpc", decision="deny").count()


def test_signal_again_and_from_other_browsers_records_one_no(browser: Client) -> None:
    other = Client()
    other.force_login(Consumer.objects.get().user)
    for client in (browser, other, browser):
        client.get("/", headers=SIGNAL)
    assert signals() == 2
    other.get("/")
    assert signals() == 2


def test_signal_brings_back_a_no_that_was_cleared(
    browser: Client, ana: Consumer, acme: Brand
) -> None:
    type(ana.subject).objects.filter(pk=ana.subject_id).update(jurisdiction="US-CA")
    assert is_allowed(acme, SALE, None)  # the default of California
    browser.get("/", headers=SIGNAL)
    record_choice(ana, "clear", Scope(None, SALE), by=Actor("api"))
    assert is_allowed(acme, SALE, None)
    browser.get("/")
    assert is_allowed(acme, SALE, None)
    browser.get("/", headers=SIGNAL)
    assert not is_allowed(acme, SALE, None)
    assert signals() == 3


def test_signal_overrules_a_yes_from_before_it(browser: Client, ana: Consumer, acme: Brand) -> None:
    record_choice(ana, "grant", Scope(None, SALE), by=Actor("api"))
    record_choice(ana, "grant", Scope(acme.pk, SALE), by=Actor("api"))
    browser.get("/", headers=SIGNAL)
    assert not is_allowed(acme, SALE, None)


@pytest.mark.parametrize("to_all", [True, False], ids=["to all", "to one brand"])
def test_signal_leaves_a_yes_from_after_it(
    browser: Client, ana: Consumer, acme: Brand, met_rival: Relationship, to_all: bool
) -> None:
    browser.get("/", headers=SIGNAL)
    record_choice(ana, "grant", Scope(None if to_all else acme.pk, SALE), by=Actor("api"))
    browser.get("/", headers=SIGNAL)
    assert (is_allowed(acme, SALE, None), is_allowed(met_rival.brand, SALE, None)) == (True, to_all)
    assert signals() == 2


def test_signal_after_a_later_no_and_clear_says_no_again(
    browser: Client, ana: Consumer, acme: Brand
) -> None:
    browser.get("/", headers=SIGNAL)
    for decision in ("grant", "deny", "clear"):
        record_choice(ana, decision, Scope(None, SALE), by=Actor("api"))
    browser.get("/", headers=SIGNAL)
    assert not is_allowed(acme, SALE, None)
    assert signals() == 3


def test_signal_after_a_yes_has_expired_says_no_again(
    browser: Client, ana: Consumer, acme: Brand
) -> None:
    browser.get("/", headers=SIGNAL)
    record_choice(ana, "clear", Scope(None, SALE), by=Actor("api"))
    now = timezone.now()
    record_choice(
        ana,
        "grant",
        Scope(None, SALE),
        by=Actor("api"),
        now=now,
        expires_at=now + timedelta(hours=2),
    )
    global_privacy_control.apply_gpc_signal(ana, now=now + timedelta(minutes=1))
    assert signals() == 2
    global_privacy_control.apply_gpc_signal(ana, now=now + timedelta(hours=3))
    assert signals() == 3


def test_signal_that_brings_a_no_back_keeps_a_brand_s_yes(
    browser: Client, ana: Consumer, acme: Brand, rival: Brand, met_rival: Relationship
) -> None:
    browser.get("/", headers=SIGNAL)
    record_choice(ana, "grant", Scope(acme.pk, SALE), by=Actor("api"))
    record_choice(ana, "clear", Scope(None, SALE), by=Actor("api"))
    browser.get("/", headers=SIGNAL)
    assert (is_allowed(acme, SALE, None), is_allowed(rival, SALE, None)) == (True, False)


@pytest.mark.parametrize("by_brand", [True, False], ids=["the brand's no", "the person's wide no"])
def test_signal_lifts_no_later_no_by_a_yes_that_it_keeps(
    browser: Client, ana: Consumer, acme: Brand, by_brand: bool
) -> None:
    browser.get("/", headers=SIGNAL)
    record_choice(ana, "grant", Scope(acme.pk, SALE), by=Actor("api"))
    if by_brand:
        choice, by = (
            NewChoice(Scope(acme.pk, SALE), ChoiceTerms("deny")),
            Actor("brand_api", acme.pk),
        )
        recording.record_choices(ana.subject_id, [choice], by=by, now=timezone.now())
    else:
        record_choice(ana, "deny", by=Actor("api"))
    record_choice(ana, "clear", Scope(None, SALE), by=Actor("api"))
    assert not is_allowed(acme, SALE, None)
    browser.get("/", headers=SIGNAL)
    assert not is_allowed(acme, SALE, None)


def test_signal_with_a_click_on_yes_lets_the_yes_count(browser: Client, acme: Brand) -> None:
    browser.post("/choose", {"say": f"grant:{SALE}:::"}, headers=SIGNAL)
    browser.get("/", headers=SIGNAL)
    assert is_allowed(acme, SALE, None)


def test_page_says_that_the_no_comes_back(browser: Client) -> None:
    page = browser.get("/", headers=SIGNAL).content.decode()
    assert "comes back as long as your browser sends the signal" in page
    assert "first honoured on" in browser.get("/you").content.decode()


# -- What it costs --------------------------------------------------------------------------------


def count_queries(browser: Client, headers: dict[str, str]) -> int:
    with CaptureQueriesContext(connection) as asked:
        assert browser.get("/you", headers=headers).status_code == 200
    return len(asked)


def test_signal_that_changes_nothing_costs_one_query(browser: Client) -> None:
    browser.get("/you", headers=SIGNAL)
    assert count_queries(browser, SIGNAL) == count_queries(browser, {}) + 1


# -- Programs -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scope", "said"), [(TokenScope.READ, 0), (TokenScope.LESS, 2), (TokenScope.FULL, 2)]
)
def test_signal_of_a_program_counts_where_its_token_may_say_no(
    ana: Consumer, scope: TokenScope, said: int
) -> None:
    api = Api(access_tokens.issue_token(ana, name="agent", scope=scope))
    assert api.client.get(
        "/api/v1/me/preferences", headers=SIGNAL | {"Authorization": f"Bearer {api.bearer}"}
    ).status_code == 200  # fmt: skip
    assert signals() == said


def test_signal_with_a_brand_s_key_or_a_wrong_token_says_nothing(
    as_acme: Api, met: Relationship
) -> None:
    for bearer in (as_acme.bearer, "cmr_pat_wrong"):
        headers = SIGNAL | {"Authorization": f"Bearer {bearer}"}
        for path in ("me/preferences", "brand"):
            as_acme.client.get(f"/api/v1/{path}", headers=headers)
    assert signals() == 0


# -- Pages by a link ------------------------------------------------------------------------------


def build_path(met: Relationship, *, proven: bool) -> str:
    link = Link(met, "marketing", "email")
    token = (
        links.build_proven_token(link, now=timezone.now()) if proven else links.build_token(link)
    )
    return f"/p/{token}"


@pytest.mark.parametrize("proven", [False, True])
def test_signal_on_a_link_s_page_changes_nothing_by_get(met: Relationship, proven: bool) -> None:
    page = Client().get(build_path(met, proven=proven), headers=SIGNAL)
    assert "As soon as you save something" in page.content.decode()
    assert signals() == 0


@pytest.mark.parametrize("proven", [False, True])
def test_signal_on_a_link_s_page_counts_for_its_brand_when_something_is_saved(
    ana: Consumer,
    met: Relationship,
    met_rival: Relationship,
    proven: bool,
) -> None:
    acme, rival = met.brand, met_rival.brand
    record_choice(ana, "grant", Scope(acme.pk, SALE), by=Actor("api"))
    record_choice(ana, "grant", Scope(rival.pk, SALE), by=Actor("api"))
    path = build_path(met, proven=proven)
    for _ in range(2):
        assert Client().post(path, {"say": "deny:marketing:::"}, headers=SIGNAL).status_code == 200
    assert (is_allowed(acme, SALE, None), is_allowed(rival, SALE, None)) == (False, True)
    assert set(LedgerEntry.objects.filter(source="gpc").values_list("brand", flat=True)) == {
        acme.pk
    }
    assert signals() == 2
    ana.refresh_from_db()
    assert ana.gpc_honoured_at is None


def test_signal_on_a_link_s_page_leaves_a_yes_from_after_the_first(
    ana: Consumer, met: Relationship, acme: Brand
) -> None:
    path = build_path(met, proven=False)
    Client().post(path, {"say": "deny:marketing:::"}, headers=SIGNAL)
    record_choice(ana, "grant", Scope(acme.pk, SALE), by=Actor("api"))
    Client().post(path, {"say": "deny:research:::"}, headers=SIGNAL)
    assert is_allowed(acme, SALE, None)


def test_signal_on_a_link_s_page_is_not_kept_when_nothing_is_saved(met: Relationship) -> None:
    answer = Client().post(build_path(met, proven=False), {"say": "nonsense"}, headers=SIGNAL)
    assert answer.status_code == 422
    assert signals() == 0


def test_signal_with_one_click_says_no_to_what_the_link_is_for_alone(met: Relationship) -> None:
    token = links.build_token(Link(met, "marketing", "email"))
    assert Client().post(f"/u/{token}", headers=SIGNAL).status_code == 200
    assert signals() == 0


@pytest.mark.parametrize(
    ("header", "counts"),
    [("1", True), ("0", False), ("", False), ("true", False), ("1.0", False), ("0, 1", True)],
)
def test_signal_other_than_one_is_ignored(
    header: str, counts: bool, browser: Client, ana: Consumer
) -> None:
    browser.get("/history", headers={"Sec-GPC": header})
    said = LedgerEntry.objects.filter(source="gpc", decision="deny", brand=None)
    assert set(said.values_list("purpose_id", flat=True)) == (
        {"sale_or_sharing", "personalised_ads"} if counts else set()
    )


def test_signal_is_recorded_once_and_shown(browser: Client, ana: Consumer) -> None:
    for path in ("/", "/brands", "/history"):
        page = browser.get(path, headers={"Sec-GPC": "1"})
        assert b"Global Privacy Control: honoured." in page.content
    assert LedgerEntry.objects.filter(source="gpc").count() == 2
    assert b"Global Privacy Control: honoured." not in browser.get("/").content


def test_signal_after_later_grant_keeps_grant(browser: Client, ana: Consumer) -> None:
    signal = {"Sec-GPC": "1"}
    browser.get("/", headers=signal)
    browser.post("/choose", {"say": "grant:personalised_ads:::"}, headers=signal)
    browser.get("/", headers=signal)
    assert LedgerEntry.objects.latest("subject_seq").decision == "grant"


def test_signal_without_account_is_acknowledged(db: None) -> None:
    page = Client().get("/", headers={"Sec-GPC": "1"}).content
    assert b"signal was seen" in page
