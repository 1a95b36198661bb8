"""Export of a brand's relationships and choices: all, or what changed since a sequence."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from brands.api.access import BrandView
from brands.api.stream_slots import Streamed
from consent import brand_events, checks, identity
from consent.api import lists
from consent.checks import ExportedPerson
from consent.decision import Choice

PERSON = ["id", "ref", "started_at", "ended_at", "ended_by", "contacts", "subject_seq"]
SCOPE = ["brand", "purpose", "channel", "topic", "contact_point"]
CHOICE = [
    *("entry", *SCOPE, "decision", "until", "limit_max", "limit_per", "expires_at"),
    *("maker", "basis", "made_at"),
]
TAG = "brand: exports"


class Preferences(BrandView):
    scope = "exports"
    queries = {"GET": lists.SinceQuery}

    @extend_schema(responses=lists.RESPONSES, tags=[TAG])
    def get(self, request: Request) -> Streamed:
        """Export all your people with the choices in force.

        With `since`, only people with an event after that sequence are exported, each completely.
        The header `X-Through-Sequence` is the `since` of your next call.
        """
        since, form = self.query.get("since"), self.query["form"]
        identity.check_hash_key()
        through = lists.through(self.brand, since=since)
        people = checks.iterate_preferences(self.brand, since=since, now=timezone.now())
        lines = (
            lists.csv(PERSON + CHOICE, people, _rows)
            if form == "csv"
            else lists.ndjson(people, _line)
        )
        return lists.streamed(lines, self.key, form=form, through=through)


def _line(person: ExportedPerson) -> dict[str, Any]:
    recipient = person.recipient
    return {
        "subject": {"id": recipient.id, "ref": recipient.ref},
        "subject_seq": person.subject_seq,
        "started_at": person.started_at,
        "ended_at": person.ended_at,
        "ended_by": person.ended_by or None,
        "contacts": [{"kind": each.kind, "sha256": each.sha256.hex()} for each in person.contacts],
        "standing": [_build_choice(choice, person) for choice in person.standing],
        "permissions": brand_events.describe_permission_rows(person.permissions),
    }


def _build_choice(choice: Choice, person: ExportedPerson) -> dict[str, Any]:
    """Return a choice as `relationship.started` has it, with its basis.

    The source is left out: it would reveal that two of the brand's people were merged.
    """
    said = brand_events.describe_choice(choice, person.recipient)
    return said | {"basis": choice.basis}


def _rows(person: ExportedPerson) -> Iterator[list[Any]]:
    """Yield a row for each choice in force, or one row without a choice."""
    contacts = " ".join(f"{each.kind}:{each.sha256.hex()}" for each in person.contacts)
    times = person.started_at, person.ended_at, person.ended_by
    recipient = person.recipient
    known = [recipient.id, recipient.ref, *times, contacts, person.subject_seq]
    if not person.standing:
        yield [*known, *[None] * len(CHOICE)]
    for choice in person.standing:
        said = _build_choice(choice, person)
        limit = said["limit"] or {"max": None, "per": None}
        flat = said | said["scope"] | {"limit_max": limit["max"], "limit_per": limit["per"]}
        yield [*known, *(flat[name] for name in CHOICE)]
