"""A copy built from a brand's events alone answers every question as a check does.

Histories are random: choices by the person and the brand, of any scope; expirations; a second
address that is verified and registered; relationships that end and restart.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from brands.models import Brand, Event, Purpose, Topic
from cmr.accounts import ownership
from cmr.choices import choose
from cmr.models import Consumer
from cmr_client.permissions import Permissions
from consent.brand_events import payloads
from consent.checks import single
from consent.checks.single import Asked
from consent.decision.permission_tables import NO_REGIONAL_DEFAULTS
from consent.decision.resolution import Scope
from consent.identity.identifiers import Contact
from consent.ledger import recording
from consent.ledger.recording import Actor, ChoiceTerms, ExpiresTooSoon, LiftRefused, NewChoice
from consent.models import Relationship
from consent.propagation import expirations, propagate
from consent.relationships import lifecycle, lookup
from tests.conftest import EMAIL
from tests.trying import tries

pytestmark = pytest.mark.django_db

SECOND = "second@example.org"
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
CONTACTS = [Contact(email=EMAIL), Contact(email=SECOND)]
#: Purpose, channel, topic.
QUESTIONS = [
    *product(["marketing", "research"], ["email", "sms"], [None]),
    *product(["marketing"], ["email", "sms"], ["weekly-offers"]),
    ("profiling", None, None),
    ("sale_or_sharing", None, None),
    ("service", "email", None),
]


@dataclass
class World:
    """The cast at one moment, and what acme keeps of each person it was told of."""

    ana: Consumer
    acme: Brand
    now: datetime = NOON
    copy: dict[str, Permissions] = field(default_factory=dict)
    applied: dict[str, int] = field(default_factory=dict)
    read: int = 0

    def catch_up(self) -> None:
        """Let the workers do what is due, and acme read its feed to the end."""
        for subject_id in propagate.list_waiting_subjects():
            propagate.propagate_choices(subject_id, now=self.now)
        expirations.tell_due_endings(self.now)
        for event in Event.objects.filter(brand=self.acme, sequence__gt=self.read).order_by(
            "sequence"
        ):
            self._apply(json.loads(bytes(event.body)))
            self.read = event.sequence

    def _apply(self, event: dict[str, Any]) -> None:
        data = event["data"]
        person = data["subject"]["id"]
        assert data["subject_seq"] == self.applied.get(person, 0) + 1  # nothing is missing
        self.applied[person] = data["subject_seq"]
        if event["type"] == "relationship.ended":
            self.copy[person] = Permissions(active=False)
        else:
            self.copy[person] = Permissions.from_rows(data["permissions"])

    def differences(self) -> Iterator[str]:
        """Each question that the copy answers otherwise than a check."""
        own = dict(Purpose.objects.values_list("code", "regime"))
        for relationship in Relationship.objects.filter(brand=self.acme):
            contact = self._contact_of(relationship)
            held = self.copy[str(relationship.pk)]
            for purpose, channel, topic in QUESTIONS:
                asked = Asked(self.acme.pk, contact, purpose, channel, topic)
                answer = single.check_contact(asked, now=self.now)
                mine = held.allows(
                    purpose=purpose, channel=channel, topic=topic, at=self.now, regime=own[purpose]
                )
                if mine != answer.allowed:
                    yield f"{contact} {purpose} {channel} {topic}: {mine}, {answer.rule}"

    def _contact_of(self, relationship: Relationship) -> Contact:
        (contact,) = (
            each
            for each in CONTACTS
            if lookup.find_any_relationship(self.acme.pk, each) == relationship
        )
        return contact


def _until(world: World, hours: int) -> datetime:
    return world.now + hours * HOUR


def record_by_person(world: World, *words: Any) -> None:
    """The person says something of acme, or of any brand; of one of their addresses, or of all."""
    decision, wide, (purpose, channel, topic), point, hours = words
    points = list(world.ana.contact_points.order_by("pk"))
    scope = Scope(
        None if wide else world.acme.pk,
        purpose,
        channel,
        None if wide else topic,
        points[point - 1].identifier_id if 0 < point <= len(points) else None,
    )
    choice = NewChoice(
        scope,
        ChoiceTerms(
            decision,
            until=_until(world, hours) if decision == "pause" else None,
            expires_at=_until(world, hours) if decision == "grant" and hours % 2 else None,
        ),
    )
    try:
        recording.record_choices(world.ana.subject_id, [choice], by=Actor("portal"), now=world.now)
    except ExpiresTooSoon:
        assert wide


def record_by_brand(
    world: World, decision: str, about: tuple[Any, ...], second: bool, hours: int
) -> None:
    """Acme records something of one of its people."""
    try:
        known = lookup.find_relationship(world.acme.pk, CONTACTS[second])
    except lookup.NoRelationship:
        return
    choice = NewChoice(
        Scope(world.acme.pk, *about),
        ChoiceTerms(
            decision,  # type: ignore[arg-type]
            expires_at=_until(world, hours) if decision == "grant" and hours % 2 else None,
            evidence="A form." if decision == "grant" else "",
        ),
    )
    try:
        recording.record_choices(
            known.subject_id, [choice], by=Actor("brand_api", world.acme.pk), now=world.now
        )
    except LiftRefused:
        assert decision == "grant"


def register(world: World, second: bool) -> None:
    """Whoever has the second address lives where another default holds."""
    place = "US-CA" if second else None
    try:
        lifecycle.register_relationship(
            world.acme, CONTACTS[second], now=world.now, note="A shop.", jurisdiction=place
        )
    except lifecycle.EndedByPerson:
        assert Relationship.objects.filter(ended_by="person").exists()


def prove(world: World) -> None:
    """The second address, which acme may know already."""
    ownership.add_contact(world.ana, kind="email", value=SECOND, now=world.now)


def end(world: World, by_brand: bool) -> None:
    for known in Relationship.objects.active().filter(brand=world.acme)[:1]:
        actor = Actor("brand_api", world.acme.pk) if by_brand else Actor("portal")
        lifecycle.end_relationship(known, by=actor, now=world.now)


def begin(world: World) -> None:
    choose.add_brand(world.ana, world.acme, by="portal", now=world.now)


def wait(world: World, hours: int) -> None:
    world.now += hours * HOUR


Act = tuple[Callable[..., None], tuple[Any, ...]]
about = st.sampled_from(
    [
        (None, None, None),
        ("marketing", None, None),
        ("marketing", "email", None),
        (None, "email", None),
        ("marketing", None, "weekly-offers"),
        ("marketing", "email", "weekly-offers"),
        ("profiling", None, None),
    ]
)
hours = st.integers(1, 6)
persons_words = st.tuples(
    st.sampled_from(["grant", "deny", "pause", "clear", "grant", "deny"]),
    st.booleans(),
    about,
    st.integers(0, 2),
    hours,
)
brands_words = st.tuples(st.sampled_from(["grant", "deny", "clear"]), about, st.booleans(), hours)
acts: st.SearchStrategy[Act] = st.one_of(
    st.tuples(st.just(record_by_person), persons_words),
    st.tuples(st.just(record_by_person), persons_words),
    st.tuples(st.just(record_by_brand), brands_words),
    st.tuples(st.just(register), st.tuples(st.booleans())),
    st.tuples(st.just(prove), st.just(())),
    st.tuples(st.just(end), st.tuples(st.booleans())),
    st.tuples(st.just(begin), st.just(())),
    st.tuples(st.just(wait), st.tuples(hours)),
)


def find_differences(world: World, history: list[Act]) -> list[str]:
    """What a copy answers otherwise, after each act of the history, and as time goes on."""
    found = []
    later: list[Act] = [(wait, (3,)), (wait, (9,))]
    for act, words in [*history, *later]:
        act(world, *words)
        world.catch_up()
        found += [f"after {act.__name__}{words}: {each}" for each in world.differences()]
    return found


@tries(12)
@given(history=st.lists(acts, min_size=1, max_size=9))
def test_copy_random_history_answers_as_check(
    history: list[Act], ana: Consumer, acme: Brand, offers: Topic
) -> None:
    with transaction.atomic():
        world = World(ana, acme)
        register(world, False)
        assert find_differences(world, history) == []
        transaction.set_rollback(True)


NARROW_NO = (record_by_person, ("deny", False, ("marketing", None, None), 0, 2))
WIDE_YES = (record_by_person, ("grant", True, ("marketing", None, None), 0, 2))
NO_TO_SECOND = (record_by_person, ("deny", False, (None, None, None), 2, 2))
YES_TO_ALL = (record_by_person, ("grant", False, ("marketing", "email", None), 0, 2))
NO_TO_RESEARCH = (record_by_person, ("deny", False, ("research", None, None), 0, 2))
PAUSE = (record_by_person, ("pause", False, ("marketing", "email", None), 0, 2))
REGISTERED = (register, (True,))


def _newest_wins(standing: payloads.CurrentState, now: datetime) -> Any:
    """As a copy would answer by narrowed scopes alone: the newest word on a cell counts."""
    newest = {each.scope[1:4]: each for each in sorted(standing.choices, key=lambda c: c.age)}
    return [
        {
            "purpose": cell[0],
            "channel": cell[1],
            "topic": cell[2],
            "allowed": said.decision == "grant",
            "then": [],
        }
        for cell, said in newest.items()
    ]


def _every_address(standing: payloads.CurrentState, now: datetime) -> Any:
    """As if a no for one address were one for all."""
    anywhere = [
        each._replace(scope=each.scope._replace(contact_point=None)) for each in standing.choices
    ]
    return _table(payloads.CurrentState(standing.recipient, anywhere, standing.defaults), now)


def _for_ever(standing: payloads.CurrentState, now: datetime) -> Any:
    """As if nothing ended by itself."""
    return [row | {"then": []} for row in _table(standing, now) or []]


def _without_place(standing: payloads.CurrentState, now: datetime) -> Any:
    """As if the same held everywhere."""
    return _table(
        payloads.CurrentState(standing.recipient, standing.choices, NO_REGIONAL_DEFAULTS), now
    )


_table = payloads.CurrentState.permissions
PLANTED: list[tuple[Callable[..., Any], list[Act]]] = [
    (_newest_wins, [NARROW_NO, (wait, (1,)), WIDE_YES]),
    (_every_address, [(prove, ()), REGISTERED, YES_TO_ALL, NO_TO_SECOND, NO_TO_RESEARCH]),
    (_without_place, [REGISTERED, NARROW_NO]),
]


@pytest.mark.parametrize(
    ("bug", "history"), PLANTED, ids=lambda each: getattr(each, "__name__", "")
)
def test_copy_with_planted_bug_differs_from_check(
    bug: Callable[..., Any],
    history: list[Act],
    ana: Consumer,
    offers: Topic,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World(ana, offers.brand)
    register(world, False)
    monkeypatch.setattr(payloads.CurrentState, "permissions", bug)
    assert find_differences(world, history)


def test_copy_before_expiration_event_knows_end_of_pause(
    ana: Consumer, offers: Topic, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Time alone ends it: nobody has to be told for the copy to be right."""
    for bug, is_right in [(_table, True), (_for_ever, False)]:
        with transaction.atomic():
            monkeypatch.setattr(payloads.CurrentState, "permissions", bug)
            world = World(ana, offers.brand)
            register(world, False)
            record_by_person(world, "grant", False, ("marketing", "email", None), 0, 2)
            record_by_person(world, *PAUSE[1])
            world.catch_up()
            world.now += 2 * HOUR
            assert (list(world.differences()) == []) == is_right
            transaction.set_rollback(True)
