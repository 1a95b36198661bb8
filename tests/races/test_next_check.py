"""Whatever a person or a brand chooses, the next check of another web process answers by the rule.

The rule is docs/precedence.md read word by word (`tests.consent.laws.page`), over what was
acknowledged, and over nothing else.
"""

from __future__ import annotations

import os
import random
import uuid
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from brands.models import Brand, Event, Purpose, StreamHead, Topic
from cmr.sign_in import access_tokens
from consent import integrity, propagation
from consent.decision.resolution import Choice, Limit, Maker, Question, Regime, Scope
from consent.ledger.recording import Actor
from consent.relationships import lifecycle
from tests.chaos.fleet import Fleet
from tests.consent.laws import page
from tests.factories import open_account
from tests.races.several import at_every_process
from tests.races.web_processes import running_webs

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = int(os.environ.get("ROUNDS", "400"))  # ROUNDS=10000 for a longer look
SEED = int(os.environ.get("SEED", str(random.randrange(1_000_000))))
WEBS, PEOPLE, ADDRESS = 2, 4, 1
BRANDS = {"acme": 1, "rival": 2}
PURPOSES = ["marketing", "marketing", "research", "personalised_ads"]
CHANNELS = [None, "email", "email", "sms", "push"]


@pytest.fixture
def webs(tmp_path: Path) -> Iterator[Fleet]:
    with running_webs(tmp_path, WEBS) as fleet:
        yield fleet


