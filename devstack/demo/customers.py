"""Customers whom the demo's brands import, file by file, and who say no in the time since.

They have no account; each is known by the address that the brand has of them.
"""

from __future__ import annotations

import csv
import io
import random
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from brands.models import Brand
from consent import imports, ledger
from consent.decision import Scope
from consent.identity import compute_identifier_digest, find_or_create_identifier
from consent.ledger import Actor, ChoiceTerms, NewChoice
from consent.models.ledger import Reason
from devstack.demo.scheduled_actions import ScheduledAction, campaign_at

CUSTOMERS = 460
#: How many days ago a file was imported; together they watch yeses for more than a year.
FILES = (410, 220, 110, 40)
#: The brand that most have. It writes to all every six weeks, and who leaves it leaves then: so
#: many in one week that its own report has something to show, of which fewer are withheld.
BIGGEST, SHARE_OF_BIGGEST = "acme", 0.65
MAILING_EVERY, NEWEST_MAILING = 42, 10
#: Of those who ever say no, after how many days on average.
STAY = 120
LIVES_IN = ("", "", "DE", "GB", "US", "US-CA")
#: By which door a no comes, more often by the first ones.
DOORS = ("link", "link", "link", "mail_provider", "sms", "mail_reply", "brand_api")
REASONS = (*["too_many_from_brand"] * 4, *["not_relevant"] * 3, "", "", *Reason.values)
PURPOSE, CHANNEL = "marketing", "email"


@dataclass(frozen=True, slots=True)
class Customer:
    """One customer of one brand, and what they come to say."""

    number: int
    brand: str
    #: Which file they stand in.
    days_ago: int
    jurisdiction: str
    says_yes: bool
    #: After how many days they say no, and come back; None for never.
    leaves_after: float | None
    returns_after: float | None
    door: str
    reason: str

    @property
    def email(self) -> str:
        return f"customer{self.number}@example.org"


def invent(slugs: Sequence[str], chance: random.Random) -> list[Customer]:
    """Return each customer of each brand; the same *chance* invents the same ones."""
    return [
        _invent(number, slug, chance)
        for number in range(CUSTOMERS)
        for slug in _choose_brands(slugs, chance)
    ]


def _choose_brands(slugs: Sequence[str], chance: random.Random) -> list[str]:
    others = [slug for slug in slugs if slug != BIGGEST]
    biggest = [BIGGEST] if BIGGEST in slugs and chance.random() < SHARE_OF_BIGGEST else []
    return biggest + chance.sample(others, chance.choice((1, 1, 2)))


def _invent(number: int, slug: str, chance: random.Random) -> Customer:
    days_ago = chance.choice(FILES)
    says_yes = chance.random() < 0.85
    after = chance.expovariate(1 / STAY)
    if slug == BIGGEST:
        after = _until_mailing(after, days_ago, chance)
    leaves = says_yes and chance.random() < 0.65 and after < days_ago - 0.1
    back = after + chance.uniform(1, 60)
    returns = leaves and chance.random() < 0.15 and back < days_ago - 0.1
    return Customer(
        number,
        slug,
        days_ago,
        chance.choice(LIVES_IN),
        says_yes,
        after if leaves else None,
        back if returns else None,
        chance.choice(DOORS),
        chance.choice(REASONS),
    )


def _until_mailing(after: float, days_ago: int, chance: random.Random) -> float:
    """Return after how many days the mailing comes on whose day they say no."""
    left = days_ago - after - NEWEST_MAILING
    if left < 0:
        return after
    mailing = NEWEST_MAILING + MAILING_EVERY * int(left / MAILING_EVERY)
    return days_ago - mailing + chance.uniform(0, 1)


def plan_actions(
    customers: Sequence[Customer], brands: Sequence[Brand], now: datetime
) -> Iterator[ScheduledAction]:
    """Yield the imports and what the customers say afterwards, in no order."""
    by_slug = {brand.slug: brand for brand in brands}
    for slug, brand in by_slug.items():
        for days_ago in FILES:
            file = [each for each in customers if (each.brand, each.days_ago) == (slug, days_ago)]
            yield now - timedelta(days=days_ago), partial(_import, brand, file)
    for each in customers:
        begun, brand = now - timedelta(days=each.days_ago), by_slug[each.brand]
        if each.leaves_after is not None:
            moment = begun + timedelta(days=each.leaves_after)
            yield moment, partial(_leave, each, brand, campaign_at(moment, now))
        if each.returns_after is not None:
            yield begun + timedelta(days=each.returns_after), partial(_return, each, brand)


def _import(brand: Brand, customers: Sequence[Customer], now: datetime) -> None:
    if not customers:
        return
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["email", "ref", "jurisdiction", "purpose", "channel", "decision", "evidence"])
    for each in customers:
        yes = [PURPOSE, CHANNEL, "grant", "Box ticked at the till."] if each.says_yes else [""] * 4
        writer.writerow([each.email, f"{each.brand}-c{each.number}", each.jurisdiction, *yes])
    job = imports.begin_import(brand, note="You are a customer of ours.", tells=True, now=now)
    imports.receive_part(job, 1, io.BytesIO(text.getvalue().encode()), form="csv", now=now)
    imports.start_import(job, now=now)
    imports.run_import(job.pk, now=now)


def _leave(customer: Customer, brand: Brand, campaign: str, now: datetime) -> None:
    by = Actor(customer.door, brand.pk if customer.door == "brand_api" else None)
    answers = campaign if customer.door == "link" else ""
    choice = NewChoice(_scope(brand), ChoiceTerms("deny", reason=customer.reason, campaign=answers))
    ledger.record_choices(_subject(customer), [choice], by=by, now=now)


def _return(customer: Customer, brand: Brand, now: datetime) -> None:
    ledger.record_choices(
        _subject(customer),
        [NewChoice(_scope(brand), ChoiceTerms("grant"))],
        by=Actor("link"),
        now=now,
    )


def _scope(brand: Brand) -> Scope:
    return Scope(brand.pk, PURPOSE, CHANNEL)


def _subject(customer: Customer) -> uuid.UUID:
    return find_or_create_identifier(compute_identifier_digest(customer.email)).subject_id
