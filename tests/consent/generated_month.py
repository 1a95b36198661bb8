"""Two months in the life of sixty people and two brands, by the real code path, in order of time.

What reports should say of the second month is worked out in the tests from the raw ledger.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db.models import QuerySet

from brands import campaigns, webhooks
from brands.campaigns import DayNumbers
from brands.events import stream
from brands.models import Attempt, Brand, Event, Outcome, Subscription
from cmr.choices import links
from cmr.choices.links import Link
from consent.decision.resolution import Limit, Scope
from consent.ledger import recording
from consent.ledger.recording import Actor, ChoiceTerms, NewChoice
from consent.models import LedgerEntry, Relationship
from consent.propagation import late_reasons, propagate
from consent.relationships import lifecycle
from consent.reporting import consent_survival, contact_reports, counters, time_to_honour
from tests.factories import find_subject

#: The month that is looked at; the one before is there too.
FIRST, LAST = date(2026, 5, 1), date(2026, 5, 31)
QUERY = {"first": str(FIRST), "last": str(LAST)}
NOW = datetime(2026, 6, 2, 9, tzinfo=UTC)
PEOPLE = 60
BRANDS = {"acme": "Acme Outdoor", "rival": "Rival Sports"}
PORTAL = Actor("portal")

#: Something that happens, at a moment.
Deed = Callable[[datetime], object]


@dataclass
class Month:
    acme: Brand
    rival: Brand
    people: list[Any]
    sent: dict[tuple[str, str], Counter[str]] = field(default_factory=dict)
    deeds: list[tuple[datetime, Deed]] = field(default_factory=list)

    def on(self, day: int, deed: Deed, *, minute: int = 0) -> None:
        self.deeds.append((at(day) + timedelta(minutes=minute), deed))

    def happen(self) -> None:
        for moment, deed in sorted(self.deeds, key=lambda each: each[0]):
            deed(moment)


def at(day: int, hour: int = 10) -> datetime:
    return datetime(2026, 4, 1, hour, tzinfo=UTC) + timedelta(days=day)


def make(acme: Brand, rival: Brand) -> Month:
    people = [find_subject(f"p{n}@example.org") for n in range(PEOPLE)]
    month = Month(acme, rival, people)
    for nth, person in enumerate(people):
        _begin(month, nth, person)
        _decide(month, nth, person)
    _report(month)
    _answer(month)
    _afterwards(month)
    month.happen()
    counters.count_new_events()
    for _ in (
        *time_to_honour.refresh_all_honour_times(now=NOW),
        *consent_survival.refresh_all_survival(now=NOW),
    ):
        pass
    return month


def _begin(month: Month, nth: int, person: Any) -> None:
    for brand in [month.acme, month.rival][: 1 + nth % 2]:
        by = Actor("brand_api", brand.pk) if nth % 3 else PORTAL
        month.on(nth % 25, _starting(person, brand, by))


def _starting(person: Any, brand: Brand, by: Actor) -> Deed:
    return lambda now: lifecycle.start_relationship(person, brand, by=by, now=now, note="x")


def _decide(month: Month, nth: int, person: Any) -> None:
    brand = month.rival if nth % 4 == 1 else month.acme
    scope = Scope(brand.pk, "marketing", "email" if nth % 5 else None)

    def say(day: int, choice: NewChoice, by: Actor = PORTAL) -> None:
        month.on(day, lambda now: _record(person, choice, now, by), minute=nth)

    if nth % 12 == 1:  # the rival has a form of its own, and tells of it
        by = Actor("brand_api", brand.pk)
        say(25, NewChoice(scope, ChoiceTerms("grant", evidence="form 7")), by)
    say(26 + nth % 3, NewChoice(scope, ChoiceTerms("grant")))
    if nth % 8 == 0:
        say(30, NewChoice(Scope(brand.pk, "profiling"), ChoiceTerms("grant")))
        say(41, NewChoice(Scope(brand.pk, "ai_training"), ChoiceTerms("grant")))
    if nth % 3 == 0:
        code = "hello" if brand == month.rival else "spring"
        month.on(36 + nth % 20, lambda now: _leave(person, brand, code, now), minute=nth)
    if nth % 7 == 0:
        say(
            34 + nth % 25,
            NewChoice(scope, ChoiceTerms("deny", reason="privacy" if nth % 2 else "")),
        )
    if nth % 6 == 0:
        say(58, NewChoice(scope, ChoiceTerms("grant")))
    if nth % 10 == 0:
        say(40, NewChoice(scope, ChoiceTerms("limit", limit=Limit(1, "week"))))
        say(59, NewChoice(scope, ChoiceTerms("grant")))
    if nth % 15 == 0:
        say(45, NewChoice(Scope(purpose="ai_training"), ChoiceTerms("deny")))
    if nth % 9 == 0:
        say(44, NewChoice(scope, ChoiceTerms("pause", until=at(90))))


def _record(person: Any, choice: NewChoice, now: datetime, by: Actor) -> None:
    recording.record_choices(person, [choice], by=by, now=now)
    propagate.propagate_choices(person, now=now)


def _leave(person: Any, brand: Brand, code: str, now: datetime) -> None:
    """By the campaign's link, and a minute later once more."""
    known = Relationship.objects.get(subject=person, brand=brand)
    link = links.read_link(
        links.build_token(Link(known, "marketing", "email", None, code)), now=now
    )
    links.unsubscribe_by_link(link, now=now)
    links.record_link_choice(
        link, NewChoice(link.scope, ChoiceTerms("deny")), now=now + timedelta(seconds=30)
    )


