"""A choice recorded in two round trips is recorded as the general way records it, byte for byte.

The same random steps are taken twice from the same start: once with plain choices, and once
without. All that is written is compared, and what each step returns or raises.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import AutoField
from django.test.utils import CaptureQueriesContext
from hypothesis import example, given
from hypothesis import strategies as st

from brands.models import Brand, Event, JurisdictionRegime, StreamHead, SubjectHead, Topic
from consent.brand_events import event_times
from consent.decision.resolution import Limit, Scope
from consent.ledger import (
    entry_texts,
    hash_chain,
    plain_choices,
    recording,
    repeated_choices,
)
from consent.ledger.recording import Actor, ChoiceTerms, FromTheFuture, NewChoice
from consent.models import (
    Ending,
    EntryText,
    HonourClock,
    Identifier,
    LedgerEntry,
    Preference,
    Propagation,
    Relationship,
    Send,
    Subject,
)
from consent.propagation import propagate
from consent.relationships import lifecycle, merging
from core.db import uuid7
from core.errors import DomainError
from tests.factories import find_subject
from tests.trying import tries

NOW = datetime(2026, 6, 15, 12, 20, tzinfo=UTC)
DAY = timedelta(days=1)
WRITTEN = (
    *(LedgerEntry, EntryText, Preference, Ending, Propagation, Subject),
    *(Event, StreamHead, SubjectHead),
)
PERSON, BRAND = Actor("api"), "brand_api"


#: Decision, brand, purpose, channel, and the number of the address that the choice is about.
Drawn = tuple[str, str, str | None, str | None, int | None]


class Step(NamedTuple):
    """One call: the choices are made by the person, or the single one by the brand."""

    choices: tuple[Drawn, ...]
    #: Whether the call is told that a repeated choice is not to be recorded.
    unless_repeated: bool
    by_brand: bool
    #: Which of the person's two addresses names them.
    address: int
    #: How many days before the call the choice was made; None: it is not said.
    days_ago: int | None
    campaign: str
    evidence: str
    #: Whether a worker propagates before the call what is to be propagated.
    propagates: bool


class World(NamedTuple):
    """How the person stands with the brand before the steps."""

    relationships: int
    merged: bool
    residence: str | None
    sent: bool


DRAWN_CHOICES = st.tuples(
    st.sampled_from(["deny", "deny", "grant", "pause", "limit", "clear"]),
    st.sampled_from(["acme", "acme", "acme", "acme", "acme", "rival", ""]),
    st.sampled_from(["marketing", "marketing", "research", None]),
    st.sampled_from(["email", "email", "sms", None]),
    st.sampled_from([None, None, None, 0, 1]),
)
STEPS = st.builds(
    Step,
    choices=st.one_of(
        st.tuples(DRAWN_CHOICES),
        st.tuples(DRAWN_CHOICES),
        st.tuples(DRAWN_CHOICES),
        st.tuples(DRAWN_CHOICES, DRAWN_CHOICES),
    ),
    unless_repeated=st.booleans(),
    by_brand=st.sampled_from([False, False, False, True]),
    address=st.sampled_from([0, 0, 0, 1]),
    days_ago=st.sampled_from([None, None, None, 2, 90, -1]),
    campaign=st.sampled_from(["", "", "", "summer", "for ana@example.org"]),
    evidence=st.sampled_from(["", "", "", "form 7"]),
    propagates=st.booleans(),
)
WORLDS = st.builds(
    World,
    relationships=st.sampled_from([1, 1, 1, 1, 1, 2, 0]),
    merged=st.sampled_from([False, False, False, False, True]),
    residence=st.sampled_from([None, None, "US-CA", "DE"]),
    sent=st.booleans(),
)
PLAIN = Step((("deny", "acme", "marketing", "email", None),), False, False, 0, None, "", "", False)
WIDE = PLAIN._replace(choices=(("pause", "", "marketing", None, None),))
OF_OTHER_ADDRESS = PLAIN._replace(choices=(("deny", "acme", "marketing", None, 1),))


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> Callable[[bool], list[uuid.UUID]]:
    """Switch plain choices on or off. Return the list of those that were recorded as such."""
    original, done = plain_choices.record_plain_choice, list[uuid.UUID]()

    def switch(is_on: bool) -> list[uuid.UUID]:
        def record(*args: Any, **more: Any) -> LedgerEntry | None:
            entry = original(*args, **more) if is_on else None
            done.extend([entry.pk] if entry else [])
            return entry

        for module in (recording, repeated_choices):
            monkeypatch.setattr(module, "record_plain_choice", record)
        return done

    return switch


@contextmanager
def determined() -> Iterator[None]:
    """Make ids, salts and clocks the same each time."""
    chance, ticks = random.Random(7), count()
    with pytest.MonkeyPatch.context() as patched:
        bytes_of = SimpleNamespace(urandom=chance.randbytes, token_bytes=chance.randbytes)
        patched.setattr(uuid, "os", bytes_of)
        patched.setattr(uuid7, "os", bytes_of)
        patched.setattr(uuid7, "time", SimpleNamespace(time_ns=lambda: next(ticks) * 1_000_000))
        patched.setattr(entry_texts, "secrets", bytes_of)
        patched.setattr(event_times, "perf_counter", lambda: 0.0)
        yield


def test_plain_choices_are_recorded_as_by_the_general_way(
    acme: Brand, rival: Brand, plain: Callable[[bool], list[uuid.UUID]]
) -> None:
    """The `example`s make sure that each kind is tried in each run."""
    Topic.objects.create(brand=acme, code="weekly", name="Weekly", purpose_id="marketing")
    JurisdictionRegime.objects.create(jurisdiction="US-CA", purpose_id="research", regime="opt_out")
    subjects = [find_subject(f"{each}@example.org") for each in ("ana", "second")]
    done = plain(True)

    @example(World(1, False, None, True), [PLAIN, PLAIN])
    @example(World(1, False, "US-CA", True), [PLAIN._replace(unless_repeated=True)] * 2)
    @example(World(2, True, None, False), [PLAIN, PLAIN._replace(address=1)])
    @example(World(0, False, None, False), [PLAIN._replace(days_ago=-1), PLAIN])
    @example(World(1, False, None, False), [WIDE, PLAIN])
    @example(World(1, True, None, False), [OF_OTHER_ADDRESS, PLAIN])
    @given(world=WORLDS, steps=st.lists(STEPS, min_size=1, max_size=5))
    @tries(80)
    def compare(world: World, steps: list[Step]) -> None:
        plain(True)
        mine = live(world, steps, subjects, {"acme": acme, "rival": rival})
        plain(False)
        general = live(world, steps, subjects, {"acme": acme, "rival": rival})
        for one, other in zip(mine, general, strict=True):
            assert one == other

    compare()
    assert len(done) > 10


def live(
    world: World, steps: list[Step], subjects: list[uuid.UUID], named: dict[str, Brand]
) -> list[Any]:
    """Take the steps in a new world. Return all that came of them, and forget it."""
    brands = {name: brand.pk for name, brand in named.items()} | {"": None}
    with transaction.atomic(), determined():
        create(world, subjects, named["acme"])
        told = [take(each, nth, subjects, brands) for nth, each in enumerate(steps)]
        found = [told, *([*read_rows(model)] for model in WRITTEN)]
        transaction.set_rollback(True)
    return found


def create(world: World, subjects: list[uuid.UUID], acme: Brand) -> None:
    started = NOW - 100 * DAY
    for subject_id in subjects[: world.relationships]:
        lifecycle.start_relationship(subject_id, acme, by=Actor("portal"), now=started)
    if world.merged or world.relationships > 1:
        merging.merge_subjects(subjects[1], into=subjects[0], now=started + DAY)
    Subject.objects.filter(pk=subjects[0]).update(jurisdiction=world.residence)
    if world.sent:
        Send.objects.create(
            subject_id=subjects[0],
            brand=acme,
            purpose_id="marketing",
            channel="email",
            at=NOW - DAY,
            campaign="spring",
        )


def take(
    step: Step, nth: int, subjects: list[uuid.UUID], brands: Mapping[str, int | None]
) -> list[Any]:
    """Return what the call returned or raised."""
    now = NOW + nth * timedelta(hours=1)
    if step.propagates:
        propagate.propagate_choices(subjects[0], now=now)
    points = [Identifier.objects.get(subject=each).pk for each in subjects]
    choices = [build(step, each, points, brands, now) for each in step.choices]
    by = Actor(BRAND, brands["acme"]) if step.by_brand else PERSON
    if step.by_brand:
        about_acme = choices[0].scope._replace(brand=brands["acme"], contact_point=None)
        choices = [NewChoice(about_acme, choices[0].terms)]
    record = (
        repeated_choices.record_unless_repeated
        if step.unless_repeated and not step.by_brand
        else recording.record_choices
    )
    try:
        with transaction.atomic():
            entries = record(subjects[step.address], choices, by=by, now=now)
    except (DomainError, IntegrityError) as error:
        return [type(error), str(error)]
    return [each.pk for each in entries]


def build(
    step: Step,
    drawn: Drawn,
    points: Sequence[int],
    brands: Mapping[str, int | None],
    now: datetime,
) -> NewChoice:
    decision, brand, purpose, channel, address = drawn
    scope = Scope(
        brands[brand], purpose, channel, None, None if address is None else points[address]
    )
    terms = ChoiceTerms(
        decision,  # type: ignore[arg-type]
        reason="privacy" if decision == "deny" else "",
        until=now + 9 * DAY if decision == "pause" else None,
        limit=Limit(3, "week") if decision == "limit" else None,
        expires_at=now + 40 * DAY if decision == "grant" and step.campaign else None,
        evidence=step.evidence or ("form 1" if step.by_brand and decision == "grant" else ""),
        campaign=step.campaign,
        made_at=None if step.days_ago is None else now - step.days_ago * DAY,
    )
    return NewChoice(scope, terms)


def read_rows(model: Any) -> Iterator[tuple[Any, ...]]:
    """All rows, with bytes that compare, in a fixed order."""
    fields = model._meta.concrete_fields
    names = [each.attname for each in fields if not isinstance(each, AutoField)]
    for row in sorted(model.objects.values_list(*names), key=repr):
        yield tuple(bytes(value) if isinstance(value, memoryview) else value for value in row)


def deny(brand: Brand, **terms: Any) -> NewChoice:
    return NewChoice(Scope(brand.pk, "marketing", "email"), ChoiceTerms("deny", **terms))


def test_plain_choice_takes_two_round_trips(
    met: Relationship, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns = list[int]()
    for name in ("ask_together", "commit_together"):
        original = getattr(plain_choices, name)

        def count_calls(calls: list[Any], original: Any = original) -> list[Any]:
            turns.append(len(calls))
            return original(calls)  # type: ignore[no-any-return]

        monkeypatch.setattr(plain_choices, name, count_calls)
    with CaptureQueriesContext(connection) as asked:
        recording.record_choices(met.subject_id, [deny(met.brand)], by=PERSON, now=now)
    outside = [each for each in asked.captured_queries if "SAVEPOINT" not in each["sql"]]
    assert (len(turns), sum(turns)) == (2, len(outside))


@pytest.mark.django_db(transaction=True)
def test_plain_choice_is_committed_with_its_last_statement(
    met: Relationship, now: datetime
) -> None:
    with transaction.atomic():
        recording.record_choices(met.subject_id, [deny(met.brand)], by=PERSON, now=now)
        transaction.set_rollback(True)  # it belongs to this transaction, so nothing is left
    assert not LedgerEntry.objects.exists()
    (entry,) = recording.record_choices(met.subject_id, [deny(met.brand)], by=PERSON, now=now)
    assert LedgerEntry.objects.get() == entry
    assert Event.objects.get(cause=entry.pk).sequence == 2


@pytest.mark.django_db(transaction=True)
def test_plain_choice_that_the_database_refuses_leaves_nothing(
    met: Relationship, now: datetime
) -> None:
    """The constraint is checked by the third statement of the last round trip."""
    wrong = NewChoice(Scope(met.brand.pk, "marketing", "email"), ChoiceTerms("limit"))
    with pytest.raises(IntegrityError, match="entry_limit_iff_numbers"):
        recording.record_choices(met.subject_id, [wrong], by=PERSON, now=now)
    assert not LedgerEntry.objects.exists()
    assert StreamHead.objects.get(brand=met.brand).last_sequence == 1
    (entry,) = recording.record_choices(met.subject_id, [deny(met.brand)], by=PERSON, now=now)
    subject = Subject.objects.get(pk=met.subject_id)
    assert bytes(subject.chain_head) == hash_chain.compute_entry_hash(b"", entry)


@pytest.mark.django_db(transaction=True)
def test_plain_choice_from_the_future_leaves_nothing(met: Relationship, now: datetime) -> None:
    with pytest.raises(FromTheFuture):
        recording.record_choices(
            met.subject_id, [deny(met.brand, made_at=now + DAY)], by=PERSON, now=now
        )
    assert not LedgerEntry.objects.exists()


def test_plain_choice_reads_the_clocks_of_now(met: Relationship, now: datetime) -> None:
    """Deadlines are rows that an administrator may change at any time."""
    HonourClock.objects.all().delete()
    recording.record_choices(met.subject_id, [deny(met.brand)], by=PERSON, now=now)
    HonourClock.objects.create(rule="Ours", days=1, business_days=False)
    recording.record_choices(
        met.subject_id, [NewChoice(Scope(met.brand.pk), ChoiceTerms("deny"))], by=PERSON, now=now
    )
    ends = Event.objects.filter(decision="deny").order_by("sequence")
    assert list(ends.values_list("honour_by", flat=True)) == [None, now + DAY]
