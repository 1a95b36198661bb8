"""A brand's stream with a backlog, and endpoints for it; printed as JSON what to know of them.

`python -m tests.bench.backlog --events N --url URL` makes what is not there yet.
`… --seek` has all of it sent (again): to the endpoint that takes so many events a request.
"""

from __future__ import annotations

import argparse
import json
import uuid
from typing import Any

import django
from django.db import transaction
from django.utils import timezone

PEOPLE = 1_000
BATCHES = (1, 100)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.backlog", description=__doc__)
    parser.add_argument("--events", type=int, required=True)
    parser.add_argument("--url", required=True)
    parser.add_argument("--seek", type=int, choices=BATCHES)
    chosen = parser.parse_args()
    brand = _brand(chosen.events)
    if chosen.seek:
        _send_again(brand, chosen.url, chosen.seek)
    print(json.dumps({"brand": brand}))


def _brand(events: int) -> int:
    from brands.events import stream
    from brands.models import Brand

    brand, _ = Brand.objects.get_or_create(slug="bench-backlog", defaults={"name": "Backlog"})
    missing = range(stream.read_last_sequence(brand.pk), events)
    for some in (missing[n : n + 1_000] for n in range(0, len(missing), 1_000)):
        with transaction.atomic():
            stream.append_event([_notice(brand.pk, number) for number in some])
    return brand.pk


def _notice(brand_id: int, number: int) -> Any:
    from brands.events import stream
    from core.db.uuid7 import new_id

    now, person = timezone.now(), uuid.UUID(int=1 + number % PEOPLE)
    scope = {"brand": "bench-backlog", "purpose": "marketing", "channel": "email"}
    data = {
        "subject": {"id": person, "ref": f"customer-{number % PEOPLE}"},
        "subject_seq": number,
        "entry": new_id(),
        "scope": scope | {"topic": None, "contact_point": None},
        "decision": "deny",
        "until": None,
        "expires_at": None,
        "limit": None,
        "reason": "too_many_from_brand",
        "source": "portal",
        "made_at": now,
        "recorded_at": now,
        "honour_by": now,
    }
    return stream.NewEvent(brand_id, "preference.denied", now, person, new_id(), data)


def _send_again(brand_id: int, url: str, batch: int) -> None:
    """One endpoint is enabled at a time, so that nothing else is sent meanwhile."""
    from brands import webhooks
    from brands.models import Brand, Subscription

    now = timezone.now()
    for each in Subscription.objects.filter(brand_id=brand_id, disabled_at=None):
        webhooks.disable_subscription(each, reason="by_brand", now=now)
    mine = Subscription.objects.filter(brand_id=brand_id, batch=batch, url=url).first()
    if mine is None:
        terms = webhooks.SubscriptionTerms(url=url, batch=batch)
        mine, _ = webhooks.create_subscription(Brand.objects.get(pk=brand_id), terms, now=now)
    webhooks.move_cursor(mine, after=0)
    webhooks.enable_subscription(mine, now=now)


if __name__ == "__main__":
    django.setup()
    main()
