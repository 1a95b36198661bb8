"""Past states: what applied before a change, kept so that a past check can be repeated.

Note [Past states]. Some changes affect checks and are no ledger entries. Such a change stores the
previous state in the same transaction. The state at a moment is the first stored one with a later
`until`, else the current one. So nothing is written until something changes, and a check of now
reads the current row alone.

Example: a person moved from US-CA to DE at 10:00. One row is stored (US-CA, until 10:00), and their
subject says DE. As of 9:59 the stored row is found. As of 10:00 none is found, so DE applies.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, TypeVar

from django.db.models import Model, Q

from consent.models import PastMerge, PastProfile, PastRelationship, Relationship, Subject
from core.db import match_any

PROFILE_COLUMNS = ("jurisdiction", "time_zone", "quiet_start", "quiet_end")
Past = TypeVar("Past", bound=Model)


def build_past_relationship(relationship: Relationship, *, until: datetime) -> PastRelationship:
    """Return the row that stores the present state of *relationship*. Call it before the change."""
    return PastRelationship(
        relationship_id=relationship.pk,
        subject_id=relationship.subject_id,
        started_at=relationship.started_at,
        ended_at=relationship.ended_at,
        jurisdiction=relationship.jurisdiction,
        until=until,
    )


def store_past_relationship(relationship: Relationship, *, until: datetime) -> None:
    """Store the present state of *relationship*. Call it before the change."""
    build_past_relationship(relationship, until=until).save(force_insert=True)


def store_past_profile(subject: Subject, *, until: datetime) -> None:
    """Store the present residence and quiet hours of *subject*. Call it before the change."""
    said = {name: getattr(subject, name) for name in PROFILE_COLUMNS}
    PastProfile.objects.create(subject=subject, until=until, **said)


def store_past_merges(into: Subject, *, until: datetime) -> None:
    """Store which subjects had been merged into *into*, which is about to be merged itself."""
    merged = Subject.objects.filter(merged_into=into).values_list("pk", flat=True)
    rows = [PastMerge(subject_id=pk, merged_into=into, until=until) for pk in merged]
    PastMerge.objects.bulk_create(rows)


def erase_past_profiles(person_id: uuid.UUID) -> None:
    """Delete the person's past residences and quiet hours."""
    mine = Q(subject=person_id) | Q(subject__merged_into=person_id)
    PastProfile.objects.filter(mine).delete()


def find_past_relationships(
    ids: Iterable[uuid.UUID], as_of: datetime
) -> dict[uuid.UUID, PastRelationship]:
    """Return the state of each relationship at *as_of*, only for those that changed since."""
    return _first_after(PastRelationship, "relationship", ids, as_of)


def find_past_profiles(ids: Iterable[uuid.UUID], as_of: datetime) -> dict[uuid.UUID, PastProfile]:
    """Return the profile of each subject at *as_of*, only for those that changed since."""
    return _first_after(PastProfile, "subject", ids, as_of)


def find_past_persons(subjects: Sequence[Subject], as_of: datetime) -> dict[uuid.UUID, uuid.UUID]:
    """Return each subject's person at *as_of*: itself, or the one it had been merged into."""
    merged = {each.pk for each in subjects if each.merged_at and each.merged_at <= as_of}
    past = _first_after(PastMerge, "subject", merged, as_of) if merged else {}

    def person_of(subject: Subject) -> uuid.UUID:
        if subject.pk not in merged:
            return subject.pk
        kept = past.get(subject.pk)
        return kept.merged_into_id if kept else subject.person_id

    return {each.pk: person_of(each) for each in subjects}


def _first_after(
    model: type[Past], name: str, ids: Iterable[uuid.UUID], as_of: datetime
) -> dict[uuid.UUID, Past]:
    wanted: dict[str, Any] = {f"{name}__in": match_any(ids, "uuid"), "until__gt": as_of}
    kept = model._default_manager.filter(**wanted).order_by(name, "until", "pk").distinct(name)
    return {getattr(each, f"{name}_id"): each for each in kept}
