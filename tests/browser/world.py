"""A person with some history, for whoever looks at the pages."""

from __future__ import annotations

import io
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from brands import campaigns, webhooks
from brands.campaigns import DayNumbers
from brands.catalogue import directory_import, privacy_notices, topics
from brands.credentials import brand_keys
from brands.events import stream
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
from brands.workspaces import lifecycle
from cmr import members, test_mode
from cmr.accounts import ownership
from cmr.choices import choose, links
from cmr.choices.choose import ChoiceRequest
from cmr.choices.links import Link
from cmr.models import BrandMatch, Consumer, TestMail, User
from cmr.permission_requests import requests
from cmr.permission_requests.requests import RequestedPermission
from cmr.sign_in import access_tokens
from consent.decision.resolution import Limit, Scope
from consent.identity.identifiers import (
    Contact,
)
from consent.imports import jobs, receiving
from consent.ledger.recording import Actor, ChoiceTerms, NewChoice
from consent.models import LedgerEntry, Relationship, Send
from consent.propagation import propagate
from consent.relationships.lifecycle import start_relationship
from consent.reporting import consent_survival, contact_reports, counters, time_to_honour
from consent.rules.scope_names import ScopeNames
from tests.conftest import EMAIL, PASSWORD, ROOT
from tests.factories import create_sender, find_subject, record_choice

DIRECTORY = ROOT / "devstack/demo/directory.jsonl"
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
        directory_import.import_lines(lines)
    acme = Brand.objects.get(slug="acme")
    Topic.objects.create(brand=acme, code="offers", name="Weekly offers", purpose_id="marketing")
    Topic.objects.create(brand=acme, code="new", name="New arrivals", purpose_id="marketing")
    ana = ownership.open_account(email=EMAIL, password=PASSWORD, verified_at=now)
    brands = [acme, *Brand.objects.exclude(slug__in=["acme", "rival"]).order_by("pk")[:7]]
    for nth, brand in enumerate(brands):
        _meet(ana, brand, now - timedelta(days=60 - nth), by_brand=nth % 2 == 0)
    for brand in brands[:6]:
        brand_keys.issue_key(brand, name="shop")
    entry = _history(ana, brands, now)
    known = Relationship.objects.select_related("brand").get(person=ana.subject_id, brand=acme)
    contact_reports.report_contact(
        known, purpose="marketing", channel="sms",
        contacted_at=now - timedelta(minutes=5), message="Only today: 20 % off.", now=now,
    )  # fmt: skip
    access_tokens.issue_token(ana, name="My agent")
    return World(ana, acme, brands, entry, links.build_token(Link(known, "marketing", "email")))


#: Companies in Ana's mailbox that the directory does not have: name, list, mails of each week.
STRANGERS = (
    ("Quillmark Stationery", "news", 2),
    ("Bramble & Thorn", "offers", 1),
    ("Ostfriesen Tee", "angebote", 3),
    ("Éclair Pâtisserie", "lettre", 1),
    ("The Weekend Reader: long reads for people with little time", "digest", 1),
    ("Fernhill Garden Centre", "news", 1),
    ("Marlow Cinemas", "programme", 1),
    ("Juniper Running", "club", 2),
)


def fill_mailbox(ana: Consumer) -> None:
    """Mail of two years: of brands of hers and others, of strangers, of a group, and receipts."""
    now = timezone.now()
    brands = Brand.objects.in_bulk(field_name="slug")
    lists: tuple[tuple[str, list[int], dict[str, Any]], ...] = (
        ("acme", [2, 1, 2, 3] * 20, {"list_id": "news.acme.example", "route": "one_click"}),
        ("acme", [1, 0, 0, 0] * 20, {"is_transactional": True, "name": "Acme orders"}),
        ("stargaze-tv", [5, 7, 3, 4, 6] * 20, {"list_id": "tonight.stargaze-tv.example"}),
        ("stargaze-tv", [0, 2, 0, 1] * 9, {"list_id": "films.stargaze-tv.example", "junk": 12}),
    )
    for slug, weekly, stated in lists:
        names = {"name": brands[slug].name, "brand": brands[slug], "signature": "passed"}
        more = {"match": BrandMatch.DOMAIN, **names, **stated}
        create_sender(ana, f"{slug}.example", weekly=weekly, last=now - timedelta(hours=9), **more)
    Brand.objects.filter(slug="harbour-health").update(privacy_email="privacy@tidy-home.example")
    asked: dict[str, Any] = {"match": BrandMatch.ASK, "name": "Tidy Home", "signature": "no_key"}
    create_sender(ana, "tidy-home.example", weekly=[1, 0] * 30, last=now, **asked)
    group: dict[str, Any] = {
        "is_group": True,
        "name": "Choir of the old town",
        "list_id": "choir.googlegroups.com",
    }
    create_sender(ana, "googlegroups.com", weekly=[4, 1, 0] * 17, last=now, **group)
    _add_strangers(ana, now)


