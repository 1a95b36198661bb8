"""So many calls a minute for each key, and each answer says how many are left."""

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


def test_each_answer_says_what_is_left(as_acme: Api) -> None:
    answers = [as_acme.get("brand") for _ in range(4)]
    assert [each.headers["RateLimit"] for each in answers] == [
        f'"calls";r={left};t=40' for left in (2, 1, 0, 0)
    ]
    assert {each.headers["RateLimit-Policy"] for each in answers} == {'"calls";q=3;w=60'}
    assert [each.status_code for each in answers] == [200, 200, 200, 429]


def test_beyond_it_nothing_is_done(as_acme: Api) -> None:
    answers = [as_acme.post("campaigns", {"code": f"c{n}"}) for n in range(4)]
    assert [each.status_code for each in answers] == [201, 201, 201, 429]
    problem = answers[-1].json()
    assert problem["request_id"] == answers[-1].headers["X-Request-Id"]
    assert (problem["code"], answers[-1].headers["Retry-After"]) == ("too_many_calls", "40")
    assert Campaign.objects.count() == 3


def test_a_check_counts_by_either_way(as_acme: Api, met: Relationship) -> None:
    statuses = [as_acme.post("check", each).status_code for each in (ASKED, LONG, ASKED, ASKED)]
    assert statuses == [200, 200, 200, 429]


@pytest.mark.parametrize(
    "mistake", [{"channel": None}, {"channel": "fax"}, {"topic": "none-such"}, {"purpose": "none"}]
)
def test_a_check_with_a_mistake_counts_once(
    mistake: dict[str, str | None], as_acme: Api, met: Relationship
) -> None:
    answer = as_acme.post("check", ASKED | mistake)
    assert answer.status_code == 422
    assert answer.headers["RateLimit"].startswith('"calls";r=2;')


def test_what_was_refused_counts(acme: Brand) -> None:
    lesser = Api(brand_keys.issue_key(acme, name="lesser", scopes=["events"]))
    statuses = [lesser.get("brand").status_code for _ in range(4)]
    assert statuses == [403, 403, 403, 429]


def test_whoever_has_not_the_whole_key_spends_none_of_it(as_acme: Api, acme_key: str) -> None:
    forged = Api(acme_key[:-1] + ("A" if acme_key[-1] != "A" else "B"))
    for _ in range(5):
        refused = forged.get("brand")
        assert refused.status_code == 401
        assert "RateLimit" not in refused.headers
    assert as_acme.get("brand").headers["RateLimit"].startswith('"calls";r=2;')


def test_each_key_has_its_own(as_acme: Api, acme: Brand, as_rival: Api) -> None:
    for _ in range(4):
        last = as_acme.get("brand")
    assert last.status_code == 429
    assert as_rival.get("brand").status_code == 200
    assert Api(brand_keys.issue_key(acme, name="other")).get("brand").status_code == 200


def test_the_next_minute_begins_anew(as_acme: Api, clock: time_machine.Traveller) -> None:
    for _ in range(4):
        refused = as_acme.get("brand")
    clock.shift(int(refused.headers["Retry-After"]) - 1)
    assert as_acme.get("brand").status_code == 429
    clock.shift(1)
    assert as_acme.get("brand").headers["RateLimit"] == '"calls";r=2;t=60'


def test_threads_lose_no_call() -> None:
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
