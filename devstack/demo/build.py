"""Making the demo's brands, people and their history, through the real code path."""

from __future__ import annotations

import contextlib
import random
import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path

from django.utils import timezone

from brands import campaigns, catalogue, credentials, webhooks, workspaces
from brands.campaigns import DayNumbers
from brands.models import Brand, Topic, Workspace
from cmr import accounts, choices, permission_requests, sign_in
from cmr.choices import ChoiceRequest
from cmr.models import Consumer, Member, Role, User
from cmr.permission_requests import RequestedPermission
from consent import checks, propagation, relationships, reporting
from consent.checks import Asked
from consent.decision import DecisionKind, Limit
from consent.identity import Contact
from consent.ledger import Actor, ChoiceTerms
from consent.models import Relationship
from consent.models.ledger import Reason
from consent.rules import ScopeNames
from devstack.demo import brand_behaviour, customers
from devstack.demo.scheduled_actions import CAMPAIGNS, ScheduledAction, campaign_at

HERE = Path(__file__).parent
#: Of those who have an account. Customers without one have more than a year: see `customers`.
DAYS = 75
PEOPLE = 40
MOMENTS = 180
NAMED = ["ana@example.org", "ben@example.org", "chloe@example.org"]
#: Where people live, by their number, as far as the brands that have an address to send to know.
LIVES_IN = [None, "DE", "US-CA", "US", "GB", None]
OWN_WORD = {"chloe@example.org": "US-CA"}
ADMIN = "admin@example.org"
DEVELOPER = "dev@example.org"
WITH_WORKSPACE = ["acme", "rival"]
#: Brands that nobody runs: people chose for them, and they do nothing. All others are connected.
ONLY_LISTED = {"harbour-health", "tidy-home", "stargaze-tv"}
REASONS = [*Reason.values, *["too_many_from_brand"] * 6, *["not_relevant"] * 3]
#: Decision, purpose, channel, and how often it comes up among the others.
HABITS: list[tuple[DecisionKind, str | None, str | None, int]] = [
    ("deny", "marketing", "email", 10),
    ("deny", "marketing", "sms", 5),
    ("deny", "marketing", None, 4),
    ("deny", "profiling", None, 3),
    ("deny", "sale_or_sharing", None, 3),
    ("deny", None, None, 2),
    ("grant", "marketing", "email", 9),
    ("grant", "research", "email", 2),
    ("pause", "marketing", "email", 4),
    ("limit", "marketing", "email", 3),
]


QUESTIONS = [
    "May we tell you about new arrivals, at most once a month?",
    "May we ask you once a year how you liked our shops?",
]


@dataclass(frozen=True, slots=True)
class Login:
    email: str
    password: str


def create_people(now: datetime) -> list[Consumer]:
    """Return the demo's consumers. The first call creates them."""
    born = now - timedelta(days=DAYS + 10)
    emails = NAMED + [f"person{n}@example.org" for n in range(PEOPLE - len(NAMED))]
    return [_consumer(email, born) for email in emails]


def _consumer(email: str, born: datetime) -> Consumer:
    found = Consumer.objects.filter(user__email=email).first()
    if found:
        return found
    consumer = accounts.open_account(email=email, password=None, verified_at=born)
    if email in OWN_WORD:
        relationships.change_settings(
            consumer.subject_id, {"jurisdiction": OWN_WORD[email]}, now=born
        )
    return consumer


def create_brands() -> list[Brand]:
    """Return the demo's companies, imported from their directory file."""
    with (HERE / "directory.jsonl").open("rb") as lines:
        slugs = [catalogue.parse_company(line).slug for line in lines]
        lines.seek(0)
        catalogue.import_lines(lines)
    acme = Brand.objects.get(slug="acme")
    for code, name in [("weekly-offers", "Weekly offers"), ("new-arrivals", "New arrivals")]:
        Topic.objects.get_or_create(
            brand=acme, code=code, defaults={"purpose_id": "marketing", "name": name}
        )
    found = list(Brand.objects.filter(slug__in=slugs).order_by("pk"))
    for brand in found:
        if brand.slug not in ONLY_LISTED and not brand.keys.exists():
            credentials.issue_key(brand, name="demo")
    return found


