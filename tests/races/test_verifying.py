"""Verification beside writers: what is recorded meanwhile is no break."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from consent import integrity, ledger
from consent.ledger import Actor, NewChoice
from consent.models import Relationship
from consent.resolution import Scope
from tests.races.together import together

pytestmark = pytest.mark.django_db(transaction=True)

LATER = datetime(2026, 6, 1, 12, tzinfo=UTC)


def record_many(met: Relationship) -> int:
    for hour in range(15):
        no = NewChoice(Scope(met.brand_id, "marketing"), "deny")
        now = LATER + timedelta(hours=hour)
        ledger.record(met.subject_id, [no], by=Actor("api"), now=now)
    return 15


def verify_often() -> int:
    for _ in range(10):
        assert list(integrity.verify()) == []
    return 10


def test_what_is_recorded_meanwhile_is_no_break(met: Relationship) -> None:
    together(partial(record_many, met), verify_often, partial(record_many, met))
