"""Random lives of a few people with two brands, and what checks answered meanwhile.

Whatever can change an answer happens: choices of persons and brands, to one brand and to any; ends
and new beginnings; moves by the person's word and by a brand's; quiet hours; limits and sends, some
given back; merges, of merged people too. Checks are asked at full minutes, changes come in between.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Any

from brands.models import Brand
from consent.checks import sends, single
from consent.checks.single import Asked
from consent.decision.resolution import Decision, Limit, Scope
from consent.identity import identifiers
from consent.identity.identifiers import Contact
from consent.ledger import recording
from consent.ledger.recording import Actor, ChoiceTerms, NewChoice
from consent.models import Relationship, Send, Subject
from consent.relationships import lifecycle, merging, person_settings
from consent.relationships.person_settings import SettingsChange
from tests.factories import record_choice

BEGIN = datetime(2026, 3, 20, 9, tzinfo=UTC)  # a week before Europe turns its clocks
MINUTE = timedelta(minutes=1)
STEPS = [MINUTE, MINUTE, 7 * MINUTE, timedelta(hours=3), timedelta(hours=11), timedelta(days=4)]
PLACES = ["DE", "FR", "US-CA", "US", "CH"]
ZONES = ["", "Europe/Berlin", "America/New_York"]
PURPOSES = ["marketing", "marketing", "research", None, None]
CHANNELS = ["email", "sms", None, None, None]
#: What the rules of people and brands refuse does not happen.
REFUSED = (recording.LiftRefused, recording.ExpiresTooSoon, lifecycle.EndedByPerson)


@dataclass(frozen=True)
class Answer:
    """One check, when it was asked, and what it answered."""

    asked: Asked
    at: datetime
    decision: Decision


@dataclass
class Life:
    """A world of its own for one seed; `answers` has every check that was asked."""

    seed: int
    brands: list[Brand]
    now: datetime = BEGIN
    answers: list[Answer] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.emails = [f"p{self.seed}-{n}@example.org" for n in range(4)]
        found = [
            identifiers.find_or_create_identifier(identifiers.compute_identifier_digest(each))
            for each in self.emails
        ]
        self.subjects = [each.subject_id for each in found]
        self.points = [each.pk for each in found]
        for subject in self.subjects:
            self._start(subject, self.brands[0])

    def live(self, steps: int) -> Life:
        """Let something happen, then ask, again and again."""
        for _ in range(steps):
            for _ in range(self.random.randint(2, 6)):
                self.now += timedelta(seconds=self.random.randint(1, 9))
                with suppress(*REFUSED):
                    self.random.choices(*zip(*EVENTS, strict=True))[0](self)
            self.now = self.now.replace(second=0, microsecond=0) + MINUTE
            for _ in range(5):
                self._ask()
            self.now += self.random.choice(STEPS)
        return self

    def _ask(self) -> None:
        brand = self.random.choice(self.brands)
        email = self.random.choice(self.emails)
        by_ref = self.random.random() < 0.2
        contact = Contact(ref=email) if by_ref else Contact(email=email)
        purpose = self.random.choice(["marketing"] * 4 + ["research", "service"])
        topic = f"t-{brand.slug}" if purpose == "marketing" and self.random.random() < 0.3 else None
        asked = Asked(brand.pk, contact, purpose, self.random.choice(["email", "sms"]), topic)
        self.answers.append(Answer(asked, self.now, single.check_contact(asked, now=self.now)))

    # -- What can happen ---------------------------------------------------------------------------

    def start(self) -> None:
        self._start(self._subject(), self.random.choice(self.brands))

    def _start(self, subject: uuid.UUID, brand: Brand) -> None:
        by = Actor("api", self.random.choice([None, brand.pk]))
        place = self.random.choice([None, *PLACES])
        email = self.emails[self.subjects.index(subject)]
        lifecycle.start_relationship(
            subject, brand, by=by, now=self.now, ref=email, jurisdiction=place
        )

    def end(self) -> None:
        active = Relationship.objects.active().filter(subject__in=self.subjects)
        if known := list(active.select_related("brand").order_by("pk")):
            one = self.random.choice(known)
            by = Actor("api", self.random.choice([None, one.brand_id, one.brand_id]))
            lifecycle.end_relationship(one, by=by, now=self.now)

    def say(self) -> None:
        brand = self.random.choice([*self.brands, *self.brands, None])
        list_of = [self._choice(brand) for _ in range(self.random.randint(1, 2))]
        recording.record_choices(self._subject(), list_of, by=Actor("api"), now=self.now)

    def say_as_brand(self) -> None:
        brand = self.random.choice(self.brands)
        subject = self._subject()
        if Relationship.objects.active().filter(subject=subject, brand=brand).exists():
            decision: Any = self.random.choice(["grant", "deny", "clear"])
            made_at = self.now - self.random.choice([timedelta(0), timedelta(days=5)])
            scope = Scope(brand.pk, self.random.choice(PURPOSES), self.random.choice(CHANNELS))
            record_choice(
                subject,
                decision,
                scope,
                by=Actor("brand_api", brand.pk),
                now=self.now,
                evidence="form",
                made_at=made_at,
            )

    def _choice(self, brand: Brand | None) -> NewChoice:
        kinds = ["grant"] * 6 + ["limit"] * 4 + ["deny", "pause", "clear"]
        decision: Any = self.random.choice(kinds)
        purpose, topic = self.random.choice(PURPOSES), None
        if brand and purpose == "marketing" and self.random.random() < 0.2:
            topic = f"t-{brand.slug}"
        point = self.random.choice([*self.points, *[None] * 12])
        channel = self.random.choice(CHANNELS)
        later = self.now + self.random.choice([timedelta(hours=5), timedelta(days=3)])
        return NewChoice(
            Scope(brand.pk if brand else None, purpose, channel, topic, point),
            ChoiceTerms(
                decision,
                until=later if decision == "pause" else None,
                expires_at=later if decision == "grant" and self.random.random() < 0.3 else None,
                limit=self._limit() if decision == "limit" else None,
            ),
        )

    def _limit(self) -> Limit:
        return Limit(self.random.randint(1, 3), self.random.choice(["day", "week", "month"]))

    def change_profile(self) -> None:
        changes = SettingsChange()
        if self.random.random() < 0.6:
            changes["jurisdiction"] = self.random.choice([None, *PLACES])
        if self.random.random() < 0.5:
            hours = time(self.random.randint(0, 11)), time(self.random.randint(12, 23), 30)
            pair = self.random.choice([hours, hours[::-1], None])
            changes["quiet_hours"] = (pair[0], pair[1]) if pair else None
        if self.random.random() < 0.5:
            changes["time_zone"] = self.random.choice(ZONES)
        person_settings.change_settings(self._subject(), changes, now=self.now)

    def send(self) -> None:
        active = Relationship.objects.active().filter(subject__in=self.subjects).order_by("pk")
        if not (known := list(active)):
            return
        one = self.random.choice(known)
        brand, contact = (
            one.brand_id,
            Contact(email=self.emails[self.subjects.index(one.subject_id)]),
        )
        purpose = self.random.choice(["marketing", "marketing", "research", "service"])
        asked = Asked(brand, contact, purpose, self.random.choice(["email", "sms"]))
        sends.reserve_send(asked, now=self.now)

    def give_back(self) -> None:
        persons = Subject.objects.filter(pk__in=self.subjects)
        mine = Send.objects.filter(subject__in=persons, returned_at=None).order_by("-at", "pk")
        if held := list(mine[:4]):
            one = self.random.choice(held)
            sends.cancel_send(one.brand_id, one.pk, now=self.now)

    def merge(self) -> None:
        one, other = self._subject(), self._subject()
        merging.merge_subjects(one, into=other, now=self.now)

    def _subject(self) -> uuid.UUID:
        return self.random.choice(self.subjects)


EVENTS: list[tuple[Callable[[Life], None], int]] = [
    (Life.start, 6),
    (Life.end, 2),
    (Life.say, 14),
    (Life.say_as_brand, 3),
    (Life.change_profile, 3),
    (Life.send, 12),
    (Life.give_back, 2),
    (Life.merge, 2),
]