def plan_history(
    members: list[Consumer], companies: list[Brand], now: datetime
) -> list[ScheduledAction]:
    """Return all that happens, and when."""
    chance = random.Random(20261122)  # the same history on every machine
    connected = [brand for brand in companies if brand.slug not in ONLY_LISTED]
    start = now - timedelta(days=DAYS)
    invented = customers.invent([brand.slug for brand in connected], chance)
    actions = [
        *customers.plan_actions(invented, connected, now),
        *brand_behaviour.plan_acknowledgements(connected, now, days=DAYS),
    ]
    for consumer in members:
        for brand in chance.sample(companies, chance.randint(3, 8)):
            met = start - timedelta(days=chance.uniform(1, 9))
            actions.append((met, partial(_meet, consumer, brand, chance)))
    for _ in range(MOMENTS):
        consumer, other = chance.choices(members, k=2)
        moment = start + timedelta(days=DAYS * chance.random())
        actions.append((moment, partial(_live, consumer, chance)))
        actions.append((moment, partial(_write, other, chance, campaign_at(moment, now))))
    actions += [(now - timedelta(days=ago), propagation.tell_due_endings) for ago in range(DAYS)]
    actions.append((now, partial(_conclude, connected, chance)))
    return actions


def _conclude(connected: list[Brand], chance: random.Random, now: datetime) -> None:
    """Do what workers would have done, and let brands and people report."""
    for subject_id in propagation.list_waiting_subjects(limit=10_000):
        propagation.propagate_choices(subject_id, now=now)
    propagation.tell_due_endings(now)
    _campaigns(connected, now, chance)
    brand_behaviour.record_deliveries(connected, now, chance, days=DAYS)
    brand_behaviour.report_contacts(connected, now, chance)
    reporting.count_new_events()
    for refresh in (
        reporting.refresh_all_honour_times,
        reporting.refresh_all_survival,
        reporting.refresh_all_anomalies,
    ):
        for _ in refresh(now=now):
            pass


def _campaigns(connected: list[Brand], now: datetime, chance: random.Random) -> None:
    """Report what the brands say they sent: more than the demo's few people got."""
    for brand in connected:
        for code, called, days_ago in CAMPAIGNS:
            campaign, _ = campaigns.find_or_create_campaign(
                brand, code=code, called=called, now=now
            )
            days = [now - timedelta(days=ago) for ago in range(0, min(days_ago, DAYS), 3)]
            sent = [day for day in days if campaign_at(day, now) == code]
            rows = [_sent(day.date(), chance) for day in sent]
            campaigns.report_campaign_days(campaign, rows, now=now)


def _sent(day: date, chance: random.Random) -> DayNumbers:
    sent = chance.randint(150, 400)
    arrived = sent - chance.randint(0, 12)
    answered, complained = arrived * chance.randint(2, 12) // 100, chance.random() < 0.2
    return DayNumbers("email", day, sent, arrived, answered, int(complained))


def _write(consumer: Consumer, chance: random.Random, campaign: str, moment: datetime) -> None:
    """Have a brand send something if it may, or ask now and then if it may not."""
    mine = Relationship.objects.active().filter(person=consumer.subject_id)
    relationship = chance.choice(list(mine.select_related("brand").order_by("brand_id")))
    if relationship.brand.slug in ONLY_LISTED:
        return
    contact = Contact(email=consumer.user.email)
    asked = Asked(relationship.brand_id, contact, "marketing", "email")
    if (
        checks.reserve_send(asked, now=moment, campaign=campaign).send is None
        and chance.random() < 0.1
    ):
        purpose = chance.choice(["marketing", "research"])
        question = RequestedPermission(purpose, "email", None, chance.choice(QUESTIONS))
        with contextlib.suppress(permission_requests.MayNotAsk):
            permission_requests.ask_person(relationship, question, now=moment)


