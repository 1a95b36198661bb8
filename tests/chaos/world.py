"""The two looks at the inside, each in a process of its own: before the run, and after it.

`python -m tests.chaos.world make` fills an empty database with brands and people and prints how
they are called and let in; `look` prints what the ledger holds, for the checker to compare.
"""

from __future__ import annotations

import sys
from typing import Any

import django
import orjson

django.setup()

from django.utils import timezone  # noqa: E402

from brands import keys  # noqa: E402
from brands.models import Brand  # noqa: E402
from cmr import accounts, preferences, tokens  # noqa: E402
from consent import chain  # noqa: E402
from consent.metrics import COUNTERS  # noqa: E402
from consent.models import DailyCount, LedgerEntry, Relationship, Subject  # noqa: E402

BRANDS = ["acme", "bolt", "coda", "dune"]
PEOPLE = 20


def make() -> dict[str, Any]:
    brands = [Brand.objects.create(slug=slug, name=slug.title()) for slug in BRANDS]
    return {
        "keys": {brand.slug: keys.issue(brand, name="chaos") for brand in brands},
        "people": [_person(number, brands) for number in range(PEOPLE)],
    }


def _person(number: int, brands: list[Brand]) -> dict[str, Any]:
    """Each deals with two brands or more, and not all with the same."""
    now, name = timezone.now(), f"p{number}"
    consumer = accounts.open_account(email=f"{name}@example.org", password=None, verified_at=now)
    mine = [brands[(number + n) % len(brands)] for n in range(2 + number % 3)]
    for brand in mine:
        preferences.add_brand(consumer, brand, by="api", now=now)
    return {
        "name": name,
        "subject": consumer.subject_id,
        "token": tokens.issue(consumer, name="chaos"),
        "brands": [brand.slug for brand in mine],
    }


def look() -> dict[str, Any]:
    slugs = dict(Brand.objects.values_list("pk", "slug"))
    return {
        "entries": [_entry(each, slugs) for each in LedgerEntry.objects.order_by("subject_seq")],
        "relationships": [
            [each.pk, each.subject_id, slugs[each.brand_id]] for each in Relationship.objects.all()
        ],
        "counts": [
            [slugs[row.brand_id], row.purpose, row.channel, name, getattr(row, name)]
            for row in DailyCount.objects.all()
            for name in COUNTERS
        ],
        "breaks": [
            f"{subject.pk}: {said}"
            for subject in Subject.objects.all()
            for said in chain.breaks(subject)
        ],
    }


def _entry(entry: LedgerEntry, slugs: dict[int, str]) -> dict[str, Any]:
    return {
        "entry": entry.pk,
        "subject": entry.subject_id,
        "subject_seq": entry.subject_seq,
        "brand": None if entry.brand_id is None else slugs[entry.brand_id],
        "purpose": entry.purpose_id,
        "channel": entry.channel,
        "decision": entry.decision,
    }


if __name__ == "__main__":
    sys.stdout.buffer.write(orjson.dumps({"make": make, "look": look}[sys.argv[1]]()))
