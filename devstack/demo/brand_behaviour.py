"""How fast the demo's brands hear of a no and apply it, and what people report meanwhile."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from brands import events, webhooks
from brands.models import Attempt, Brand, Event, Outcome
from brands.webhooks import SubscriptionTerms
from consent import reporting
from consent.models import LedgerEntry, Relationship
from devstack.demo.scheduled_actions import ScheduledAction


@dataclass(frozen=True, slots=True)
class Pace:
    """A brand's habits. `applies_every` is in days, None for never; `arrives_in` in seconds."""

    applies_every: float | None
    arrives_in: float | None


PACES = {
    "acme": Pace(1, 1),
    "rival": Pace(3, 4),
    "lumen-energy": Pace(2, 2),
    "nordwind-air": Pace(1, 30),
    "hearth-bank": Pace(1.5, 1),
    "paper-lantern": Pace(5, 600),
    "greenfork": Pace(2.5, 8),
    "velo-city": Pace(7, None),
    "clearline": Pace(None, 3_600),
}
#: So many people report a contact after their no, and each how long after it, in days.
REPORTS = 24
LATER = (0.05, 0.5, 1, 1.5, 3, 5, 8, 12)


def plan_acknowledgements(
    brands: Sequence[Brand], now: datetime, *, days: int
) -> Iterator[ScheduledAction]:
    """Yield when each brand says that it has applied all so far, over the last *days*."""
    for brand in brands:
        if every := PACES[brand.slug].applies_every:
            for nth in range(int(days / every) + 1):
                yield now - timedelta(days=nth * every + every / 3), partial(_apply, brand)


def _apply(brand: Brand, now: datetime) -> None:
    events.acknowledge(brand.pk, through=events.read_last_sequence(brand.pk), now=now)


def record_deliveries(
    brands: Sequence[Brand], now: datetime, chance: random.Random, *, days: int
) -> None:
    """Write down that webhooks brought what happened in the last *days* to those that had one.

    The webhooks are gone by now: nothing must be sent to addresses that do not exist.
    """
    start = now - timedelta(days=days)
    for brand in brands:
        if takes := PACES[brand.slug].arrives_in:
            url = f"https://{brand.slug}.example/webhooks"
            webhook, _ = webhooks.create_subscription(brand, SubscriptionTerms(url=url), now=start)
            told = Event.objects.filter(brand=brand, timestamp__gte=start).order_by("sequence")
            Attempt.objects.bulk_create(
                Attempt(
                    brand=brand,
                    subscription=webhook,
                    sequence=event.sequence,
                    message=event.uid,
                    latency_ms=chance.randint(8, 240),
                    started_at=min(now, event.timestamp + _delay(takes, chance)),
                    outcome=Outcome.DELIVERED,
                    status=204,
                )
                for event in told
            )
            webhooks.disable_subscription(webhook, reason="removed", now=now)


def _delay(typical: float, chance: random.Random) -> timedelta:
    return timedelta(seconds=typical * chance.lognormvariate(0, 1))


def report_contacts(brands: Sequence[Brand], now: datetime, chance: random.Random) -> None:
    """Let people report that a brand wrote after their no, some of them within its time."""
    noes = LedgerEntry.objects.filter(
        brand__in=brands, decision="deny", purpose="marketing", channel="email", maker="person",
        recorded_at__lt=now - timedelta(days=max(LATER) + 1),
    )  # fmt: skip
    newest = list(noes.order_by("-recorded_at", "brand")[: 3 * REPORTS])
    for no in chance.sample(newest, min(REPORTS, len(newest))):
        at = no.recorded_at + timedelta(days=chance.choice(LATER))
        reporting.report_contact(
            Relationship.objects.get(subject=no.subject_id, brand=no.brand_id),
            purpose="marketing",
            channel="email",
            contacted_at=at,
            message="",
            now=at + timedelta(hours=2),
        )
