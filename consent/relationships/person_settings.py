"""A person's settings: where they live, and their quiet hours."""

from __future__ import annotations

import uuid
from copy import copy
from datetime import datetime, time
from typing import TypedDict

from django.db import transaction

from consent import decision, ledger, preferences
from consent.decision import QuietHours, UnknownTimeZone
from consent.models import Subject
from core import jurisdictions


class SettingsChange(TypedDict, total=False):
    """A change of settings. Omitted keys stay as they are.

    An empty time zone means none. Quiet hours are a start and an end.
    """

    jurisdiction: str | None
    time_zone: str
    quiet_hours: tuple[time, time] | None


def change_settings(subject_id: uuid.UUID, changes: SettingsChange, *, now: datetime) -> Subject:
    """Apply *changes*. Every check uses them once this has returned.

    Raises:
        jurisdictions.UnknownJurisdiction: the jurisdiction is not a known code.
        UnknownTimeZone: the zone is not an IANA name.
        decision.StartIsEnd: the quiet hours start and end at the same time.
    """
    with transaction.atomic():
        subject = ledger.lock_subject(subject_id)
        before = copy(subject)
        if "jurisdiction" in changes:
            place = changes["jurisdiction"]
            subject.jurisdiction = (
                None if place is None else jurisdictions.is_known_jurisdiction(place)
            )
        if (zone := changes.get("time_zone")) is not None:
            subject.time_zone = _known(zone)
        if "quiet_hours" in changes:
            hours = changes["quiet_hours"]
            if hours is not None:
                QuietHours(*hours, subject.time_zone)  # raises StartIsEnd
            subject.quiet_start, subject.quiet_end = hours or (None, None)
        if _read_profile(subject) != _read_profile(before):
            preferences.store_past_profile(before, until=now)
            subject.save(update_fields=preferences.PROFILE_COLUMNS)
    return subject


def _read_profile(subject: Subject) -> tuple[object, ...]:
    return tuple(getattr(subject, name) for name in preferences.PROFILE_COLUMNS)


def _known(zone: str) -> str:
    if zone and zone not in decision.list_time_zones():
        raise UnknownTimeZone(f"there is no time zone {zone!r}; write it like Europe/Berlin")
    return zone
