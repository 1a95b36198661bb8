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


def of_brands(
    subject_id: uuid.UUID, brand_ids: Sequence[int], *, now: datetime
) -> Mapping[int, list[Permission]]:
    """What each brand may do with regard to one person, in four queries however many brands."""
    about = Q(brand_id__in=brand_ids) | Q(brand_id=None)
    said: dict[int | None, list[Choice]] = defaultdict(list)
    for choice in preferences.choices(Preference.objects.filter(about, subject_id=subject_id)):
        said[choice.scope.brand].append(choice)
    held, places = regimes.read(), residence.for_brands(subject_id, brand_ids)
    questions = _questions()
    return {
        brand_id: [
            _permission(
                said[None] + said[brand_id], _there(each, brand_id, held, places.get(brand_id)), now
            )
            for each in questions
        ]
        for brand_id in brand_ids
    }


def _questions() -> list[Question]:
    """All that can be asked, of no brand yet, with the purposes' own regimes."""
    return [
        Question(Scope(None, purpose.code, channel), purpose.regime)  # type: ignore[arg-type]
        for purpose in Purpose.objects.order_by("position")
        for channel in _channels(purpose)
    ]


def _channels(purpose: Purpose) -> Iterable[str | None]:
    return [*Channel.values] if purpose.has_channels else [None]


def _there(question: Question, brand_id: int, held: Regimes, place: str | None) -> Question:
    """The same question, asked by the brand about somebody who lives in *place*."""
    scope = question.scope._replace(brand=brand_id)
    return Question(scope, held.of(question, place))


def _permission(said: Iterable[Choice], question: Question, now: datetime) -> Permission:
    decision = resolution.decide(said, question, now)
    return Permission(str(question.scope.purpose), question.scope.channel, decision)
