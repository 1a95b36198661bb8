"""What one brand may do, purpose by purpose and channel by channel."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from brands.models import Channel, Purpose
from consent import preferences, regimes, residence, resolution
from consent.models import Preference
from consent.regimes import Regimes
from consent.resolution import Choice, Decision, Question, Scope


@dataclass(frozen=True, slots=True)
class Permission:
    purpose: str
    channel: str | None
    decision: Decision
    topic: str | None = None


def of_brands(
    person_id: uuid.UUID, brand_ids: Sequence[int], *, now: datetime
) -> Mapping[int, list[Permission]]:
    """What each brand may do with regard to one person, in four queries however many brands.

    Of topics only those that the person said something about: for the others holds what does for
    their purpose.
    """
    said = _said(person_id, brand_ids)
    held, places = regimes.read(), residence.for_brands(person_id, brand_ids)
    questions = _questions()

    def answer(brand_id: int, place: str | None) -> list[Permission]:
        choices = [*said[None], *said[brand_id]]
        asked = [*questions, *_about_topics(said[brand_id], questions)]
        there = [_there(each, brand_id, held, place) for each in asked]
        return [_permission(choices, each, now) for each in there]

    # Of whom nothing was said by name, each gets the answer of all in its place.
    unnamed: dict[str | None, list[Permission]] = {}

    def answer_once(brand_id: int) -> list[Permission]:
        place = places.get(brand_id)
        if said.get(brand_id):
            return answer(brand_id, place)
        if place not in unnamed:
            unnamed[place] = answer(brand_id, place)
        return unnamed[place]

    return {brand_id: answer_once(brand_id) for brand_id in brand_ids}


def of_topics(
    person_id: uuid.UUID, brand_id: int, topics: Iterable[tuple[str, str]], *, now: datetime
) -> list[Permission]:
    """What one brand may do with each of its *topics*, by purpose and code, on each channel."""
    said = _said(person_id, [brand_id])
    held, place = regimes.read(), residence.for_brands(person_id, [brand_id]).get(brand_id)
    choices = [*said[None], *said[brand_id]]
    return [
        _permission(choices, _there(_about(each, topic), brand_id, held, place), now)
        for purpose, topic in topics
        for each in _questions()
        if each.scope.purpose == purpose
    ]


def _said(person_id: uuid.UUID, brand_ids: Sequence[int]) -> defaultdict[int | None, list[Choice]]:
    about = Q(brand_id__in=brand_ids) | Q(brand_id=None)
    said: defaultdict[int | None, list[Choice]] = defaultdict(list)
    for choice in preferences.choices(Preference.objects.filter(about, subject_id=person_id)):
        said[choice.scope.brand].append(choice)
    return said


def _questions() -> list[Question]:
    """All that can be asked, of no brand yet, with the purposes' own regimes."""
    return [
        Question(Scope(None, purpose.code, channel), purpose.regime)  # type: ignore[arg-type]
        for purpose in Purpose.objects.order_by("position")
        for channel in _channels(purpose)
    ]


def _channels(purpose: Purpose) -> Iterable[str | None]:
    return [*Channel.values] if purpose.has_channels else [None]


def _about_topics(said: Iterable[Choice], questions: Sequence[Question]) -> list[Question]:
    named = sorted({(c.scope.purpose, c.scope.topic) for c in said if c.scope.topic})
    return [
        _about(each, str(topic))
        for purpose, topic in named
        for each in questions
        if each.scope.purpose == purpose
    ]


def _about(question: Question, topic: str) -> Question:
    return question._replace(scope=question.scope._replace(topic=topic))


def _there(question: Question, brand_id: int, held: Regimes, place: str | None) -> Question:
    """The same question, asked by the brand about somebody who lives in *place*."""
    scope = question.scope._replace(brand=brand_id)
    return Question(scope, held.of(question, place))


def _permission(said: Iterable[Choice], question: Question, now: datetime) -> Permission:
    scope = question.scope
    decision = resolution.decide(said, question, now)
    return Permission(str(scope.purpose), scope.channel, decision, scope.topic)
