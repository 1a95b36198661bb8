"""A person with some history, for whoever looks at the pages."""

from __future__ import annotations

import io
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from brands import campaigns, directory, keys, notices, stream, topics, webhooks, workspaces
from brands.campaigns import DayNumbers
from brands.models import (
    Attempt,
    Brand,
    BrandKey,
    Event,
    QuarantinedEvent,
    Subscription,
    Topic,
    Workspace,
)
from brands.webhooks import SubscriptionTerms
from cmr import accounts, asking, links, made_up, members, preferences, tokens
from cmr.asking import Question
from cmr.links import Link
from cmr.models import Consumer, TestMail, User
from cmr.preferences import Wish
from consent import (
    contact_reports,
    honour_times,
    ledger,
    metrics,
    propagation,
    relationships,
    yes_lives,
)
from consent.identifiers import Contact, digest, find_or_create
from consent.imports import jobs, receiving
from consent.ledger import Actor, NewChoice
from consent.models import LedgerEntry, Relationship, Send
from consent.resolution import Limit, Scope
from consent.scopes import Names
from tests.conftest import EMAIL, PASSWORD, ROOT

DIRECTORY = ROOT / "config/demo/directory.jsonl"
#: Its versions, oldest first.
NOTICE = (
    {"en": "We write to you once a week about our offers."},
    {
        "en": "We write to you once a week about our offers. You can stop it at any time.",
        "de": "Wir schreiben Ihnen einmal in der Woche über unsere Angebote. Sie können das "
        "jederzeit beenden.",
    },
)
NOTE = "Customer account, opened in the online shop."


@dataclass(frozen=True, slots=True)
class World:
    consumer: Consumer
    acme: Brand
    brands: list[Brand]
    entry: LedgerEntry
    link: str


def build() -> World:
    """Ana and eight brands, of which six are connected.

    Some write often, one is stopped, one paused, one asks.
    """
    now = timezone.now()
    with DIRECTORY.open("rb") as lines:
        directory.import_lines(lines)
    acme = Brand.objects.get(slug="acme")
    Topic.objects.create(brand=acme, code="offers", name="Weekly offers", purpose_id="marketing")
    Topic.objects.create(brand=acme, code="new", name="New arrivals", purpose_id="marketing")
    ana = accounts.open_account(email=EMAIL, password=PASSWORD, verified_at=now)
    brands = [acme, *Brand.objects.exclude(slug__in=["acme", "rival"]).order_by("pk")[:7]]
    for nth, brand in enumerate(brands):
        _meet(ana, brand, now - timedelta(days=60 - nth), by_brand=nth % 2 == 0)
    for brand in brands[:6]:
        keys.issue(brand, name="shop")
    entry = _history(ana, brands, now)
    known = Relationship.objects.select_related("brand").get(person=ana.subject_id, brand=acme)
    contact_reports.report(
        known, purpose="marketing", channel="sms",
        contacted_at=now - timedelta(minutes=5), message="Only today: 20 % off.", now=now,
    )  # fmt: skip
    tokens.issue(ana, name="My agent")
    return World(ana, acme, brands, entry, links.mint(Link(known, "marketing", "email")))


ADMIN = "admin@example.org"