def _report(month: Month) -> None:
    for brand, code, start in [
        (month.acme, "spring", 35),
        (month.acme, "april", 10),
        (month.rival, "hello", 40),
    ]:
        campaign, _ = campaigns.find_or_create_campaign(
            brand, code=code, called=f"{code.title()} news", now=at(start)
        )
        rows = [
            DayNumbers("email", at(start + n).date(), 100 + n, 90 + n, 7 + n, n % 2)
            for n in range(3)
        ]
        campaigns.report_campaign_days(campaign, rows, now=at(start + 3))
        counted: Counter[str] = Counter()
        for row in (each for each in rows if FIRST <= each.day <= LAST):
            counted.update({name: getattr(row, name) for name in campaigns.COUNTS})
        month.sent[brand.slug, code] = counted


def _answer(month: Month) -> None:
    """Acme applies on three days, its endpoint takes some events sooner; the rival is deaf."""
    here = webhooks.SubscriptionTerms(url="https://acme.example/hook")
    endpoint, _ = webhooks.create_subscription(month.acme, here, now=at(0))
    for day in (38, 41, 50):
        month.on(day, lambda now: _acknowledge(month.acme, now), minute=600)
    for day in range(31, 60, 2):
        month.on(day, lambda now: _deliver(endpoint, now), minute=90)


def _acknowledge(brand: Brand, now: datetime) -> None:
    stream.acknowledge(brand.pk, through=stream.read_last_sequence(brand.pk), now=now)


def _deliver(endpoint: Subscription, now: datetime) -> None:
    """What came in the last hours, twice: the second try is a replay."""
    fresh = Event.objects.filter(brand=endpoint.brand, timestamp__gt=now - timedelta(hours=30))
    for late in (0, 60):
        Attempt.objects.bulk_create(
            Attempt(
                brand_id=endpoint.brand_id, subscription=endpoint, sequence=event.sequence,
                message=event.uid, latency_ms=9, started_at=now + timedelta(minutes=late),
                outcome=Outcome.DELIVERED, status=204,
            )
            for event in fresh
        )  # fmt: skip


def _afterwards(month: Month) -> None:
    month.on(60, lambda now: _explain(month.acme))
    for nth, channel in enumerate(["sms", "email", "email"]):
        month.on(51, _complaining(month.acme, 4 * nth, channel))


def _oldest(brand: Brand) -> QuerySet[Relationship]:
    """Of those that began at one moment, in the order of the people: no plan may choose another."""
    return Relationship.objects.filter(brand=brand).order_by("started_at", "subject_id")


def _complaining(brand: Brand, nth: int, channel: str) -> Deed:
    def complain(now: datetime) -> None:
        known = _oldest(brand)[nth]
        contact_reports.report_contact(
            known,
            purpose="marketing",
            channel=channel,
            contacted_at=at(50),
            message="",
            now=now,
        )

    return complain


def _explain(brand: Brand) -> None:
    quiet = LedgerEntry.objects.filter(decision="deny", reason="", brand=brand).order_by("pk")
    for entry in quiet[:3]:
        late_reasons.record_late_reason(entry, "not_relevant", now=at(50))


# -- Reading ---------------------------------------------------------------------------------------


def within(moment: datetime) -> bool:
    return FIRST <= moment.date() <= LAST


def list_entries(slug: str | None = None) -> list[LedgerEntry]:
    """Every entry of the month, once for each brand that it reaches."""
    found = []
    known = list(Relationship.objects.select_related("brand"))
    for entry in LedgerEntry.objects.select_related("brand").order_by("recorded_at"):
        reached = [r.brand.slug for r in known if r.subject_id == entry.subject_id]
        brands = [entry.brand.slug] if entry.brand else reached
        if within(entry.recorded_at):
            found += [entry for each in brands if slug in (None, each)]
    return found


def cards(answer: Any) -> dict[str, float]:
    assert answer.status_code == 200, answer.content
    return {each["name"]: each["value"] for each in answer.json()["cards"]}


def figure(answer: Any, name: str) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.content
    return next(each["data"] for each in answer.json()["figures"] if each["name"] == name)
