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


def post_choice(key: str, decision: str) -> Any:
    body = {
        "contact": {"email": EMAIL},
        "scope": {"purpose": "marketing", "channel": "email"},
        "decision": decision,
    }
    return Api(key).post("choices", body, Idempotency_Key="k-1")


def test_same_call_concurrently_is_done_once(acme_key: str, met: Relationship) -> None:
    answers = together(*[partial(post_choice, acme_key, "deny")] * 8)
    assert {each.status_code for each in answers} == {201}
    assert len({each.content for each in answers}) == 1
    assert LedgerEntry.objects.count() == 1


def test_different_calls_with_same_key_concurrently_one_is_done(
    acme_key: str, met: Relationship
) -> None:
    answers = together(*[partial(post_choice, acme_key, each) for each in ("deny", "clear") * 4])
    done = [each for each in answers if each.status_code == 201]
    assert {each.status_code for each in answers} == {201, 422}
    assert len({each.content for each in done}) == 1
    assert LedgerEntry.objects.count() == 1


def test_same_sending_call_concurrently_is_done_once(acme_key: str) -> None:
    url = {"url": "https://acme.example/hook"}
    call = partial(Api(acme_key).post, "subscriptions", url, Idempotency_Key="k-1")
    answers = together(*[call] * 8)
    assert {each.status_code for each in answers} <= {201, 409}
    assert len({each.content for each in answers if each.status_code == 201}) == 1
    assert Subscription.objects.count() == 1


def test_same_call_of_person_concurrently_is_done_once(ana_token: str, met: Relationship) -> None:
    no = {"scope": {"brand": "acme", "purpose": "marketing"}, "decision": "deny"}
    call = partial(Api(ana_token).post, "me/choices", no, Idempotency_Key="k-1")
    answers = together(*[call] * 8)
    assert {each.status_code for each in answers} == {201}
    assert len({each.content for each in answers}) == 1
    assert LedgerEntry.objects.count() == 1