def admin() -> User:
    """Somebody who reads the reports, of which there is something to read."""
    now = timezone.now()
    _crowd(Brand.objects.get(slug="acme"), now)
    for nth, brand in enumerate(Brand.objects.filter(relationships__isnull=False).distinct()[:4]):
        campaign, _ = campaigns.name(brand, code="autumn", now=now)
        numbers = [(now.date() - timedelta(days=7 * n), 1000 + 90 * n) for n in range(6)]
        rows = [DayNumbers("email", d, n, n - 20, n // (9 + nth), n // 400) for d, n in numbers]
        campaigns.report(campaign, rows, now=now)
    metrics.roll_up()
    for _ in (*honour_times.refresh_all(now=now), *yes_lives.refresh_all(now=now)):
        pass
    return User.objects.create_superuser(ADMIN, PASSWORD)


DEVELOPER = "dev@example.org"
#: The webhook of the developer's that has something to tell.
HOOK = uuid.UUID("00000000-0000-4000-8000-00000000ac3e")


def developer() -> Workspace:
    """Somebody who integrates Acme, where some things were tried out."""
    now = timezone.now()
    user = accounts.open_account(email=DEVELOPER, password=PASSWORD, verified_at=now).user
    made = members.begin(user, name="Acme", domain="acme.example", now=now)
    keys.issue(made.test, name="laptop")
    keys.revoke(BrandKey.objects.get(brand=made.test), now=now)
    keys.issue(made.test, name="shop", scopes=["check", "events", "ack"])
    topics.make(made.test, code="weekly-offers", name="Weekly offers", purpose="marketing")
    topics.retire(
        topics.make(made.test, code="recipes", name="Recipes", purpose="marketing")[0], now=now
    )
    for texts in NOTICE:
        notices.write(made.test, code="newsletter", texts=texts, now=now)
    acme = Brand.objects.get(slug="acme")
    workspaces.adopt(made, acme, now=now)
    _tried_out(made.test, now)
    _work(acme, now)
    return made


def _tried_out(trial: Brand, now: datetime) -> None:
    """Some people said something, one webhook got most of it, and one fails."""
    ago = timedelta(minutes=1)
    for nth, decision in enumerate(("grant", "deny", "grant", "clear")):
        someone = Contact(email=f"someone{nth % 3}@example.org", world=trial.world)
        made_up.meet(trial, someone, now=now - 20 * ago)
        choice = NewChoice(Scope(trial.pk, "marketing", "email"), decision)  # type: ignore[arg-type]
        made_up.say(trial, someone, choice, now=now - (9 - nth) * ago)
    _deliveries(trial, now - 5 * ago)
    TestMail.objects.create(
        brand=trial, subject="Acme asks you something", made_at=now,
        text="May we write to you?\n\nhttps://cmr.example/p/…\n",
    )  # fmt: skip


def _deliveries(trial: Brand, at: datetime) -> None:
    terms = SubscriptionTerms("https://shop.acme.example/hooks/cmr")
    hook, _ = webhooks.subscribe(trial, terms, now=at)
    Subscription.objects.filter(pk=hook.pk).update(id=HOOK)
    failing, _ = webhooks.subscribe(
        trial, SubscriptionTerms("https://crm.acme.example/hook", ["preference.*"]), now=at, after=3
    )
    Subscription.objects.filter(pk=failing.pk).update(
        failures=3, failing_since=at, next_try_at=at + timedelta(hours=2)
    )
    for event in Event.objects.filter(brand=trial).order_by("sequence"):
        refused = event.sequence == 4
        Attempt.objects.create(
            brand=trial, subscription_id=HOOK, sequence=event.sequence, message=event.uid,
            started_at=at, latency_ms=20 + event.sequence,
            outcome="refused" if refused else "delivered",
            status=422 if refused else 204, answer="no such customer" if refused else "",
        )  # fmt: skip
        if refused:
            QuarantinedEvent.objects.create(
                brand=trial, subscription_id=HOOK, sequence=event.sequence, subject=event.subject,
                quarantined_at=at, refusals=2, status=422,
            )  # fmt: skip


def _work(acme: Brand, now: datetime) -> None:
    """A file that was read, a question that waits, and a campaign with its numbers."""
    job = jobs.begin(acme, note="You subscribed in the shop", tells=False, now=now)
    file = io.BytesIO(b"email\nben@example.org\nnobody\n")
    receiving.receive(job, 1, file, form="csv", now=now)
    known = Relationship.objects.filter(brand=acme)[0]
    asking.ask(known, Question("research", "email", None, "May we ask you a thing?"), now=now)
    campaign, _ = campaigns.name(acme, code="spring", called="Spring sale", now=now)
    campaigns.report(campaign, [DayNumbers("email", now.date(), 900, 890, 40, 1)], now=now)


def reader() -> str:
    """A key by which Acme reads its own reports."""
    return keys.issue(Brand.objects.get(slug="acme"), name="reports", scopes=["reports"])


def _crowd(acme: Brand, now: datetime) -> None:
    """Enough people who decide about Acme that it may read how many did."""
    monday = now - timedelta(days=now.weekday() + 7)
    for nth in range(48):
        person = find_or_create(digest(f"crowd{nth}@example.org")).subject_id
        relationships.start(
            person, acme, by=Actor("portal"), now=monday - timedelta(days=50), note=NOTE
        )
        scope = Scope(acme.pk, "marketing", "email" if nth % 3 else "sms")
        at = monday + timedelta(hours=nth)
        ledger.record(person, [NewChoice(scope, "grant")], by=Actor("portal"), now=at)
        if nth % 4:
            no = NewChoice(scope, "deny", reason="not_relevant", campaign="autumn")
            ledger.record(person, [no], by=Actor("link"), now=at + timedelta(hours=20))


def _meet(ana: Consumer, brand: Brand, at: datetime, *, by_brand: bool) -> None:
    if by_brand:
        by = Actor("brand_api", brand.pk)
        relationships.start(ana.subject_id, brand, by=by, now=at, note=NOTE)
    else:
        preferences.add_brand(ana, brand, by="portal", now=at)


def _history(ana: Consumer, brands: list[Brand], now: datetime) -> LedgerEntry:
    acme = brands[0]

    def say(
        brand: Brand | None, decision: str, at: datetime, *scope: str, **more: object
    ) -> LedgerEntry:
        purpose, channel = (*scope, None, None)[:2]
        names = Names(brand.slug if brand else None, purpose, channel)
        choice = NewChoice(Scope(), decision, **more)  # type: ignore[arg-type]
        return preferences.choose(ana, [Wish(names, choice)], by="portal", now=at)[0]

    ago = timedelta(days=1)
    for brand in brands[1:5]:
        say(brand, "grant", now - 30 * ago, "marketing", "email")
    say(acme, "grant", now - 30 * ago, "marketing", "email")
    say(acme, "grant", now - 29 * ago, "profiling")
    say(None, "deny", now - 20 * ago, "ai_training")
    say(brands[2], "deny", now - 12 * ago)
    say(brands[3], "pause", now - 2 * ago, until=now + 20 * ago)
    say(brands[4], "limit", now - 2 * ago, limit=Limit(1, "week"))
    propagation.propagate(ana.subject_id, now=now)
    stream.acknowledge(acme.pk, through=2, now=now - ago)
    for nth, brand in enumerate(brands[:5]):
        for n in range(8 - nth):
            Send.objects.create(
                subject=ana.subject, brand=brand, purpose_id="marketing", channel="email",
                at=now - n * 3 * ago - timedelta(hours=1),
            )  # fmt: skip
    known = Relationship.objects.get(person=ana.subject_id, brand=brands[1])
    question = Question(
        "research", "email", None, "May we ask you once a year how you liked our shops?"
    )
    asking.ask(known, question, now=now - ago)
    return say(acme, "deny", now - timedelta(hours=2), "marketing", "sms")
