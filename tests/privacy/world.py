"""One world: brands, a person, and what the person does elsewhere, on a clock of its own.

Each world is made in empty tables whose numbers begin anew, so that the same steps at the same
times give the same answers. Times of the clock are whole seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core import mail
from django.core.management import call_command
from django.db import connection
from pytest_httpserver import HTTPServer
from time_machine import Traveller, travel
from werkzeug import Request, Response

from brands.credentials import brand_keys
from brands.models import Brand, Subscription
from brands.webhooks.delivery.worker import DeliveryWorker
from cmr.accounts import ownership
from cmr.choices import links
from cmr.choices.links import Link
from cmr.models import Consumer, RateLimitCount
from cmr.sign_in import access_tokens
from consent.decision.resolution import Limit
from consent.ledger.recording import ChoiceTerms, NewChoice
from consent.models import Relationship
from consent.rules import scope_names
from consent.rules.scope_names import ScopeNames
from tests.conftest import PASSWORD, Api
from tests.ownership import as_owner

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)
#: The address by which acme knows the person, and acme's own reference for it.
ANA, ANA_REF = "ana@example.org", "customer-1"
#: Addresses of the person that acme never had.
PRIVATE, PHONE = "ana.private@example.net", "+4915112345678"
#: Somebody else, who is the same in all worlds.
BEN = "ben@example.org"
#: Whoever acme asks about and nobody knows.
NOBODY = "nobody@example.org"
#: Where the webhooks of acme go.
HOOK = "/acme-hook"


class Clock:
    """Stands still, unless it is moved."""

    def __init__(self, traveller: Traveller) -> None:
        self.traveller, self.minute = traveller, START

    @property
    def now(self) -> datetime:
        return datetime.now(UTC)

    def begin_minute(self, *, later: timedelta = timedelta()) -> None:
        """Go to the next full minute of the script, however much happened in the last one."""
        self.minute += MINUTE + later
        self.traveller.move_to(self.minute, tick=False)

    def pass_second(self) -> None:
        """Let a second pass for something that happens elsewhere; a minute has room for 50."""
        assert self.now < self.minute + 50 * SECOND
        self.traveller.shift(SECOND)


@dataclass
class World:
    """`is_member`: the person has an account. `adds_brand`: they add acme themselves.
    `is_wide`: what they say of acme they say of every brand. `names_address`: they say something
    of one address, too."""

    clock: Clock
    hook: HTTPServer
    worker: DeliveryWorker
    acme: Brand
    trial: Brand
    rival: Brand
    third: Brand
    is_member: bool = False
    adds_brand: bool = False
    is_wide: bool = False
    names_address: bool = False
    #: How many mails a week the person wants.
    limit: int = 3
    apis: dict[str, Api] = field(default_factory=dict)
    consumer: Consumer | None = None
    as_person: Api = field(default_factory=Api)
    #: What came to the webhook of acme and was not looked at yet.
    delivered: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    @property
    def as_acme(self) -> Api:
        return self.apis["acme"]

    @property
    def as_trial(self) -> Api:
        return self.apis["acme-test"]

    @property
    def as_rival(self) -> Api:
        return self.apis["rival"]

    @property
    def as_third(self) -> Api:
        return self.apis["third"]

    # -- The person ------------------------------------------------------------------------------

    def open_account(self) -> Consumer:
        """Return the person's account, which is opened where there is none yet."""
        if self.consumer is None:
            self.consumer = ownership.open_account(
                email=ANA, password=PASSWORD, verified_at=self.clock.now
            )
            self.as_person = Api(access_tokens.issue_token(self.consumer, name="world"))
        return self.consumer

    def prove(self, value: str) -> int:
        """Let the person prove another address; return its id in their own words."""
        kind = "email" if "@" in value else "phone"
        point = ownership.add_contact(
            self.open_account(), kind=kind, value=value, now=self.clock.now
        )
        return point.pk

    def say(self, decision: str, *, until: str = "", limit: int = 0, **scope: Any) -> None:
        """Let the person say something to acme: by the API, or by a link without an account."""
        if self.is_member:
            brand = None if self.is_wide else "acme"
            said = {"scope": {"brand": brand, **scope}, "decision": decision}
            said |= {"until": until} if until else {}
            said |= {"limit": {"max": limit, "per": "week"}} if limit else {}
            expect(self.as_person.post("me/choices", said), 201)
            return
        names = scope_names.resolve_scope_names(ScopeNames("acme", **scope), decision=decision)
        new = NewChoice(
            names,
            ChoiceTerms(
                decision,  # type: ignore[arg-type]
                until=datetime.fromisoformat(until) if until else None,
                limit=Limit(limit, "week") if limit else None,
            ),
        )
        links.record_link_choice(Link(self.known(), proven=True), new, now=self.clock.now)

    def known(self) -> Relationship:
        """How acme knows the person."""
        return Relationship.objects.select_related("brand").get(brand=self.acme, ref=ANA_REF)

    # -- The webhook of acme ---------------------------------------------------------------------

    def deliver(self) -> list[tuple[dict[str, str], bytes]]:
        """Have all that is due delivered by the worker; return the requests, headers and body."""
        for each in Subscription.objects.filter(brand=self.acme, disabled_at=None):
            self.worker.start_delivery(each.pk).result(30)
        came, self.delivered[:] = list(self.delivered), []
        return came

    def take(self, request: Request) -> Response:
        """Be the endpoint, which takes everything."""
        self.delivered.append((dict(request.headers.items()), request.get_data()))
        return Response(status=204)


Elsewhere = Callable[[World, str], None]


def expect(answer: Any, *statuses: int) -> Any:
    """Return what is in *answer*, which has to have one of the *statuses*."""
    assert answer.status_code in statuses, (answer.status_code, answer.content)
    return answer.json() if answer.content else None


def make_world(clock: Clock, hook: HTTPServer, worker: DeliveryWorker, **how: Any) -> World:
    """Return a world in tables that were emptied."""
    _empty_tables()
    named = [("acme", False), ("acme-test", True), ("rival", False), ("third", False)]
    made = {
        slug: Brand.objects.create(slug=slug, name=slug.title(), test=test) for slug, test in named
    }
    acme, trial, rival, third = made.values()
    world = World(clock, hook, worker, acme, trial, rival, third, **how)
    world.apis = {
        each.slug: Api(brand_keys.issue_key(each, name="world")) for each in made.values()
    }
    hook.clear_all_handlers()
    hook.expect_request(HOOK, method="POST").respond_with_handler(world.take)
    return world


def _empty_tables() -> None:
    call_command("flush", interactive=False, verbosity=0)
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, 1, false)"
            " FROM pg_sequences WHERE schemaname = 'public'"
        )
    RateLimitCount.objects.all().delete()
    mail.outbox = []


def stop_clock() -> travel:
    return travel(START, tick=False)
