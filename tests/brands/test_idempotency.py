"""Calls that are repeated with their `Idempotency-Key`."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from pytest_django import Settings

from brands import idempotency
from brands.api import idempotency as api_idempotency
from brands.models import Brand, Repeat, Subscription
from consent.decision.resolution import Scope
from consent.models import Import, LedgerEntry, Refusal, Relationship, Send
from tests.conftest import EMAIL, Api
from tests.factories import record_choice

NO = {
    "contact": {"email": EMAIL},
    "scope": {"purpose": "marketing", "channel": "email"},
    "decision": "deny",
}


def post_choice(api: Api, key: str = "k-1", **more: Any) -> Any:
    return api.post("choices", {**NO, **more}, Idempotency_Key=key)


def test_repeated_call_returns_same_answer(as_acme: Api, met: Relationship) -> None:
    first, again = post_choice(as_acme), post_choice(as_acme)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert first.headers.get(api_idempotency.REPLAYED) is None
    assert again.headers[api_idempotency.REPLAYED] == "true"
    assert LedgerEntry.objects.count() == 1


def test_call_without_key_is_done_twice(as_acme: Api, met: Relationship) -> None:
    as_acme.post("choices", NO)
    as_acme.post("choices", NO)
    assert LedgerEntry.objects.count() == 2
    assert not Repeat.objects.exists()


@pytest.mark.parametrize("other", [{"decision": "clear"}, {"scope": {"purpose": "research"}}])
def test_repeated_key_with_other_call_is_refused(
    other: Any, as_acme: Api, met: Relationship
) -> None:
    post_choice(as_acme)
    answer = post_choice(as_acme, **other)
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert answer.json()["field"] == "Idempotency-Key"
    elsewhere = as_acme.post("imports", {"note": "x"}, Idempotency_Key="k-1")
    assert elsewhere.json()["code"] == "idempotency_key_reused"
    assert LedgerEntry.objects.count() == 1


def test_refused_call_with_key_may_be_retried(as_acme: Api, met: Relationship) -> None:
    scope = Scope(met.brand_id, "marketing", "email")
    record_choice(met, "deny", scope)
    yes = {"decision": "grant", "evidence": "form 7"}
    for _ in range(2):
        assert post_choice(as_acme, **yes).json()["code"] == "person_said_no"
    assert Refusal.objects.get(kind="lift").count == 2
    record_choice(met, "clear", scope)
    assert post_choice(as_acme, **yes).status_code == 201


def test_same_key_of_other_brand_is_independent(
    as_acme: Api, as_rival: Api, met: Relationship
) -> None:
    mine = as_acme.post("imports", {"note": "x"}, Idempotency_Key="k-1").json()
    theirs = as_rival.post("imports", {"note": "x"}, Idempotency_Key="k-1").json()
    assert mine["id"] != theirs["id"]
    assert as_acme.post("imports", {"note": "x"}, Idempotency_Key="k-1").json() == mine
    assert Import.objects.count() == 2


@pytest.mark.parametrize("key", ["", "k" * 201, "a\tb"])
def test_malformed_key_is_refused(key: str, as_acme: Api, met: Relationship) -> None:
    answer = post_choice(as_acme, key)
    assert (answer.status_code, answer.json()["field"]) == (422, "Idempotency-Key")
    assert not LedgerEntry.objects.exists()


@pytest.mark.parametrize("path", ["relationships", "permission-requests"])
def test_other_calls_with_key_return_same_answer(
    path: str, as_acme: Api, met: Relationship
) -> None:
    body = {
        "relationships": {"contact": {"email": "new@example.org"}, "note": "x"},
        "permission-requests": {
            "contact": {"email": EMAIL}, "purpose": "research", "channel": "email", "text": "Yes?",
        },
    }[path]  # fmt: skip
    first = as_acme.post(path, body, Idempotency_Key="k-2")
    again = as_acme.post(path, body, Idempotency_Key="k-2")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()


def test_too_long_body_with_key_is_refused(as_acme: Api, met: Relationship) -> None:
    answer = post_choice(as_acme, evidence="x" * 1_000_001)
    assert answer.status_code == 413


def test_crashed_call_stores_neither_effect_nor_key(
    as_acme: Api, met: Relationship, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: Any) -> None:
        raise SystemError

    monkeypatch.setattr(api_idempotency, "_keep", crash)
    with transaction.atomic():
        assert post_choice(as_acme).status_code == 500
    monkeypatch.undo()
    assert not LedgerEntry.objects.exists() and not Repeat.objects.exists()
    assert post_choice(as_acme).status_code == 201


def test_key_older_than_a_day_is_deleted(as_acme: Api, met: Relationship, acme: Brand) -> None:
    post_choice(as_acme)
    now = timezone.now()
    assert idempotency.delete_expired_calls(now=now + idempotency.KEPT - timedelta(minutes=1)) == 0
    assert idempotency.delete_expired_calls(now=now + idempotency.KEPT + timedelta(minutes=1)) == 1
    assert post_choice(as_acme).headers.get(api_idempotency.REPLAYED) is None


def test_key_and_answer_are_stored_sealed(as_acme: Api, met: Relationship) -> None:
    """A brand may take an address as its key, and what it wrote stands in the answer."""
    first = post_choice(as_acme, "chloe@example.org", evidence="Form of chloe@example.org")
    row = Repeat.objects.get()
    for held in (row.key.encode(), bytes(row.asked), bytes(row.answer)):
        assert b"chloe" not in held and b"evidence" not in held
    assert post_choice(
        as_acme, "chloe@example.org", evidence="Form of chloe@example.org"
    ).json() == (first.json())


# -- Calls that send something --------------------------------------------------------------------

HOOK = {"url": "https://acme.example/hook"}


def subscribe(api: Api) -> Any:
    return api.post("subscriptions", HOOK, Idempotency_Key="k-1")


def test_key_in_use_is_refused(as_acme: Api) -> None:
    assert subscribe(as_acme).status_code == 201
    Repeat.objects.update(status=None, answer=b"")
    answer = subscribe(as_acme)
    assert (answer.status_code, answer.json()["code"]) == (409, "idempotency_key_in_use")
    assert answer.headers["Retry-After"] == "1"
    other = as_acme.post("subscriptions", HOOK | {"batch": 2}, Idempotency_Key="k-1")
    assert other.json()["code"] == "idempotency_key_reused"
    assert Subscription.objects.count() == 1


def test_key_of_dead_process_is_taken_over(as_acme: Api) -> None:
    subscribe(as_acme)
    Subscription.objects.all().delete()
    long_ago = timezone.now() - idempotency.LONGEST_CALL - timedelta(seconds=1)
    Repeat.objects.update(status=None, answer=b"", made_at=long_ago)
    first, again = subscribe(as_acme), subscribe(as_acme)
    assert (first.status_code, first.content) == (201, again.content)
    assert Subscription.objects.count() == 1


def test_key_of_dead_process_is_taken_over_once(acme: Brand, as_acme: Api) -> None:
    subscribe(as_acme)
    now = timezone.now()
    Repeat.objects.update(status=None, made_at=now - 2 * idempotency.LONGEST_CALL)
    one, other = Repeat.objects.get(), Repeat.objects.get()
    assert idempotency.take_over_call(one, now=now)
    assert not idempotency.take_over_call(other, now=now)
    idempotency.store_answer(other, "k-1", 201, b"too late")
    assert Repeat.objects.get().status is None


def test_refused_call_leaves_no_key(as_acme: Api) -> None:
    answer = as_acme.post("subscriptions", HOOK | {"after": 9}, Idempotency_Key="k-1")
    assert answer.json()["code"] == "beyond_stream"
    assert not Repeat.objects.exists() and subscribe(as_acme).status_code == 201


def test_key_with_two_owners_is_refused_by_database(acme: Brand) -> None:
    for owners in ({}, {"brand": acme, "person": uuid.uuid4()}):
        with pytest.raises(IntegrityError, match="repeat_has_one_owner"), transaction.atomic():
            Repeat.objects.create(key="k", asked=b"", made_at=timezone.now(), **owners)


@pytest.fixture
def replace_secret(settings: Settings) -> Callable[[], None]:
    """Replace SECRET_KEY as docs/operations.md says."""

    def replace() -> None:
        settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
        settings.SECRET_KEY = uuid.uuid4().hex * 2

    return replace


def test_repeated_call_after_secret_rotation_returns_same_answer(
    replace_secret: Callable[[], None], as_acme: Api, met: Relationship
) -> None:
    first = post_choice(as_acme)
    replace_secret()
    replace_secret()
    again = post_choice(as_acme)
    assert (again.json(), again.headers[api_idempotency.REPLAYED]) == (first.json(), "true")
    assert LedgerEntry.objects.count() == 1
    assert post_choice(as_acme, decision="clear").json()["code"] == "idempotency_key_reused"
    assert post_choice(as_acme, "k-2").json() == post_choice(as_acme, "k-2").json()
    assert LedgerEntry.objects.count() == 2


def test_repeated_reservation_after_secret_rotation_returns_same_send(
    replace_secret: Callable[[], None], as_acme: Api, met: Relationship
) -> None:
    asked = {"contact": {"email": EMAIL}, "purpose": "service", "channel": "email"}
    first = as_acme.post("sends/reserve", asked, Idempotency_Key="k").json()
    replace_secret()
    assert as_acme.post("sends/reserve", asked, Idempotency_Key="k").json()["send"] == first["send"]
    other = as_acme.post("sends/reserve", asked | {"purpose": "marketing"}, Idempotency_Key="k")
    assert other.json()["code"] == "idempotency_key_reused"
    assert Send.objects.count() == 1
