"""Checks as of a past moment: the same rule, applied to what had been recorded by then.

The ledger has the choices. Note [Past states] says where the rest comes from. A contact is resolved
as of today: a reference or an address that has passed to another person means that person. A brand
asks to the minute: Note [Rounded times].
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

from django.db.models import Q

from consent import decision, preferences, rules
from consent.brand_events import floor_to_minute
from consent.checks import bulk, frequency_caps, send_window
from consent.checks.bulk import Answer
from consent.checks.single import Asked, Known, read_quiet_hours
from consent.decision import Choice, Decision, Question
from consent.identity import Contact, InvalidAddress
from consent.models import Identifier, LedgerEntry, PastProfile, Relationship, Subject
from consent.relationships import NoRelationship, find_any_relationships
from core.db import match_any
from core.errors import DomainError

#: The number of contacts that are looked up at once.
CHUNK = 1_000
#: The parts of a scope that must match the question: the same name, or *any*.
PARTS = ("brand", "purpose", "channel", "topic")


class NotYet(DomainError):
    """A moment in the future, which cannot be checked in the past."""

    code = "not_yet"
    field = "as_of"


def check_not_in_future(as_of: datetime, *, now: datetime) -> None:
    """Raise NotYet if *as_of* is later than *now*."""
    if as_of > now:
        raise NotYet("`as_of` is in the future: use `at`")


def check_contact_as_of(asked: Asked, *, as_of: datetime, now: datetime) -> Decision:
    """Decide by what had been recorded by the full minute at or before *as_of*.

    Raises:
        NotYet: *as_of* is later than *now*.
        UnknownName, ChannelNeeded: as for `bulk.build_bulk_question`.
        identity.InvalidAddress: the contact is not a valid address.
    """
    question = bulk.build_bulk_question(
        asked.brand_id, purpose=asked.purpose, channel=asked.channel, topic=asked.topic
    )
    (answer,) = check_contacts_as_of(question, [asked.contact], as_of=as_of, now=now)
    if isinstance(answer, InvalidAddress):
        raise answer
    return answer


def check_contacts_as_of(
    question: Question, contacts: Sequence[Contact], *, as_of: datetime, now: datetime
) -> Iterator[Answer]:
    """Yield a decision about each contact, in their order, or the error of an invalid address.

    Decide by what had been recorded by the full minute at or before *as_of*.

    Raises:
        NotYet: at once, not while iterating.
    """
    check_not_in_future(as_of, now=now)
    return _answer_each(question, contacts, floor_to_minute(as_of))


def _answer_each(
    question: Question, contacts: Sequence[Contact], as_of: datetime
) -> Iterator[Answer]:
    for start in range(0, len(contacts), CHUNK):
        some = contacts[start : start + CHUNK]
        found = list(find_any_relationships(question.scope.brand or 0, some))
        known = [each for each in found if isinstance(each, Relationship)]
        decided = check_relationships_as_of(known, question, as_of=as_of)
        for each in found:
            if isinstance(each, InvalidAddress):
                yield each
            elif isinstance(each, NoRelationship):
                yield decision.decide_without_relationship(as_of)
            else:
                yield decided[each.pk]


def check_relationships_as_of(
    relationships: Sequence[Relationship], question: Question, *, as_of: datetime
) -> dict[uuid.UUID, Decision]:
    """Decide about relationships of one brand, each by its own address, at exactly *as_of*.

    *question* must have today's regime of the purpose. This takes about ten queries for any number
    of relationships.
    """
    if not relationships:
        return {}
    past = _Past(relationships, question, as_of)
    known = {each.pk: past.look_up(each) for each in relationships}
    return _decide_each({pk: each for pk, each in known.items() if each}, past) | {
        pk: decision.decide_without_relationship(as_of)
        for pk, each in known.items()
        if each is None
    }


def _decide_each(known: Mapping[uuid.UUID, Known], past: _Past) -> dict[uuid.UUID, Decision]:
    decisions = {
        pk: decision.decide_by_choices(each.choices, each.question, past.as_of)._replace(
            relationship_id=pk
        )
        for pk, each in known.items()
    }
    limits = [
        (known[pk].subject_id or pk, limit)
        for pk, each in decisions.items()
        if each.allowed
        for limit in each.limits
    ]
    counted = (
        frequency_caps.count_sends_as_of(limits, past.holders, as_of=past.as_of) if limits else []
    )
    spent = iter(counted)
    return {
        pk: send_window.apply_send_window(
            each,
            known[pk].question,
            quiet_hours=known[pk].quiet_hours,
            spent=list(islice(spent, len(each.limits) if each.allowed else 0)),
            now=past.as_of,
        )
        for pk, each in decisions.items()
    }


@dataclass
class _Past:
    """Everything that answers a question about some relationships as of a moment, read once."""

    relationships: Sequence[Relationship]
    question: Question
    as_of: datetime
    choices: dict[uuid.UUID, list[Choice]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        ids = {each.pk for each in self.relationships}
        self.changed = preferences.find_past_relationships(ids, self.as_of)
        own, self.regimes = rules.read_past_regimes(self.question.scope.purpose or "", self.as_of)
        self.question = self.question._replace(regime=own or self.question.regime)
        self._find_persons()
        self._find_choices()
        known = Identifier.objects.filter(
            subject__in=match_any((each.subject_id for each in self.relationships), "uuid")
        )
        self.points = dict(known.values_list("subject", "pk"))

    def look_up(self, relationship: Relationship) -> Known | None:
        """Return what was known then; None if the relationship was not active."""
        then = self.changed.get(relationship.pk, relationship)
        if then.started_at > self.as_of or (then.ended_at and then.ended_at <= self.as_of):
            return None
        person = self.persons[relationship.subject_id]
        profile = self.profiles[person]
        scope = self.question.scope._replace(contact_point=self.points.get(relationship.subject_id))
        place = profile.jurisdiction or then.jurisdiction
        return Known(
            subject_id=person,
            question=Question(scope, self.regimes.find_regime(self.question, place)),
            quiet_hours=read_quiet_hours(
                [profile.quiet_start, profile.quiet_end, profile.time_zone]
            ),
            choices=decision.fold_choices(self.choices[person]),
            relationship_id=relationship.pk,
        )

    def _find_persons(self) -> None:
        """Find all subjects whose choices may count, and which person each was then."""
        today = match_any({each.person_id for each in self.relationships}, "uuid")
        mine = Q(pk__in=today) | Q(merged_into__in=today)
        subjects = list(Subject.objects.filter(mine))
        self.persons = preferences.find_past_persons(subjects, self.as_of)
        #: Triples: a subject, the subject that has its sends today, and its person at `as_of`.
        self.holders = [(each.pk, each.person_id, self.persons[each.pk]) for each in subjects]
        before = preferences.find_past_profiles(self.persons, self.as_of)
        self.profiles: dict[uuid.UUID, Subject | PastProfile] = {
            each.pk: before.get(each.pk, each) for each in subjects
        }

    def _find_choices(self) -> None:
        covering = Q(recorded_at__lte=self.as_of)
        for name in PARTS:
            value = getattr(self.question.scope, name)
            covering &= Q(**{name: value}) | Q(**{f"{name}__isnull": True})
        said = LedgerEntry.objects.filter(covering, subject__in=match_any(self.persons, "uuid"))
        for entry in said:
            choice = preferences.build_choice(entry, entry=entry.pk)
            self.choices[self.persons[entry.subject_id]].append(choice)