def _meet(consumer: Consumer, brand: Brand, chance: random.Random, moment: datetime) -> None:
    if chance.random() < 0.5 or brand.slug in ONLY_LISTED:
        choices.add_brand(consumer, brand, by="portal", now=moment)
        return
    relationships.start_relationship(
        consumer.subject_id,
        brand,
        by=Actor("brand_api", brand.pk),
        now=moment,
        ref=f"{brand.slug}-{consumer.pk}",
        note="Customer account, opened in the online shop.",
        jurisdiction=LIVES_IN[consumer.pk % len(LIVES_IN)],
    )


def _live(consumer: Consumer, chance: random.Random, moment: datetime) -> None:
    mine = Relationship.objects.active().filter(person=consumer.subject_id)
    relationship = chance.choice(list(mine.select_related("brand").order_by("brand_id")))
    weights = [often for *_, often in HABITS]
    decision, purpose, channel, _ = chance.choices(HABITS, weights)[0]
    everywhere = purpose == "sale_or_sharing" and chance.random() < 0.5
    names = ScopeNames(None if everywhere else relationship.brand.slug, purpose, channel)
    terms = ChoiceTerms(
        decision,
        reason=chance.choice(REASONS) if decision == "deny" else "",
        until=moment + timedelta(days=chance.choice([7, 14, 60])) if decision == "pause" else None,
        limit=Limit(chance.randint(1, 3), "week") if decision == "limit" else None,
    )
    door = chance.choice(["portal", "portal", "link", "api"])
    choices.record_choices(consumer, [ChoiceRequest(names, terms)], by=door, now=moment)
    if everywhere:
        propagation.propagate_choices(consumer.subject_id, now=moment)


def reset_sign_ins() -> list[dict[str, str]]:
    """Give the named people passwords and tokens; what they had stops working."""
    return [_sign_in(Consumer.objects.get(user__email=email)) for email in NAMED]


def _sign_in(consumer: Consumer) -> dict[str, str]:
    login = _new_password(consumer.user)
    token = sign_in.issue_token(consumer, name="demo")
    return {"email": login.email, "password": login.password, "token": token}


def create_admin() -> dict[str, str]:
    user = User.objects.filter(email=ADMIN).first() or User.objects.create_superuser(ADMIN)
    login = _new_password(user)
    return {"email": login.email, "password": login.password}


def _new_password(user: User) -> Login:
    password = secrets.token_urlsafe(12)
    user.set_password(password)
    user.save(update_fields=["password"])
    return Login(user.email, password)


def create_access(slug: str, *, endpoint: str, now: datetime) -> dict[str, str]:
    """Create a key for a brand, and a webhook to *endpoint* that replaces its others."""
    brand = Brand.objects.get(slug=slug)
    for old in webhooks.filter_subscriptions(brand):
        webhooks.disable_subscription(old, reason="removed", now=now)
    _, secret = webhooks.create_subscription(
        brand, webhooks.SubscriptionTerms(url=endpoint), now=now
    )
    return {
        "slug": slug,
        "key": credentials.issue_key(brand, name="demo"),
        "test_key": credentials.issue_key(_workspace(brand, now).test, name="demo"),
        "webhook_secret": secret,
    }


def _workspace(brand: Brand, now: datetime) -> Workspace:
    """The brand's workspace, which has its domain and live mode, as if it had signed up."""
    if found := Workspace.objects.filter(live=brand).first():
        return found
    domain = f"{brand.slug}.example"
    made = workspaces.begin_workspace(name=brand.name, domain=domain, now=now)
    for topic in Topic.objects.filter(brand=brand):
        topic.pk, topic.brand = None, made.test
        topic.save()
    workspaces.adopt_live_brand(made, brand, now=now)
    return made


def create_developer() -> dict[str, str]:
    """Create a user who works for the brands with workspaces. Return how to sign in."""
    consumer = _consumer(DEVELOPER, timezone.now())
    for workspace in Workspace.objects.filter(live__slug__in=WITH_WORKSPACE):
        Member.objects.get_or_create(
            workspace=workspace,
            user=consumer.user,
            defaults={"role": Role.OWNER, "since": timezone.now()},
        )
    login = _new_password(consumer.user)
    return {"email": login.email, "password": login.password}
