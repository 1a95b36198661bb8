"""Two who saw the same thing change it at the same moment: one of them is too late."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from brands.models import Brand
from cmr.models import Consumer
from tests.conftest import Api
from tests.races.together import together

pytestmark = pytest.mark.django_db(transaction=True)

EDITORS = 4
HOOK = {"url": "https://acme.example/hook", "event_types": ["*"]}


def one_wins(see: Callable[[], Any], *edits: Callable[[str], Any]) -> Any:
    """What the only one of *edits* that was done was answered."""
    tag = see().headers["ETag"]
    answers = together(*[partial(each, tag) for each in edits])
    assert sorted(each.status_code for each in answers) == [200] + [412] * (len(edits) - 1)
    return next(each for each in answers if each.status_code == 200).json()


@pytest.mark.parametrize("turn", range(3))
def test_edit_brand_concurrently_one_succeeds(turn: int, acme: Brand, acme_key: str) -> None:
    def edit(number: int, tag: str) -> Any:
        body = {"operations_email": f"ops-{number}@acme.example"}
        return Api(acme_key).put("brand", body, If_Match=tag)

    won = one_wins(partial(Api(acme_key).get, "brand"), *[partial(edit, n) for n in range(EDITORS)])
    acme.refresh_from_db()
    assert acme.operations_email == won["operations_email"]


@pytest.mark.parametrize("turn", range(3))
def test_edit_webhook_concurrently_one_succeeds(turn: int, acme: Brand, acme_key: str) -> None:
    path = f"subscriptions/{Api(acme_key).post('subscriptions', HOOK).json()['id']}"

    def edit(number: int, tag: str) -> Any:
        return Api(acme_key).put(path, HOOK | {"batch": 10 + number}, If_Match=tag)

    won = one_wins(partial(Api(acme_key).get, path), *[partial(edit, n) for n in range(EDITORS)])
    assert Api(acme_key).get(path).json()["batch"] == won["batch"]


@pytest.mark.parametrize("turn", range(3))
def test_edit_profile_concurrently_one_succeeds(turn: int, ana: Consumer, ana_token: str) -> None:
    """One changes what stands with the person, the other what stands with their account."""

    def edit(change: dict[str, str], tag: str) -> Any:
        return Api(ana_token).patch("me", change, If_Match=tag)

    changes = [{"time_zone": "Europe/Berlin"}, {"language": "de"}, {"jurisdiction": "DE"}]
    won = one_wins(partial(Api(ana_token).get, "me"), *[partial(edit, each) for each in changes])
    assert Api(ana_token).get("me").json() == won
    assert sum(won[name] is not None for name in ("time_zone", "language", "jurisdiction")) == 1


def test_edit_and_delete_webhook_concurrently_one_succeeds(acme: Brand, acme_key: str) -> None:
    path = f"subscriptions/{Api(acme_key).post('subscriptions', HOOK).json()['id']}"
    tag = Api(acme_key).get(path).headers["ETag"]
    changed, ended = together(
        lambda: Api(acme_key).put(path, HOOK | {"batch": 10}, If_Match=tag),
        lambda: Api(acme_key).delete(path, If_Match=tag),
    )
    assert (changed.status_code, ended.status_code) in {(200, 412), (412, 204), (404, 204)}


def test_erase_account_concurrently_one_succeeds(ana: Consumer) -> None:
    sessions = [Api(), Api()]
    for each in sessions:
        each.client.force_login(ana.user)
    answers = together(*[partial(each.delete, "me") for each in sessions])
    assert sorted(each.status_code for each in answers) in ([204, 401], [204, 404])
    assert not Consumer.objects.exists()
