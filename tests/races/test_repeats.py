"""The same call from many threads at once, with one `Idempotency-Key`: it is done once."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from brands.models import Subscription
from consent.models import LedgerEntry, Relationship
from tests.conftest import EMAIL, Api
from tests.races.together import together

pytestmark = pytest.mark.django_db(transaction=True)


def say(key: str, decision: str) -> Any:
    body = {
        "contact": {"email": EMAIL},
        "scope": {"purpose": "marketing", "channel": "email"},
        "decision": decision,
    }
    return Api(key).post("choices", body, Idempotency_Key="k-1")


def test_one_change_and_one_answer(acme_key: str, met: Relationship) -> None:
    answers = together(*[partial(say, acme_key, "deny")] * 8)
    assert {each.status_code for each in answers} == {201}
    assert len({each.content for each in answers}) == 1
    assert LedgerEntry.objects.count() == 1


def test_of_two_different_calls_one_is_done(acme_key: str, met: Relationship) -> None:
    answers = together(*[partial(say, acme_key, each) for each in ("deny", "clear") * 4])
    done = [each for each in answers if each.status_code == 201]
    assert {each.status_code for each in answers} == {201, 422}
    assert len({each.content for each in done}) == 1
    assert LedgerEntry.objects.count() == 1


def test_of_two_calls_that_send_something_one_is_done(acme_key: str) -> None:
    url = {"url": "https://acme.example/hook"}
    call = partial(Api(acme_key).post, "subscriptions", url, Idempotency_Key="k-1")
    answers = together(*[call] * 8)
    assert {each.status_code for each in answers} <= {201, 409}
    assert len({each.content for each in answers if each.status_code == 201}) == 1
    assert Subscription.objects.count() == 1


def test_of_a_person_s_calls_at_once_one_is_done(ana_token: str, met: Relationship) -> None:
    no = {"scope": {"brand": "acme", "purpose": "marketing"}, "decision": "deny"}
    call = partial(Api(ana_token).post, "me/choices", no, Idempotency_Key="k-1")
    answers = together(*[call] * 8)
    assert {each.status_code for each in answers} == {201}
    assert len({each.content for each in answers}) == 1
    assert LedgerEntry.objects.count() == 1
