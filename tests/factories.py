"""People, brands and choices for tests, made by the product's own functions.

`now` is the present unless given. Scopes and terms are those of `Scope` and `NewChoice`.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.test import Client
from django.utils import timezone

from brands import webhooks
from brands.models import Brand, Subscription
from cmr.accounts import ownership
from cmr.models import Consumer, Sender, SenderWeek
from consent.checks import single
from consent.checks.single import Asked
from consent.decision.resolution import Decision, Scope
from consent.identity.identifiers import (
    Contact,
    compute_identifier_digest,
    find_or_create_identifier,
)
from consent.ledger import recording
from consent.ledger.recording import Actor, ChoiceTerms, NewChoice
from consent.models import LedgerEntry, Relationship
from mailbox_reader import Route
from tests.conftest import EMAIL, Api

#: Whatever has the id of a subject.
Person = Consumer | Relationship | uuid.UUID
#: Any brand, purpose and channel.
ANYTHING = Scope()
#: The time of the newest mail in a mailbox; a Wednesday.
NEWEST = datetime(2026, 1, 14, 8, tzinfo=UTC)
#: The person, by a page of the portal.
PERSON = Actor("portal")


# -- People and brands ----------------------------------------------------------------------------


def open_account(email: str, *, now: datetime | None = None) -> Consumer:
    """Open an account without a password for whoever has *email*."""
    return ownership.open_account(email=email, password=None, verified_at=now or timezone.now())


def find_subject(email: str) -> uuid.UUID:
    """Return the subject with this address, with an account or without."""
    return find_or_create_identifier(compute_identifier_digest(email)).subject_id


def create_test_brand() -> Brand:
    """Create acme's test mode."""
    return Brand.objects.create(slug="acme-test", name="Acme", test=True)


def create_subscription(
    brand: Brand,
    url: str = "https://hooks.acme.example/",
    *,
    now: datetime | None = None,
    **terms: Any,
) -> Subscription:
    """Create a webhook, which need not be reachable."""
    asked = webhooks.SubscriptionTerms(url=url, **terms)
    return webhooks.create_subscription(brand, asked, now=now or timezone.now())[0]


def create_sender(
    consumer: Consumer,
    organisation: str,
    *,
    weekly: Sequence[int] = (1,),
    last: datetime = NEWEST,
    **fields: Any,
) -> Sender:
    """Create a sender with so many mails in each week, oldest first, to the week of *last*."""
    back = [timedelta(weeks=n) for n in reversed(range(len(weekly)))]
    mails = {"mails": sum(weekly), "first_at": last - back[0], "last_at": last}
    names = {"name": organisation.partition(".")[0].title(), "route": Route.WEB.value}
    sender = Sender.objects.create(
        consumer=consumer, organisation=organisation, **(mails | names | fields)
    )
    monday = (last - timedelta(days=last.weekday())).date()
    SenderWeek.objects.bulk_create(
        SenderWeek(sender=sender, week=monday - each, mails=number)
        for each, number in zip(back, weekly, strict=True)
        if number
    )
    return sender


# -- Choices --------------------------------------------------------------------------------------


def record_choice(
    person: Person,
    decision: str,
    scope: Scope = ANYTHING,
    *,
    by: Actor = PERSON,
    now: datetime | None = None,
    **terms: Any,
) -> LedgerEntry:
    """Record one choice, as every entry point does."""
    subject_id = person if isinstance(person, uuid.UUID) else person.subject_id
    choice = NewChoice(scope, ChoiceTerms(decision, **terms))  # type: ignore[arg-type]
    return recording.record_choices(subject_id, [choice], by=by, now=now or timezone.now())[0]


def post_choices(api: Api, *decisions: str, **scope: str) -> None:
    """Record the person's *decisions* by REST, one call for each."""
    for decision in decisions:
        answer = api.post("me/choices", {"scope": scope, "decision": decision})
        assert answer.status_code == 201, answer.content


def submit_choice(
    browser: Client, action: str, brand: str | list[str] = "acme", **fields: str | list[str]
) -> str:
    """Press one button on the brand's page, else on the first. Return the page that follows."""
    here = f"/brands/{brand}" if brand and isinstance(brand, str) else "/"
    form = {"brand": brand, "say": action, "next": here, **fields}
    return browser.post("/choose", form, follow=True).content.decode()


def report_choice(
    api: Api, decision: str, contact: dict[str, str] | None = None, **fields: Any
) -> Any:
    """Report to us, as a brand, what a person told it about its marketing mails."""
    scope = {"purpose": "marketing", "channel": "email"}
    body = {"contact": contact or {"email": EMAIL}, "scope": scope, "decision": decision}
    evidence = {"evidence": "Form 7 of 2026-01-10"} if decision == "grant" else {}
    return api.post("choices", body | evidence | fields)


def register_person(api: Api, contact: dict[str, str] | None = None, **fields: Any) -> Any:
    """Register a person with a brand."""
    body = {"contact": contact or {"email": EMAIL}, "note": "Bought a bicycle in our shop."}
    return api.post("relationships", body | fields)


# -- Checks ---------------------------------------------------------------------------------------


def check_email(
    brand: Brand,
    purpose: str = "marketing",
    channel: str | None = "email",
    topic: str | None = None,
    *,
    email: str = EMAIL,
) -> Decision:
    """Check whether *brand* may reach *email* now."""
    asked = Asked(brand.pk, Contact(email=email), purpose, channel, topic)
    return single.check_contact(asked, now=timezone.now())


def is_allowed(brand: Brand, *question: Any, **more: Any) -> bool:
    """Return whether `check_email` allows it."""
    return check_email(brand, *question, **more).allowed


def post_check(api: Api, contact: dict[str, Any] | None = None, **question: Any) -> Any:
    """Check by REST, about Ana and marketing by e-mail unless told otherwise."""
    asked = {"contact": contact or {"email": EMAIL}, "purpose": "marketing", "channel": "email"}
    return api.post("check", asked | question)