def _add_strangers(ana: Consumer, now: datetime) -> None:
    routes = ("one_click", "mailto", "web", "none")
    for nth, (name, list_name, number) in enumerate(STRANGERS):
        organisation = f"{list_name}{nth}.example"
        weekly = [number + (week * (nth + 3)) % 3 // 2 for week in range(20 + 9 * nth)]
        more: dict[str, Any] = {
            "name": name,
            "route": routes[nth % 4],
            "junk": sum(weekly) // 2 if nth == 3 else 0,
        }
        last = now - timedelta(days=nth)
        create_sender(
            ana, organisation, list_id=f"{list_name}.{organisation}", weekly=weekly, last=last,
            **more,
        )  # fmt: skip
    for name in ("parcelwise", "stadtwerke-nord"):
        create_sender(
            ana, f"{name}.example", weekly=[1, 0, 0, 0] * 12, last=now, is_transactional=True,
            route="none",
        )  # fmt: skip


ADMIN = "admin@example.org"


def admin() -> User:
    """Somebody who reads the reports, of which there is something to read."""
    now = timezone.now()
    _crowd(Brand.objects.get(slug="acme"), now)
    for nth, brand in enumerate(Brand.objects.filter(relationships__isnull=False).distinct()[:4]):
        campaign, _ = campaigns.find_or_create_campaign(brand, code="autumn", now=now)
        numbers = [(now.date() - timedelta(days=7 * n), 1000 + 90 * n) for n in range(6)]
        rows = [DayNumbers("email", d, n, n - 20, n // (9 + nth), n // 400) for d, n in numbers]
        campaigns.report_campaign_days(campaign, rows, now=now)
    counters.count_new_events()
    for _ in (
        *time_to_honour.refresh_all_honour_times(now=now),
        *consent_survival.refresh_all_survival(now=now),
    ):
        pass
    return User.objects.create_superuser(ADMIN, PASSWORD)


DEVELOPER = "dev@example.org"
#: The webhook of the developer's that has something to tell.
HOOK = uuid.UUID("00000000-0000-4000-8000-00000000ac3e")


def developer() -> Workspace:
    """Somebody who integrates Acme, where some things were tried out."""
    now = timezone.now()
    user = ownership.open_account(email=DEVELOPER, password=PASSWORD, verified_at=now).user
    made = members.begin_workspace_as_owner(user, name="Acme", domain="acme.example", now=now)
    brand_keys.issue_key(made.test, name="laptop")
    brand_keys.revoke_key(BrandKey.objects.get(brand=made.test), now=now)
    brand_keys.issue_key(made.test, name="shop", scopes=["check", "events", "ack"])
    topics.create_topic(made.test, code="weekly-offers", name="Weekly offers", purpose="marketing")
    topics.withdraw_topic(
        topics.create_topic(made.test, code="recipes", name="Recipes", purpose="marketing")[0],
        now=now,
    )
    for texts in NOTICE:
        privacy_notices.write_notice(made.test, code="newsletter", texts=texts, now=now)
    acme = Brand.objects.get(slug="acme")
    lifecycle.adopt_live_brand(made, acme, now=now)
    _tried_out(made.test, now)
    _work(acme, now)
    return made


def _tried_out(trial: Brand, now: datetime) -> None:
    """Some people said something, one webhook got most of it, and one fails."""
    ago = timedelta(minutes=1)
    for nth, decision in enumerate(("grant", "deny", "grant", "clear")):
        someone = Contact(email=f"someone{nth % 3}@example.org", namespace=trial.namespace)
        test_mode.create_test_person(trial, someone, now=now - 20 * ago)
        choice = NewChoice(Scope(trial.pk, "marketing", "email"), ChoiceTerms(decision))  # type: ignore[arg-type]
        test_mode.record_test_choice(trial, someone, choice, now=now - (9 - nth) * ago)
    _deliveries(trial, now - 5 * ago)
    TestMail.objects.create(
        brand=trial, subject="Acme asks you something", made_at=now,
        text="May we write to you?\n\nhttps://cmr.example/p/…\n",
    )  # fmt: skip


def _deliveries(trial: Brand, at: datetime) -> None:
    terms = SubscriptionTerms("https://shop.acme.example/hooks/cmr")
    hook, _ = webhooks.create_subscription(trial, terms, now=at)
    Subscription.objects.filter(pk=hook.pk).update(id=HOOK)
    failing, _ = webhooks.create_subscription(
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
    job = jobs.begin_import(acme, note="You subscribed in the shop", tells=False, now=now)
    file = io.BytesIO(b"email\nben@example.org\nnobody\n")
    receiving.receive_part(job, 1, file, form="csv", now=now)
    known = Relationship.objects.filter(brand=acme)[0]
    requests.ask_person(
        known, RequestedPermission("research", "email", None, "May we ask you a thing?"), now=now
    )
    campaign, _ = campaigns.find_or_create_campaign(
        acme, code="spring", called="Spring sale", now=now
    )
    campaigns.report_campaign_days(
        campaign, [DayNumbers("email", now.date(), 900, 890, 40, 1)], now=now
    )


def reader() -> str:
    """A key by which Acme reads its own reports."""
    return brand_keys.issue_key(Brand.objects.get(slug="acme"), name="reports", scopes=["reports"])


def _crowd(acme: Brand, now: datetime) -> None:
    """Enough people who decide about Acme that it may read how many did."""
    monday = now - timedelta(days=now.weekday() + 7)
    for nth in range(48):
        person = find_subject(f"crowd{nth}@example.org")
        start_relationship(
            person, acme, by=Actor("portal"), now=monday - timedelta(days=50), note=NOTE
        )
        scope = Scope(acme.pk, "marketing", "email" if nth % 3 else "sms")
        at = monday + timedelta(hours=nth)
        record_choice(person, "grant", scope, now=at)
        if nth % 4:
            record_choice(
                person,
                "deny",
                scope,
                by=Actor("link"),
                now=at + timedelta(hours=20),
                reason="not_relevant",
                campaign="autumn",
            )


def _meet(ana: Consumer, brand: Brand, at: datetime, *, by_brand: bool) -> None:
    if by_brand:
        by = Actor("brand_api", brand.pk)
        start_relationship(ana.subject_id, brand, by=by, now=at, note=NOTE)
    else:
        choose.add_brand(ana, brand, by="portal", now=at)


def _history(ana: Consumer, brands: list[Brand], now: datetime) -> LedgerEntry:
    acme = brands[0]

    def say(
        brand: Brand | None, decision: str, at: datetime, *scope: str, **more: object
    ) -> LedgerEntry:
        purpose, channel = (*scope, None, None)[:2]
        names = ScopeNames(brand.slug if brand else None, purpose, channel)
        terms = ChoiceTerms(decision, **more)  # type: ignore[arg-type]
        return choose.record_choices(ana, [ChoiceRequest(names, terms)], by="portal", now=at)[0]

    ago = timedelta(days=1)
    for brand in brands[1:5]:
        say(brand, "grant", now - 30 * ago, "marketing", "email")
    say(acme, "grant", now - 30 * ago, "marketing", "email")
    say(acme, "grant", now - 29 * ago, "profiling")
    say(None, "deny", now - 20 * ago, "ai_training")
    say(brands[2], "deny", now - 12 * ago)
    say(brands[3], "pause", now - 2 * ago, until=now + 20 * ago)
    say(brands[4], "limit", now - 2 * ago, limit=Limit(1, "week"))
    propagate.propagate_choices(ana.subject_id, now=now)
    stream.acknowledge(acme.pk, through=2, now=now - ago)
    for nth, brand in enumerate(brands[:5]):
        for n in range(8 - nth):
            Send.objects.create(
                subject=ana.subject, brand=brand, purpose_id="marketing", channel="email",
                at=now - n * 3 * ago - timedelta(hours=1),
            )  # fmt: skip
    known = Relationship.objects.get(person=ana.subject_id, brand=brands[1])
    question = RequestedPermission(
        "research", "email", None, "May we ask you once a year how you liked our shops?"
    )
    requests.ask_person(known, question, now=now - ago)
    return say(acme, "deny", now - timedelta(hours=2), "marketing", "sms")
