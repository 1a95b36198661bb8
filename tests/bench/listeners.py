"""Webhooks for the benches: `python -m tests.bench.listeners --url URL …`.

`--brands ID …` gives each of these brands one, or none without a URL. `--good N --hanging M` gives
the brand of `changes` so many that answer and so many that never do. All others that these brands
have are ended.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable

import django
from django.utils import timezone


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.listeners", description=__doc__)
    parser.add_argument("--url", default="")
    parser.add_argument("--brands", type=int, nargs="*", default=[])
    parser.add_argument("--good", type=int, default=0)
    parser.add_argument("--hanging", type=int, default=0)
    chosen = parser.parse_args()
    for brand_id in chosen.brands:
        _listen(brand_id, [chosen.url] if chosen.url else [])
    if chosen.good:
        good = [f"{chosen.url}good/{number}" for number in range(chosen.good)]
        hanging = [f"{chosen.url}hang/{number}" for number in range(chosen.hanging)]
        _listen(_told(), good + hanging)


def _told() -> int:
    from brands.models import Brand

    name = "bench-told"
    return Brand.objects.get_or_create(slug=name, defaults={"name": name})[0].pk


def _listen(brand_id: int, urls: Iterable[str]) -> None:
    from brands import webhooks
    from brands.models import Brand, Subscription

    now = timezone.now()
    Subscription.objects.filter(brand_id=brand_id).exclude(disabled_reason="removed").update(
        disabled_at=now, disabled_reason="removed"
    )
    for url in urls:
        webhooks.create_subscription(
            Brand.objects.get(pk=brand_id), webhooks.SubscriptionTerms(url=url), now=now
        )


if __name__ == "__main__":
    django.setup()
    main()
