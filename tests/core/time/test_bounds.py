"""Dates at the ends of the calendar: refused at every entrance, and shown where they are stored."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError, ProgrammingError, models, transaction
from django.test import Client
from django.utils import timezone

from cmr.models import Consumer
from consent.decision.resolution import Scope
from consent.ledger import recording
from consent.ledger.recording import Actor, ChoiceTerms, NewChoice
from consent.models import LedgerEntry, Relationship
from core.time.bounds import END
from tests.browser import world as worlds
from tests.browser.world import World
from tests.conftest import EMAIL, Api
from tests.factories import record_choice
from tests.project.test_safe_methods import follow_all

FIRST = datetime(1, 1, 1, tzinfo=UTC)
LAST = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
#: From twelve hours behind UTC to fourteen before it.
ZONES = ["Etc/GMT+12", "America/New_York", "Europe/Berlin", "Pacific/Kiritimati"]
#: Where each moment falls out of the calendar.
OUTERMOST = {FIRST: ZONES[0], LAST: ZONES[-1]}
FAR = [
    "0001-01-01T00:00:00Z",
    "0001-01-01T00:00:00+14:00",
    "1899-12-31T23:59:59Z",
    "2200-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z",
    "9999-12-31T23:59:59-12:00",
]
SCOPE = {"purpose": "marketing", "channel": "email"}
QUESTION = {"contact": {"email": EMAIL}, **SCOPE}


@pytest.fixture
def world(db: None) -> World:
    return worlds.build()


def plant(consumer: Consumer, brand_id: int, moment: datetime) -> None:
    """Store what was taken before there was a bound: by the ledger, and in every other table."""
    own, of_brand = Scope(brand_id, "marketing", "email"), Scope(brand_id, "research", "voice")
    brand, now = Actor("brand_api", brand_id), timezone.now()
    made_at = min(moment, now)
    yes = NewChoice(
        of_brand, ChoiceTerms("grant", expires_at=moment, evidence="Form 1", made_at=made_at)
    )
    with suppress(recording.LiftRefused):  # the history of some has a no already
        recording.record_choices(consumer.subject_id, [yes], by=brand, now=now)
    pauses = [
        NewChoice(own, ChoiceTerms("pause", until=moment)),
        NewChoice(Scope(), ChoiceTerms("pause", until=moment)),
    ]
    recording.record_choices(consumer.subject_id, pauses, by=Actor("api"), now=now)
    for model in apps.get_models():
        if model._meta.app_label in ("brands", "consent", "cmr", "usersessions"):
            plant_in_table(model, moment)


def plant_in_table(model: type[models.Model], moment: datetime) -> None:
    """Set every time in the table that no constraint, and no trigger, holds."""
    for field in model._meta.get_fields():
        if type(field) is models.DateTimeField:
            rows = model._default_manager.exclude(**{field.name: None})
            try:
                with transaction.atomic():
                    rows.update(**{field.name: moment})
            except (IntegrityError, ProgrammingError):
                continue  # the database refuses it, so nobody can have it stored


@pytest.mark.usefixtures("documentation")
@pytest.mark.parametrize("moment", [FIRST, LAST], ids=["first", "last"])
def test_pages_stored_far_dates_are_shown_in_every_zone(world: World, moment: datetime) -> None:
    consumer = world.consumer
    brand = Relationship.objects.filter(person=consumer.subject_id, ended_at=None)[0].brand
    plant(consumer, brand.pk, moment)
    browser = Client(raise_request_exception=False)
    for zone in ZONES:
        type(consumer.subject).objects.filter(pk=consumer.subject_id).update(time_zone=zone)
        browser.force_login(consumer.user)
        entries = LedgerEntry.objects.filter(subject=consumer.subject_id).order_by("-subject_seq")
        starts = [f"/history/{entry.pk}{end}" for entry in entries[:3] for end in ("", "/receipt")]
        starts += ["/", "/history", f"/brands/{brand.slug}"]
        if zone == OUTERMOST[moment]:  # all pages; in other zones those with the planted choices
            seen = follow_all(browser, *starts)
            assert len(seen) > 40
        else:
            seen = {path: browser.get(path).status_code for path in starts}
        assert {path: status for path, status in seen.items() if status >= 400} == {}, zone


@pytest.mark.parametrize("moment", [FIRST, LAST], ids=["first", "last"])
def test_api_stored_far_dates_are_answered(
    as_acme: Api, as_ana: Api, ana: Consumer, met: Relationship, moment: datetime
) -> None:
    plant(ana, met.brand_id, moment)
    paths = ("me/history", "me/preferences", "me/relationships", "me/relationships/acme", "me/data")
    answers = {path: as_ana.get(path).status_code for path in paths}
    answers |= {"events": as_acme.get("events").status_code}
    answers |= {"check": as_acme.post("check", QUESTION).status_code}
    answers |= {"checks": as_acme.post("checks", QUESTION).status_code}
    answers |= {"suppressions": as_acme.get("suppressions", **SCOPE).status_code}
    assert {path: status for path, status in answers.items() if status >= 500} == {}


@pytest.mark.parametrize("zone", ZONES)
def test_undo_takes_back_a_choice_over_a_far_pause(
    ana: Consumer, met: Relationship, zone: str
) -> None:
    ana.subject.time_zone = zone
    ana.subject.save()
    record_choice(ana, "pause", by=Actor("api"), until=LAST)
    browser = Client()
    browser.force_login(ana.user)
    page = browser.post("/choose", {"say": "deny::::"}, follow=True)
    entry = LedgerEntry.objects.latest("subject_seq")
    page = browser.post("/undo", {"done": str(entry.pk), "n": 1}, follow=True)
    assert page.status_code == 200
    assert "9999" in page.content.decode()


def refusal(answer: Any) -> tuple[int, str, str]:
    problem = answer.json()
    return answer.status_code, problem["code"], problem["field"]


@pytest.mark.parametrize("moment", FAR)
def test_entrances_refuse_far_dates(
    as_acme: Api, as_ana: Api, met: Relationship, moment: str
) -> None:
    evidence, told = {"evidence": "Form 1"}, {"contact": {"email": EMAIL}, "scope": SCOPE}
    grant = told | evidence | {"decision": "grant"}
    mine = {"scope": SCOPE | {"brand": "acme"}}
    before = LedgerEntry.objects.count()
    answers = {
        "until": as_acme.post("choices", told | {"decision": "pause", "until": moment}),
        "expires_at": as_acme.post("choices", grant | {"expires_at": moment}),
        "made_at": as_acme.post("choices", grant | {"made_at": moment}),
        "at": as_acme.post("check", QUESTION | {"at": moment}),
        "as_of": as_acme.post("check", QUESTION | {"as_of": moment}),
    }
    pauses = {"until": as_ana.post("me/choices", mine | {"decision": "pause", "until": moment})}
    key = {"name": "k", "scopes": ["check"], "expires_at": moment}
    keys = {"expires_at": as_acme.post("keys", key)}
    for each in (answers, pauses, keys):
        for field, answer in each.items():
            assert refusal(answer) == (422, "out_of_range", field)
            assert "1900 and 2199" in answer.json()["detail"]
    assert LedgerEntry.objects.count() == before


def test_entrances_take_the_last_moment_within_the_bound(as_acme: Api, met: Relationship) -> None:
    last = (END - timedelta(seconds=1)).isoformat()
    told = {"contact": {"email": EMAIL}, "scope": SCOPE, "decision": "pause", "until": last}
    assert as_acme.post("choices", told).status_code == 201


@pytest.mark.parametrize("moment", FAR)
def test_check_far_at_is_refused_alike_for_known_and_unknown(
    as_acme: Api, ana: Consumer, met: Relationship, moment: str
) -> None:
    quiet = {"quiet_start": "22:00", "quiet_end": "07:00", "time_zone": "Pacific/Auckland"}
    type(ana.subject).objects.filter(pk=ana.subject_id).update(**quiet)
    stranger = QUESTION | {"contact": {"email": "nobody@example.org"}, "at": moment}
    known = as_acme.post("check", QUESTION | {"at": moment})
    unknown = as_acme.post("check", stranger)
    assert refusal(known) == refusal(unknown) == (422, "out_of_range", "at")


def test_check_quiet_hours_at_the_end_of_the_bound_are_answered(
    as_acme: Api, as_ana: Api, ana: Consumer, met: Relationship
) -> None:
    yes = {"scope": SCOPE | {"brand": "acme"}, "decision": "grant"}
    assert as_ana.post("me/choices", yes).status_code == 201
    quiet = {"quiet_start": "00:00", "quiet_end": "23:59", "time_zone": "Etc/GMT+12"}
    type(ana.subject).objects.filter(pk=ana.subject_id).update(**quiet)
    answer = as_acme.post("check", QUESTION | {"at": (END - timedelta(seconds=1)).isoformat()})
    assert answer.status_code == 200 and answer.json()["not_before"]


@pytest.mark.parametrize("moment", FAR)
@pytest.mark.parametrize("column", ["made_at", "expires_at"])
def test_imports_list_far_dates_as_bad_rows(as_acme: Api, moment: str, column: str) -> None:
    job = as_acme.post("imports", {"note": "Old list"}).json()["id"]
    part = (
        f"email,purpose,decision,evidence,{column}\r\na@example.org,marketing,grant,Form,{moment}"
    )
    answer = as_acme.send("PUT", f"imports/{job}/parts/1", part.encode(), "text/csv")
    assert (answer.json()["rows"], answer.json()["bad"]) == (1, 1)
    (bad,) = as_acme.get(f"imports/{job}/exceptions").json()["data"]
    assert (bad["field"], bad["code"]) == (column, "out_of_range")


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "2200-01-01"])
def test_forms_refuse_far_days(
    ana: Consumer, met: Relationship, acme: Any, zone: str, day: str
) -> None:
    ana.subject.time_zone = zone
    ana.subject.save()
    browser = Client(raise_request_exception=False)
    browser.force_login(ana.user)
    pause = browser.post("/choose", {"say": "pause::::", "until": day})
    report = {"purpose": "marketing", "channel": "email", "contacted_at": f"{day}T12:00"}
    contacted = browser.post("/brands/acme/contacted", report)
    for answer in (pause, contacted):
        assert answer.status_code == 422
        assert "1900 and 2199" in answer.content.decode()


@pytest.mark.parametrize("query", ["first=0001-01-09", "first=9999-12-01&last=9999-12-31"])
def test_reports_refuse_far_days(as_admin: Api, query: str) -> None:
    path, _, _ = query.partition("&")
    given = dict(each.split("=") for each in query.split("&"))
    answer = as_admin.get("reports/overview", **given)
    assert (answer.status_code, answer.json()["code"]) == (422, "out_of_range"), path
    page = as_admin.client.get(f"/reports/?{query}")
    assert page.status_code < 500
