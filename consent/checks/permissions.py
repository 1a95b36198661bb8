"""What one brand may do, by purpose and channel."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from brands.models import Channel, Purpose
from consent import preferences, rules
from consent.decision import Choice, Decision, Question, Scope, decide_by_choices
from consent.models import Identifier, Preference, Relationship
from consent.rules import Regimes


@dataclass(frozen=True, slots=True)
class Permission:
    purpose: str
    channel: str | None
    decision: Decision
    topic: str | None = None


def list_relationship_permissions(
    person_id: uuid.UUID, known: Sequence[Relationship], *, now: datetime
) -> Mapping[uuid.UUID, list[Permission]]:
    """Return the permissions of each of a person's relationships, in five queries in total.

    A relationship has one address, so each answer equals a check of this address. Only topics with
    a choice of their own are listed. For the other topics the answer of their purpose applies.
    """
    said = _list_choices(person_id, {each.brand_id for each in known})
    held, home = rules.read_regimes(), rules.find_stated_residence(person_id)
    points = _contact_points(known)
    named = {choice.scope.contact_point for choice in said[None]}
    questions = _questions()

    def answer(one: Relationship) -> list[Permission]:
        own = said.get(one.brand_id, [])
        asked = [*questions, *_about_topics(own, questions)]
        there = (_there(q, one, points.get(one.subject_id), held, home) for q in asked)
        return [_permission([*said[None], *own], each, now) for each in there]

    # Relationships with brands that no choice names share one answer per residence and address.
    unnamed: dict[object, list[Permission]] = {}

    def answer_once(one: Relationship) -> list[Permission]:
        if said.get(one.brand_id):
            return answer(one)
        point = points.get(one.subject_id)
        key = home or one.jurisdiction, point if point in named else None
        if key not in unnamed:
            unnamed[key] = answer(one)
        return unnamed[key]

    return {one.pk: answer_once(one) for one in known}


def list_brand_permissions(
    person_id: uuid.UUID, known: Sequence[Relationship], *, now: datetime
) -> Mapping[int, list[Permission]]:
    """Return what each brand may do by any address by which it knows the person, by brand id."""
    may = list_relationship_permissions(person_id, known, now=now)
    by_brand = defaultdict(list)
    for one in known:
        by_brand[one.brand_id].append(may[one.pk])
    return {brand_id: join_address_permissions(each) for brand_id, each in by_brand.items()}


def join_address_permissions(permissions: Sequence[Sequence[Permission]]) -> list[Permission]:
    """Return one answer for each question: a yes if any of the addresses has a yes."""
    first, *others = permissions
    if not others:
        return list(first)
    return [
        max(same, key=lambda each: each.decision.allowed)
        for same in zip(first, *others, strict=True)
    ]


def list_topic_permissions(
    person_id: uuid.UUID,
    known: Sequence[Relationship],
    topics: Iterable[tuple[str, str]],
    *,
    now: datetime,
) -> list[Permission]:
    """Return what one brand may do with each of its *topics* on each channel.

    *topics* are pairs of purpose and code. *known* are the brand's relationships with the person.
    """
    brand_id = known[0].brand_id
    said = _list_choices(person_id, [brand_id])
    held, home = rules.read_regimes(), rules.find_stated_residence(person_id)
    points = _contact_points(known)
    choices = [*said[None], *said[brand_id]]
    asked = [
        _about(each, topic)
        for purpose, topic in topics
        for each in _questions()
        if each.scope.purpose == purpose
    ]
    return join_address_permissions(
        [
            [
                _permission(choices, _there(each, one, points.get(one.subject_id), held, home), now)
                for each in asked
            ]
            for one in known
        ]
    )


def _contact_points(known: Iterable[Relationship]) -> dict[uuid.UUID, int]:
    """Return the one address of each relationship, by its subject."""
    subjects = Identifier.objects.filter(subject__in={each.subject_id for each in known})
    return dict(subjects.values_list("subject", "pk"))


def _list_choices(
    person_id: uuid.UUID, brand_ids: Collection[int]
) -> defaultdict[int | None, list[Choice]]:
    about = Q(brand_id__in=brand_ids) | Q(brand_id=None)
    said: defaultdict[int | None, list[Choice]] = defaultdict(list)
    for choice in preferences.build_choices(Preference.objects.filter(about, subject_id=person_id)):
        said[choice.scope.brand].append(choice)
    return said


def _questions() -> list[Question]:
    """Return every possible question, without a brand, and with the purposes' own regimes."""
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


def _there(
    question: Question, one: Relationship, point: int | None, held: Regimes, home: str | None
) -> Question:
    """Return the question with the relationship's brand, address and regime.

    *home* is where the person says they live.
    """
    scope = question.scope._replace(brand=one.brand_id, contact_point=point)
    return Question(scope, held.find_regime(question, home or one.jurisdiction))


def _permission(said: Iterable[Choice], question: Question, now: datetime) -> Permission:
    scope = question.scope
    decision = decide_by_choices(said, question, now)
    return Permission(str(scope.purpose), scope.channel, decision, scope.topic)
