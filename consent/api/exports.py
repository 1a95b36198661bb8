"""A brand's copy of what its people said: whole, or what changed since a sequence."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from brands.api.access import BrandView
from brands.api.places import Streamed
from brands.models import Brand
from brands.wire import translating
from consent import contact_hashes, exports, notices
from consent.api import lists
from consent.exports import Person
from consent.resolution import Choice

PERSON = ["id", "ref", "started_at", "ended_at", "ended_by", "contacts"]
SCOPE = ["brand", "purpose", "channel", "topic", "contact_point"]
CHOICE = [
    *("entry", *SCOPE, "decision", "until", "limit_max", "limit_per", "expires_at"),
    *("maker", "basis", "made_at"),
]
TAG = "brand: exports"


class Preferences(BrandView):
    scope = "exports"

    @extend_schema(parameters=[lists.SinceQuery], responses=lists.RESPONSES, tags=[TAG])
    def get(self, request: Request) -> Streamed:
        """All your people, and of each what stands: your copy anew.

        With `since`, those about whom you were told anything after that sequence, each of them
        whole. The header `X-Through-Sequence` says what to give as `since` the next time.
        """
        query = lists.SinceQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        since, form = query.validated_data.get("since"), query.validated_data["form"]
        with translating(lists.PROBLEMS):
            contact_hashes.check_key()
        through = lists.through(self.brand, since=since)
        people = exports.preferences(self.brand.pk, since=since, now=timezone.now())
        lines = (
            lists.csv(PERSON + CHOICE, people, partial(_rows, brand=self.brand))
            if form == "csv"
            else lists.ndjson(people, partial(_line, brand=self.brand))
        )
        return lists.streamed(lines, self.brand, form=form, through=through)


def _line(person: Person, brand: Brand) -> dict[str, Any]:
    return {
        "subject": {"id": person.id, "ref": person.ref},
        "started_at": person.started_at,
        "ended_at": person.ended_at,
        "ended_by": person.ended_by or None,
        "contacts": [{"kind": each.kind, "sha256": each.sha256.hex()} for each in person.contacts],
        "standing": [_said(choice, brand) for choice in person.standing],
    }


def _said(choice: Choice, brand: Brand) -> dict[str, Any]:
    """As in `relationship.started`, and the basis of a yes.

    By which door the person spoke is not for brands: it would tell that two of theirs were merged.
    """
    said = notices.standing_choice(choice, slug=brand.slug, told_to=brand.pk)
    return said | {"basis": choice.basis}


def _rows(person: Person, brand: Brand) -> Iterator[list[Any]]:
    """A row for each choice; one without, where nothing stands."""
    contacts = " ".join(f"{each.kind}:{each.sha256.hex()}" for each in person.contacts)
    known = [person.id, person.ref, person.started_at, person.ended_at, person.ended_by, contacts]
    if not person.standing:
        yield [*known, *[None] * len(CHOICE)]
    for choice in person.standing:
        said = _said(choice, brand)
        limit = said["limit"] or {"max": None, "per": None}
        flat = said | said["scope"] | {"limit_max": limit["max"], "limit_per": limit["per"]}
        yield [*known, *(flat[name] for name in CHOICE)]
