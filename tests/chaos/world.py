"""The two looks at the inside, each in a process of its own: before the run, and after it.

`python -m tests.chaos.world make` fills an empty database with brands and people and prints how
they are called and let in; `look` prints what the ledger holds, and what the service's own check
answers at that moment about each relationship, for the checker to compare.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import product
from typing import Any

import django
import orjson

django.setup()

from django.utils import timezone  # noqa: E402

from brands.credentials import brand_keys  # noqa: E402
from brands.models import Brand, Channel, Purpose, Topic  # noqa: E402
from cmr.accounts import ownership  # noqa: E402
from cmr.choices import choose  # noqa: E402
from cmr.choices.choose import ChoiceRequest  # noqa: E402
from cmr.models import Consumer  # noqa: E402
from cmr.sign_in import access_tokens  # noqa: E402
from consent import integrity  # noqa: E402
from consent.brand_events import payloads, recipients  # noqa: E402
from consent.brand_events.entry_ids import build_entry_id  # noqa: E402
from consent.checks import single  # noqa: E402
from consent.checks.single import Asked  # noqa: E402
from consent.identity.identifiers import Contact  # noqa: E402
from consent.ledger.recording import ChoiceTerms  # noqa: E402
from consent.models import DailyCount, LedgerEntry, Relationship, Subject  # noqa: E402
from consent.reporting.counters import COUNTERS  # noqa: E402
from consent.rules.scope_names import ScopeNames  # noqa: E402

BRANDS = ["acme", "bolt", "coda", "dune"]
PEOPLE = 20
#: Who chose of each of acme's topics before the run, and on which channels. With all three, the
#: permissions are too many for an event; with two they become so, and fewer again, in the run.
TOPICS = [f"topic-{number}" for number in range(16)]
TALKATIVE = {0: ["email", "sms", "push"], 3: ["sms", "push"]}
#: Where people live, one after the other: other defaults hold there.
PLACES = [None, "US-CA", "DE"]


def make() -> dict[str, Any]:
    brands = [Brand.objects.create(slug=slug, name=slug.title()) for slug in BRANDS]
    for code in TOPICS:
        Topic.objects.create(brand=brands[0], purpose_id="marketing", code=code, name=code)
    return {
        "keys": {brand.slug: brand_keys.issue_key(brand, name="chaos") for brand in brands},
        "people": [_person(number, brands) for number in range(PEOPLE)],
        "entries": LedgerEntry.objects.count(),
    }


def _person(number: int, brands: list[Brand]) -> dict[str, Any]:
    """Each deals with two brands or more, and not all with the same."""
    now, name = timezone.now(), f"p{number}"
    consumer = ownership.open_account(email=f"{name}@example.org", password=None, verified_at=now)
    Subject.objects.filter(pk=consumer.subject_id).update(jurisdiction=PLACES[number % len(PLACES)])
    mine = [brands[(number + n) % len(brands)] for n in range(2 + number % 3)]
    for brand in mine:
        choose.add_brand(consumer, brand, by="api", now=now)
    if number in TALKATIVE:
        wishes = list(_wishes_about_topics(TALKATIVE[number]))
        choose.record_choices(consumer, wishes, by="api", now=now)
    return {
        "name": name,
        "subject": consumer.subject_id,
        "token": access_tokens.issue_token(consumer, name="chaos"),
        "brands": [brand.slug for brand in mine],
    }


def _wishes_about_topics(channels: Iterable[str]) -> Iterator[ChoiceRequest]:
    for channel in channels:
        yield ChoiceRequest(ScopeNames("acme", "marketing", channel), ChoiceTerms("deny"))
    for number, topic in enumerate(TOPICS):
        terms = ChoiceTerms("grant" if number % 2 else "deny")
        yield ChoiceRequest(ScopeNames("acme", "marketing", topic=topic), terms)


def look() -> dict[str, Any]:
    """What is there at this moment; nobody may choose meanwhile."""
    now = timezone.now()
    slugs = dict(Brand.objects.values_list("pk", "slug"))
    entries = list(LedgerEntry.objects.order_by("subject_seq"))
    relationships = Relationship.objects.select_related("brand", "person")
    return {
        "at": now,
        "regimes": dict(Purpose.objects.values_list("code", "regime")),
        "entries": [_entry(each, slugs) for each in entries],
        "relationships": [_relationship(each, entries, now) for each in relationships],
        "counts": [
            [slugs[row.brand_id], row.purpose, row.channel, name, getattr(row, name)]
            for row in DailyCount.objects.all()
            for name in COUNTERS
        ],
        "breaks": [str(each) for each in integrity.verify_ledger()],
    }


def _entry(entry: LedgerEntry, slugs: dict[int, str]) -> dict[str, Any]:
    return {
        "entry": entry.pk,
        "subject": entry.subject_id,
        "subject_seq": entry.subject_seq,
        "brand": None if entry.brand_id is None else slugs[entry.brand_id],
        "purpose": entry.purpose_id,
        "channel": entry.channel,
        "topic": entry.topic,
        "decision": entry.decision,
    }


def _relationship(
    relationship: Relationship, entries: Iterable[LedgerEntry], now: datetime
) -> dict[str, Any]:
    """What its brand may know: by which ids it reads the person's entries, and what it may do."""
    person = relationship.person
    standing = payloads.read_current_state(
        recipients.build_recipient(relationship), person.pk, person.jurisdiction
    )
    return {
        "id": relationship.pk,
        "subject": person.pk,
        "brand": relationship.brand.slug,
        "entry_ids": {
            str(build_entry_id(each.pk, relationship.pk)): each.pk
            for each in entries
            if each.subject_id == person.pk
        },
        "answers": list(_answers(relationship, now)),
        "is_crowded": standing.permissions(now) is None,
    }


def _answers(relationship: Relationship, now: datetime) -> Iterator[list[Any]]:
    """What a check by the person's address says to each question that the brand may ask."""
    address = Consumer.objects.get(subject=relationship.person_id).user.email
    for question in _questions(relationship.brand):
        asked = Asked(relationship.brand_id, Contact(email=address), *question)
        yield [*question, single.check_contact(asked, now=now).allowed]


def _questions(brand: Brand) -> Iterator[tuple[str, str | None, str | None]]:
    """Purpose, channel and topic; of the topics, a yes and a no of before the run."""
    topics = list(brand.topics.filter(code__in=TOPICS[:2]))
    for purpose in Purpose.objects.order_by("position"):
        channels: list[str | None] = [*Channel.values] if purpose.has_channels else [None]
        mine = [topic.code for topic in topics if topic.purpose_id == purpose.code]
        for channel, topic in product(channels, [None, *mine]):
            yield purpose.code, channel, topic


if __name__ == "__main__":
    sys.stdout.buffer.write(orjson.dumps({"make": make, "look": look}[sys.argv[1]]()))
