"""Changes at an even pace, and when each was committed, printed as JSON by the event's `entry`.

`python -m tests.bench.changes --url URL --changes N --rate R [--plain]`: with `--plain` the brand
has no webhook, and a Celery task is published for each change instead. Times are seconds of the
machine's monotonic clock, which all processes share.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from typing import Any

import django
from django.db import transaction
from django.utils import timezone

PEOPLE = 200


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.changes", description=__doc__)
    parser.add_argument("--url", required=True)
    parser.add_argument("--changes", type=int, required=True)
    parser.add_argument("--rate", type=float, default=20.0, help="a second")
    parser.add_argument("--plain", action="store_true")
    parser.add_argument("--keep", action="store_true", help="the webhooks that the brand has")
    chosen = parser.parse_args()
    brand = _brand(chosen.url, plain=chosen.plain, keep=chosen.keep)
    tell = _plainly(chosen.url) if chosen.plain else None
    print(json.dumps(_change(brand, _people(brand), chosen.changes, chosen.rate, tell)))


def _brand(url: str, *, plain: bool, keep: bool) -> Any:
    from brands import webhooks
    from brands.models import Brand

    slug = "bench-plain" if plain else "bench-told"
    brand, _ = Brand.objects.get_or_create(slug=slug, defaults={"name": slug})
    mine = webhooks.filter_subscriptions(brand)
    if keep:
        return brand
    for old in mine.exclude(url=url):
        webhooks.disable_subscription(old, reason="removed", now=timezone.now())
    if not plain and not mine.filter(url=url).exists():
        webhooks.create_subscription(brand, webhooks.SubscriptionTerms(url=url), now=timezone.now())
    return brand


def _people(brand: Any) -> list[Any]:
    """Return relationships of the brand, which begin where there are none."""
    from consent.ledger.recording import Actor
    from consent.models import Relationship, Subject
    from consent.relationships import lifecycle

    known = list(Relationship.objects.active().filter(brand=brand)[:PEOPLE])
    if known:
        return known
    people = Subject.objects.order_by("pk").values_list("pk", flat=True)[:PEOPLE]
    now = timezone.now()
    begun = [
        lifecycle.start_relationship(each, brand, by=Actor("api"), now=now)[0] for each in people
    ]
    time.sleep(3)  # what that told has arrived
    return begun


def _change(
    brand: Any,
    people: list[Any],
    changes: int,
    rate: float,
    tell: Callable[[Any], None] | None,
) -> dict[str, float]:
    committed: dict[str, float] = {}
    begun = time.monotonic() + 0.5
    for number in range(changes):
        time.sleep(max(0.0, begun + number / rate - time.monotonic()))
        entry = _record(brand, people[number % len(people)], committed, tell)
        assert entry in committed
    return committed


def _record(
    brand: Any,
    person: Any,
    committed: dict[str, float],
    tell: Callable[[Any], None] | None,
) -> str:
    from consent.brand_events.entry_ids import build_entry_id
    from consent.decision.resolution import Scope
    from consent.ledger import recording
    from consent.ledger.recording import Actor, ChoiceTerms, NewChoice

    choice = NewChoice(Scope(brand.pk, "marketing", "email"), ChoiceTerms("deny"))
    with transaction.atomic():
        at: list[float] = []
        # The first of the hooks, so that what follows the commit counts.
        transaction.on_commit(lambda: at.append(time.monotonic()))
        (entry,) = recording.record_choices(
            person.subject_id, [choice], by=Actor("portal"), now=timezone.now()
        )
        told = str(entry.pk if tell else build_entry_id(entry.pk, person.pk))
        if tell:
            transaction.on_commit(lambda: tell(entry))
    committed[told] = at[0]
    return told


def _plainly(url: str) -> Callable[[Any], None]:
    from tests.bench import plain

    filler = "x" * 400  # about as long as an event of ours

    def tell(entry: Any) -> None:
        plain.post.delay(url, f'{{"entry":"{entry.pk}","sequence":1,"filler":"{filler}"}}')

    return tell


if __name__ == "__main__":
    django.setup()
    main()
