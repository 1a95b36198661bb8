"""What waits for a worker, and for how long."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from brands.events import restore_gaps
from brands.models import Brand
from cmr.models import Consumer
from consent import backlogs
from consent.decision.resolution import Scope
from consent.ledger import recording
from consent.ledger.recording import Actor, ChoiceTerms, NewChoice
from consent.models import Import, Relationship, ReportExport
from consent.propagation import expirations, propagate
from consent.reporting import counters
from tests.brands.endpoints import happen
from tests.factories import create_test_brand
from tests.ownership import as_owner

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
NOTHING = (0, 0.0)
EVERYWHERE = NewChoice(Scope(None, "marketing"), ChoiceTerms("deny"))


def record(person: Consumer, choice: NewChoice) -> None:
    recording.record_choices(person.subject_id, [choice], by=Actor("api"), now=NOW)


def test_backlogs_at_first_are_empty() -> None:
    found = backlogs.measure_backlogs(now=NOW)
    assert found == dict.fromkeys(("choices", "endings", "counts", "imports", "exports"), NOTHING)


def test_backlog_of_choices_lasts_until_propagated(ana: Consumer, met: Relationship) -> None:
    record(ana, EVERYWHERE)
    record(ana, NewChoice(Scope(None, "research"), ChoiceTerms("deny")))
    assert backlogs.measure_backlogs(now=NOW + MINUTE)["choices"] == (2, 60.0)
    propagate.propagate_choices(ana.subject_id, now=NOW)
    assert backlogs.measure_backlogs(now=NOW + MINUTE)["choices"] == NOTHING


def test_backlog_of_endings_starts_at_end(ana: Consumer, met: Relationship) -> None:
    end = NOW + 7 * DAY
    record(
        ana, NewChoice(Scope(met.brand_id, "marketing", "email"), ChoiceTerms("pause", until=end))
    )
    assert backlogs.measure_backlogs(now=end - MINUTE)["endings"] == NOTHING
    assert backlogs.measure_backlogs(now=end + MINUTE)["endings"] == (1, 60.0)
    expirations.tell_due_endings(end + MINUTE)
    assert backlogs.measure_backlogs(now=end + MINUTE)["endings"] == NOTHING


def test_backlog_of_counts_lasts_until_counted(met: Relationship, now: datetime) -> None:
    found = backlogs.measure_backlogs(now=now + DAY)["counts"]
    assert found.items == 1
    assert found.seconds == pytest.approx(DAY.total_seconds(), abs=3_600)
    counters.count_new_events()
    assert backlogs.measure_backlogs(now=now + DAY)["counts"] == NOTHING


def test_backlog_of_counts_ignores_restore_gap(acme: Brand) -> None:
    happen(acme, 1)
    counters.count_new_events()
    for _ in range(2):
        with as_owner():
            restore_gaps.open_restore_gaps(now=NOW)
    assert backlogs.measure_backlogs(now=NOW)["counts"] == NOTHING
    happen(acme, 1)
    found = backlogs.measure_backlogs(now=timezone.now() + DAY)["counts"]
    assert found.items == 1
    assert found.seconds == pytest.approx(DAY.total_seconds(), abs=3_600)


def test_backlog_of_counts_ignores_test_mode(acme: Brand) -> None:
    happen(acme, 1)
    assert backlogs.measure_backlogs(now=NOW)["counts"].items == 1
    happen(create_test_brand(), 1)
    assert backlogs.measure_backlogs(now=NOW)["counts"].items == 1


def test_backlog_of_imports_starts_with_import(acme: Brand) -> None:
    job = Import.objects.create(
        brand=acme, note="-", tells=False, created_at=NOW, rows=10, applied=3, bad=1
    )
    assert backlogs.measure_backlogs(now=NOW + MINUTE)["imports"] == NOTHING
    job.state, job.started_at = Import.State.APPLYING, NOW
    job.save()
    assert backlogs.measure_backlogs(now=NOW + MINUTE)["imports"] == (6, 60.0)


def test_backlog_of_exports_lasts_until_written(acme: Brand) -> None:
    ordered = ReportExport.objects.create(table="counts", query={}, form="csv", asked_at=NOW)
    assert backlogs.measure_backlogs(now=NOW + MINUTE)["exports"] == (1, 60.0)
    ordered.state, ordered.finished_at = ReportExport.State.FAILED, NOW
    ordered.save()
    assert backlogs.measure_backlogs(now=NOW + MINUTE)["exports"] == NOTHING
