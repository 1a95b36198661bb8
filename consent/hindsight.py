"""What the answer was at a past moment, by the ledger.

Of a relationship that ended and began again only the newest time is known. Regimes are those of
today, by where the person lives today, and what quiet hours and budgets left of a yes is not told:
their past is not kept. A brand asks by the minute: Note [Rounded times].
"""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q

from consent import checks, people, preferences, regimes, residence, resolution
from consent.checks import Asked
from consent.models import LedgerEntry, Relationship
from consent.recipients import find_contact_point
from consent.resolution import Decision, Question
from consent.rounding import floor_to_minute


class NotYet(ValueError):
    """A moment that has not come cannot be looked back at."""

    field = "as_of"


def check(asked: Asked, *, as_of: datetime, now: datetime) -> Decision:
    """Decide by what had been recorded by the full minute at or before *as_of*.

    Raises:
        NotYet, and what `checks.check` raises
    """
    if as_of > now:
        raise NotYet("as_of lies in the future: ask with `at`")
    as_of = floor_to_minute(as_of)
    question = checks.look_up(asked).question
    relationship = people.ever(asked.brand_id, asked.contact)
    if relationship is None:
        return resolution.no_relationship(as_of)
    return of_relationship(relationship, question, as_of=as_of)


def of_relationship(relationship: Relationship, question: Question, *, as_of: datetime) -> Decision:
    """Decide about a relationship that is at hand, at the very moment; the question's regime is the
    purpose's own, and its contact point that of the relationship."""
    if not _stood(relationship, as_of):
        return resolution.no_relationship(as_of)
    # Of a relationship that is over `look_up` knows nothing, nor where the person lives.
    place = residence.of(relationship.person, relationship)
    point = find_contact_point(relationship.subject_id)
    question = question._replace(
        scope=question.scope._replace(contact_point=point),
        regime=regimes.by_place(question)(place),
    )
    about = Q(brand_id=relationship.brand_id) | Q(brand_id=None)
    person = relationship.subject.person_id_at(as_of)
    entries = LedgerEntry.objects.of_person(person, as_of=as_of).filter(about)
    said = preferences.choices_of_ledger(entries.filter(recorded_at__lte=as_of))
    decision = resolution.decide(resolution.fold(said), question, as_of)
    return decision._replace(relationship_id=relationship.pk)


def _stood(relationship: Relationship, moment: datetime) -> bool:
    ended = relationship.ended_at
    return relationship.started_at <= moment and (ended is None or moment < ended)
