"""Several web processes answer as one: over HTTP, as clients see them."""

from __future__ import annotations

import itertools
import os
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from cmr.models import Consumer
from consent.brand_events.entry_ids import build_entry_id
from consent.decision.resolution import Limit, Scope
from consent.ledger import recording
from consent.ledger.recording import Actor, ChoiceTerms, NewChoice
from consent.models import Relationship, Send
from tests.chaos.fleet import Fleet
from tests.conftest import EMAIL
from tests.races.several import Caller, at_every_process, caller
from tests.races.web_processes import running_webs

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = int(os.environ.get("ROUNDS", "300"))  # ROUNDS=10000 for a longer look
WEBS = 3
CLIENTS = 16
BUDGET = 100
SCOPE = {"brand": "acme", "purpose": "marketing", "channel": "email"}
QUESTION = {"contact": {"email": EMAIL}, "purpose": "marketing", "channel": "email"}


@pytest.fixture
def webs(tmp_path: Path) -> Iterator[Fleet]:
    with running_webs(tmp_path, WEBS) as fleet:
        yield fleet


def test_choice_is_seen_by_next_check_of_any_process(
    webs: Fleet, ana_token: str, acme_key: str, met: Relationship
) -> None:
    """Once it is acknowledged to one client, another gets no older answer, wherever it asks."""
    person = caller(webs, ana_token)
    checkers = itertools.cycle(at_every_process(webs, acme_key, each=2))
    decisions = itertools.cycle(["deny", "grant"])
    for number, decision, brand in zip(range(ROUNDS), decisions, checkers, strict=False):
        status, said = person.post("me/choices", {"scope": SCOPE, "decision": decision})
        assert status == 201
        _, answer = brand.post("check", QUESTION)
        seen = (answer["allowed"], answer["because"] and answer["because"]["entry"])
        entry = build_entry_id(uuid.UUID(said["data"][0]["entry"]), met.pk)
        assert seen == (decision == "grant", str(entry)), f"in round {number}"


def test_reserve_by_many_clients_grants_exactly_the_limit(
    webs: Fleet, ana: Consumer, acme_key: str, met: Relationship
) -> None:
    """Each until it is refused; a call that is repeated with its key spends nothing."""
    wide = Scope(met.brand_id, "marketing")
    said = [
        NewChoice(wide, ChoiceTerms("grant")),
        NewChoice(wide, ChoiceTerms("limit", limit=Limit(BUDGET, "week"))),
    ]
    now = timezone.now() - timedelta(seconds=1)
    recording.record_choices(ana.subject_id, said, by=Actor("api"), now=now)
    clients = at_every_process(webs, acme_key, each=-(-CLIENTS // WEBS))[:CLIENTS]
    with ThreadPoolExecutor(CLIENTS) as pool:
        granted = list(pool.map(reserve_until_refused, clients))
    sends = set().union(*granted)
    assert len(sends) == sum(map(len, granted)) == Send.objects.count() == BUDGET
    assert sum(map(bool, granted)) > 1, "one client was alone"


def reserve_until_refused(client: Caller) -> set[str]:
    """The sends that were granted."""
    granted: set[str] = set()
    while True:
        again = partial(client.post, "sends/reserve", QUESTION, Idempotency_Key=uuid.uuid4().hex)
        status, first = again()
        if not first["reserved"]:
            return granted
        assert status == 201
        assert again_is_same(again(), first)
        granted.add(first["send"])


def again_is_same(repeated: tuple[int, Any], first: Any) -> bool:
    status, answer = repeated
    return status == 200 and answer["send"] == first["send"]
