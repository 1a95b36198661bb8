"""The rate limit of each key, and the headers that show what remains."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
import time_machine
from pytest_django import Settings

from brands.api.rate_limits import Calls
from brands.credentials import brand_keys
from brands.models import Brand, Campaign
from consent.models import Relationship
from tests.conftest import EMAIL, Api

#: Twenty seconds after a minute began.
MOMENT = datetime(2026, 3, 1, 9, 30, 20, tzinfo=UTC)
ASKED = {"contact": {"email": EMAIL}, "purpose": "marketing", "channel": "email"}
LONG = {"contact": {"email": EMAIL}, "questions": [{"purpose": "profiling"}]}

pytestmark = pytest.mark.usefixtures("_three_a_minute")


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(MOMENT, tick=False) as traveller:
        yield traveller


@pytest.fixture
def _three_a_minute(settings: Settings, clock: time_machine.Traveller) -> None:
    settings.API_CALLS_PER_MINUTE = 3


def test_rate_limit_header_shows_remaining(as_acme: Api) -> None:
    answers = [as_acme.get("brand") for _ in range(4)]
    assert [each.headers["RateLimit"] for each in answers] == [
        f'"calls";r={left};t=40' for left in (2, 1, 0, 0)
    ]
    assert {each.headers["RateLimit-Policy"] for each in answers} == {'"calls";q=3;w=60'}
    assert [each.status_code for each in answers] == [200, 200, 200, 429]


def test_rate_limit_exceeded_refuses_call(as_acme: Api) -> None:
    answers = [as_acme.post("campaigns", {"code": f"c{n}"}) for n in range(4)]
    assert [each.status_code for each in answers] == [201, 201, 201, 429]
    problem = answers[-1].json()
    assert problem["request_id"] == answers[-1].headers["X-Request-Id"]
    assert (problem["code"], answers[-1].headers["Retry-After"]) == ("too_many_calls", "40")
    assert Campaign.objects.count() == 3


def test_rate_limit_counts_both_forms_of_check(as_acme: Api, met: Relationship) -> None:
    statuses = [as_acme.post("check", each).status_code for each in (ASKED, LONG, ASKED, ASKED)]
    assert statuses == [200, 200, 200, 429]


@pytest.mark.parametrize(
    "mistake", [{"channel": None}, {"channel": "fax"}, {"topic": "none-such"}, {"purpose": "none"}]
)
def test_rate_limit_counts_invalid_check_once(
    mistake: dict[str, str | None], as_acme: Api, met: Relationship
) -> None:
    answer = as_acme.post("check", ASKED | mistake)
    assert answer.status_code == 422
    assert answer.headers["RateLimit"].startswith('"calls";r=2;')


def test_rate_limit_counts_refused_calls(acme: Brand) -> None:
    lesser = Api(brand_keys.issue_key(acme, name="lesser", scopes=["events"]))
    statuses = [lesser.get("brand").status_code for _ in range(4)]
    assert statuses == [403, 403, 403, 429]


def test_rate_limit_ignores_forged_key(as_acme: Api, acme_key: str) -> None:
    forged = Api(acme_key[:-1] + ("A" if acme_key[-1] != "A" else "B"))
    for _ in range(5):
        refused = forged.get("brand")
        assert refused.status_code == 401
        assert "RateLimit" not in refused.headers
    assert as_acme.get("brand").headers["RateLimit"].startswith('"calls";r=2;')


def test_rate_limit_is_per_key(as_acme: Api, acme: Brand, as_rival: Api) -> None:
    for _ in range(4):
        last = as_acme.get("brand")
    assert last.status_code == 429
    assert as_rival.get("brand").status_code == 200
    assert Api(brand_keys.issue_key(acme, name="other")).get("brand").status_code == 200


def test_rate_limit_resets_after_minute(as_acme: Api, clock: time_machine.Traveller) -> None:
    for _ in range(4):
        refused = as_acme.get("brand")
    clock.shift(int(refused.headers["Retry-After"]) - 1)
    assert as_acme.get("brand").status_code == 429
    clock.shift(1)
    assert as_acme.get("brand").headers["RateLimit"] == '"calls";r=2;t=60'


def test_rate_limit_counts_concurrent_calls() -> None:
    calls = Calls()
    calls.count("a")

    def count() -> None:
        for _ in range(500):
            calls.count("a")
            time.sleep(0)

    with ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(count) for _ in range(8)]:
            done.result()
    assert calls.count("a").spent == 4_002
