"""The portal on the product's own web server, over a database that is made for it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.utils import timezone

from brands.models import Brand
from cmr.accounts import ownership
from cmr.choices import choose
from cmr.choices.choose import ChoiceRequest
from cmr.models import BrandMatch, Consumer
from config.postgres.owner import become_owner
from consent.ledger.recording import ChoiceTerms
from consent.models import Send
from consent.rules.scope_names import ScopeNames
from devstack import ports, product
from devstack.interruptions import Interruptions
from devstack.supervisor import Supervisor
from tests.factories import create_sender

DEVELOPMENT = {"CMR_ENVIRONMENT": "development"}
PASSWORD = "only-they-know-it"
HABITS = [("deny", "marketing", "email"), ("grant", "marketing", "email"), ("deny", None, None)]


@contextmanager
def served(folder: Path, environment: dict[str, str]) -> Iterator[int]:
    """The port of a web server on a new database, which is dropped at the end."""
    with new_database() as url, serving(folder, {"DATABASE_URL": url, **environment}) as port:
        yield port


@contextmanager
def new_database() -> Iterator[str]:
    """The URL of a database that is dropped at the end."""
    become_owner()
    name = connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        yield settings.DATABASE_URL.rpartition("/")[0] + f"/{name}"
    finally:
        connection.creation.destroy_test_db(settings.DATABASES["default"]["NAME"], verbosity=0)


@contextmanager
def serving(folder: Path, environment: dict[str, str], *, workers: int = 2) -> Iterator[int]:
    """The port of a web server with so many processes."""
    port = ports.kept(folder / "portal.port")
    (folder / "log").mkdir(parents=True, exist_ok=True)
    web = next(each for each in product.processes(port, folder) if each.name == "web")
    argv = list(web.argv)
    argv[argv.index("--workers") + 1] = str(workers)
    web = replace(web, argv=argv, environment={**web.environment, **DEVELOPMENT, **environment})
    supervisor = Supervisor(folder, {}, working_directory=product.ROOT)
    try:
        supervisor.start([web])
        with Interruptions() as interruptions:
            supervisor.wait_until_ready(interruptions, seconds=product.READY_SECONDS)
        yield port
    finally:
        supervisor.stop()


def person(email: str, *, brands: int, senders: int = 0) -> Consumer:
    """Somebody with so many brands, who said this and that, and hears from most of them.

    Their mailbox has so many senders. A third of them are linked to brands.
    """
    now = timezone.now()
    chance = random.Random(brands)
    consumer = ownership.open_account(email=email, password=PASSWORD, verified_at=now)
    for number in range(brands):
        slug = f"{email.partition('@')[0]}-{number}"
        brand = Brand.objects.create(slug=slug, name=f"{chance.choice('ABCDEFGH')} brand {number}")
        choose.add_brand(consumer, brand, by="portal", now=now - timedelta(days=40))
        for decision, purpose, channel in chance.sample(HABITS, chance.randint(0, 2)):
            names = ScopeNames(brand.slug, purpose, channel)
            wish = ChoiceRequest(names, ChoiceTerms(decision))  # type: ignore[arg-type]
            choose.record_choices(consumer, [wish], by="portal", now=now - timedelta(days=9))
        sends = [
            Send(
                subject=consumer.subject, brand=brand, purpose_id="marketing", channel="email",
                at=now - timedelta(days=chance.randint(0, 60)),
            )
            for _ in range(chance.randint(0, 9))
        ]  # fmt: skip
        Send.objects.bulk_create(sends)
    _fill_mailbox(consumer, senders, chance)
    return consumer


def _fill_mailbox(consumer: Consumer, number: int, chance: random.Random) -> None:
    brands = list(Brand.objects.filter(relationships__person=consumer.subject_id).order_by("pk"))
    for nth in range(number):
        linked = brands[nth // 3 % len(brands)] if nth % 3 == 0 else None
        create_sender(
            consumer, f"{chance.choice('abcdefgh')}{nth // 2}.example", list_id=f"list{nth}",
            weekly=[chance.randint(0, 3) for _ in range(chance.randint(1, 104))],
            is_transactional=nth % 4 == 0, brand=linked,
            match=BrandMatch.DOMAIN if linked else BrandMatch.NONE,
        )  # fmt: skip
