"""What one brand may do, purpose by purpose and channel by channel."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from brands.models import Channel, Purpose
from consent import preferences, resolution
from consent.models import Preference
from consent.resolution import Choice, Decision, Question, Scope


@dataclass(frozen=True, slots=True)
class Permission:
    purpose: str
    channel: str | None
    decision: Decision


def of_brands(
    subject_id: uuid.UUID, brand_ids: Sequence[int], *, now: datetime
) -> Mapping[int, list[Permission]]:
    """What each brand may do with regard to one person, in two queries however many brands."""
    about = Q(brand_id__in=brand_ids) | Q(brand_id=None)
    said: dict[int | None, list[Choice]] = defaultdict(list)
    for choice in preferences.choices(Preference.objects.filter(about, subject_id=subject_id)):
        said[choice.scope.brand].append(choice)
    questions = [(p, c) for p in Purpose.objects.order_by("position") for c in _channels(p)]
    return {
        brand_id: [
            _permission(said[None] + said[brand_id], brand_id, purpose, channel, now)
            for purpose, channel in questions
        ]
        for brand_id in brand_ids
    }


def _channels(purpose: Purpose) -> Iterable[str | None]:
    return list(Channel) if purpose.has_channels else [None]


def _permission(
    said: Iterable[Choice], brand_id: int, purpose: Purpose, channel: str | None, now: datetime
) -> Permission:
    scope = Scope(brand_id, purpose.code, channel)
    question = Question(scope, purpose.regime)  # type: ignore[arg-type]
    return Permission(
        purpose.code, channel and str(channel), resolution.decide(said, question, now)
    )