class Person:
    """One person, who deals with both brands, and what a reader of the page knows of them."""

    def __init__(self, number: int, webs: Fleet, keys: dict[str, str], brands: list[Brand]) -> None:
        now = datetime.now(UTC)
        self.email = f"p{number}@example.org"
        self.dice = random.Random(f"{SEED}/{number}")
        consumer = open_account(self.email)
        for brand in brands:
            lifecycle.start_relationship(consumer.subject_id, brand, by=Actor("api"), now=now)
        self.subject_id = consumer.subject_id
        self.point = consumer.contact_points.get().pk
        token = access_tokens.issue_token(consumer, name="tests")
        self.mine = at_every_process(webs, token, each=1)
        self.brands = {slug: at_every_process(webs, key, each=1) for slug, key in keys.items()}
        regimes: Any = Purpose.objects.values_list("code", "regime")
        self.regimes: dict[str, Regime] = dict(regimes)
        self.slots: dict[Any, Choice] = {}
        self.numbers = count(1)
        #: Whether a choice is to be propagated: until then, no other is a plain one.
        self.is_pending = False
        self.done: Counter[str] = Counter()
        self.wrong: list[Any] = []

    def live(self, rounds: int) -> None:
        while self.done["acknowledged"] < rounds:
            scopes = self.choose()
            if scopes:
                self.done["acknowledged"] += 1
                self.ask(self.dice.choice(scopes))
            if self.is_pending and self.dice.random() < 0.6:
                propagation.propagate_choices(self.subject_id, now=datetime.now(UTC))
                self.is_pending = False

    def scope(self) -> dict[str, Any]:
        dice = self.dice
        scope: dict[str, Any] = {
            "brand": dice.choice(list(BRANDS)) if dice.random() < 0.85 else None,
            "purpose": dice.choice(PURPOSES) if dice.random() < 0.85 else None,
            "channel": dice.choice(CHANNELS),
        }
        if scope["brand"] and scope["purpose"] == "marketing" and dice.random() < 0.15:
            scope["topic"] = "weekly"
        return scope

    def said(self) -> dict[str, Any]:
        dice = self.dice
        kinds = {"deny": 25, "grant": 40, "pause": 6, "limit": 8, "clear": 21}
        decision = dice.choices(list(kinds), list(kinds.values()))[0]
        said: dict[str, Any] = {"scope": self.scope(), "decision": decision}
        soon = timedelta(seconds=dice.choice([0.4, 3, 86_400]))
        if decision == "pause":
            said["until"] = (datetime.now(UTC) + soon).isoformat()
        if decision == "limit":
            said["limit"] = {"max": dice.randint(1, 9), "per": dice.choice(["day", "week"])}
        if decision == "grant" and dice.random() < 0.2:
            said["expires_at"] = (datetime.now(UTC) + soon).isoformat()
        if decision == "deny" and dice.random() < 0.3:
            said["reason"] = "privacy"
        if dice.random() < 0.1:
            said["scope"]["contact_point"] = self.point
        return said

    def choose(self) -> list[Scope]:
        """Return the scopes of what was acknowledged; nothing if it was refused."""
        dice = self.dice
        if dice.random() < 0.1:
            return self.record_by_brand()
        many = dice.random() < 0.15
        said = [self.said() for _ in range(dice.randint(2, 5) if many else 1)]
        kind = "several" if many else "any brand" if not said[0]["scope"]["brand"] else "one"
        status, answer = dice.choice(self.mine).post("me/choices", said if many else said[0])
        return self.note(kind, status, answer, said, "person")

    def record_by_brand(self) -> list[Scope]:
        dice = self.dice
        slug = dice.choice(list(BRANDS))
        scope = {**self.scope(), "brand": slug}
        if scope["purpose"] is None:
            scope["purpose"] = "research"
            scope.pop("topic", None)
        said = {"scope": scope, "decision": dice.choice(["grant", "grant", "deny", "clear"])}
        more = {"evidence": "form 1"} if said["decision"] == "grant" else {}
        body = said | more | {"contact": {"email": self.email}}
        status, answer = dice.choice(self.brands[slug]).post("choices", body)
        return self.note("brand", status, answer, [said], "brand")

    def note(
        self, kind: str, status: int, answer: Any, said: list[Any], maker: Maker
    ) -> list[Scope]:
        if status != 201:
            self.done[f"{kind} refused {status}"] += 1
            assert status in (409, 422), (status, answer)
            return []
        self.done[kind] += 1
        self.done["plain"] += kind == "one" and not self.is_pending
        self.is_pending |= kind in ("several", "any brand")
        scopes = []
        for wish, made in zip(said, answer["data"], strict=True):
            given = wish["scope"]
            point = ADDRESS if maker == "brand" or given.get("contact_point") else None
            brand = BRANDS[given["brand"]] if given["brand"] else None
            scope = Scope(brand, given["purpose"], given["channel"], given.get("topic"), point)
            self.remember(scope, made, maker)
            scopes.append(scope)
        return scopes

    def remember(self, scope: Scope, made: Any, maker: Maker) -> None:
        """Keep what was acknowledged; a choice about several brands ends on the full hour."""
        made_at, until, end = (
            made[each] and datetime.fromisoformat(made[each])
            for each in ("made_at", "until", "expires_at")
        )
        choice = Choice(
            uuid.uuid4(),
            next(self.numbers),
            scope,
            made["decision"],
            maker,
            made_at,
            until=until,
            expires_at=end,
            limit=Limit(**made["limit"]) if made["limit"] else None,
        )
        self.done[made["decision"]] += 1
        if made["decision"] == "clear":
            self.slots = {
                key: each
                for key, each in self.slots.items()
                if (each.scope, each.maker) != (scope, maker)
            }
        else:
            self.slots[choice.slot] = choice

    def ask(self, scope: Scope) -> None:
        """A question that the scope covers, by another connection, at either process."""
        dice = self.dice
        slug = next((s for s, n in BRANDS.items() if n == scope.brand), None)
        slug = slug or dice.choice(list(BRANDS))
        purpose = scope.purpose or dice.choice(PURPOSES)
        channel = scope.channel or dice.choice([each for each in CHANNELS if each])
        topic = scope.topic
        question = {"purpose": purpose, "channel": channel, "topic": topic}
        body = {"contact": {"email": self.email}, **question}
        status, answer = dice.choice(self.brands[slug]).post("check", body)
        assert status == 200, answer
        now = datetime.fromisoformat(answer["as_of"])
        asked = Scope(BRANDS[slug], purpose, channel, topic, ADDRESS)
        ledger = list(self.slots.values())
        expected = page.answer(ledger, Question(asked, self.regimes[purpose]), now)
        told = answer["allowed"], answer["rule"]
        limit = answer["limit"] and (answer["limit"]["max"], answer["limit"]["per"])
        limits = [c.limit for c in ledger if c.limit and page.covers(c.scope, asked)]
        least = min((each.per_day for each in limits), default=None)
        strictest: list[Any] = [
            (each.max, each.per) for each in limits if each.per_day == least
        ] or [None]
        self.done[told[1]] += 1
        if told != expected or limit not in strictest:
            self.wrong.append((slug, question, answer, expected, strictest))


def test_any_choice_is_seen_by_next_check_of_any_process(
    webs: Fleet, acme: Brand, rival: Brand, acme_key: str, rival_key: str
) -> None:
    for brand in (acme, rival):
        Topic.objects.create(brand=brand, code="weekly", name="Weekly", purpose_id="marketing")
    keys = {"acme": acme_key, "rival": rival_key}
    people = [Person(number, webs, keys, [acme, rival]) for number in range(PEOPLE)]

    def live(person: Person) -> None:
        try:
            person.live(-(-ROUNDS // PEOPLE))
        finally:
            connection.close()

    with ThreadPoolExecutor(PEOPLE) as pool:
        list(pool.map(live, people))
    print(f"seed {SEED}", sum((each.done for each in people), Counter()))
    wrong = [each for person in people for each in person.wrong]
    assert not wrong, f"{len(wrong)} with seed {SEED}: {wrong[0]}"
    assert not list(integrity.verify_ledger())
    assert_streams_are_dense()


def assert_streams_are_dense() -> None:
    for head in StreamHead.objects.all():
        numbers = Event.objects.filter(brand=head.brand_id).values_list("sequence", flat=True)
        assert sorted(numbers) == list(range(1, head.last_sequence + 1))
