"""Who asks, chooses and reads, as JSON: a brand's key, people's tokens, an admin's cookie."""

from __future__ import annotations

import json
import os
import random

import django

CONSUMERS = 1_000
CONTACTS = 20_000
ELSEWHERE = 2_000
#: What is chosen about.
SCOPE = {"purpose": "marketing", "channel": "email", "topic": None, "contact_point": None}
SHARE_UNKNOWN = 0.1  # of the contacts that a brand asks about


def main() -> None:
    from brands.credentials import brand_keys
    from brands.models import Brand
    from tests.bench import population

    brand = Brand.objects.get(slug="brand-0")
    people = _people_of(brand.pk)
    made = {
        "brand": brand.pk,
        "key": brand_keys.issue_key(brand, name="bench", scopes=["check"]),
        "people": people,
        "emails": [population.email(number) for number in people],
        "elsewhere": [population.email(number) for number in _people_elsewhere(brand.pk)],
        "choosers": _choosers(),
        "admin": _admins_cookie(),
    }
    print(json.dumps(made))


def _people_of(brand_id: int) -> list[int]:
    """Numbers of people with this brand in no order, and among them some whom nobody knows."""
    from consent.models import Identifier

    known = Identifier.objects.filter(subject__relationships__brand=brand_id)
    numbers = list(known.values_list("pk", flat=True))
    chance = random.Random(2)
    chosen = chance.choices(numbers, k=CONTACTS)
    return [n if chance.random() > SHARE_UNKNOWN else n + 10**9 for n in chosen]


def _people_elsewhere(brand_id: int) -> list[int]:
    """Numbers of people whom other brands know, and this one does not."""
    from consent.models import Identifier, Relationship

    mine = Relationship.objects.filter(brand=brand_id).values("subject")
    others = Identifier.objects.filter(subject__relationships__isnull=False)
    numbers = others.exclude(subject__in=mine).order_by("pk").distinct()
    return list(numbers.values_list("pk", flat=True)[:ELSEWHERE])


def _choosers() -> list[dict[str, object]]:
    """People with accounts, each with a token, one brand of theirs, and what to say first."""
    from cmr.sign_in import access_tokens
    from consent.models import LedgerEntry, Relationship

    made: list[dict[str, object]] = []
    for consumer in _consumers():
        mine = Relationship.objects.active().filter(subject=consumer.subject_id)
        relationship = mine.select_related("brand").order_by("pk")[0]
        token = access_tokens.issue_token(consumer, name="bench")
        said = LedgerEntry.objects.filter(
            subject=consumer.subject_id, brand=relationship.brand_id, **SCOPE
        )
        last = said.order_by("-subject_seq").first()
        made.append(
            {
                "token": token,
                "prefix": token.split("_")[2],
                "brand": relationship.brand.slug,
                "brand_id": relationship.brand_id,
                "subject": str(consumer.subject_id),
                "grants_first": last is not None and last.decision == "deny",
            }
        )
    return made


def _consumers() -> list[Consumer]:
    from consent.models import Subject
    from tests.bench import population

    numbers = range(1, CONSUMERS + 1)
    User.objects.bulk_create(
        [User(email=population.email(n), password="!") for n in numbers], ignore_conflicts=True
    )
    users = dict(User.objects.values_list("email", "pk"))
    Consumer.objects.bulk_create(
        [
            Consumer(user_id=users[population.email(n)], subject_id=population.subject_id(n))
            for n in numbers
            if Subject.objects.filter(pk=population.subject_id(n)).exists()
        ],
        ignore_conflicts=True,
    )
    return list(Consumer.objects.order_by("pk")[:CONSUMERS])


def _admins_cookie() -> str:
    """Of a session that is open."""
    from django.conf import settings
    from django.test import Client

    client = Client()
    admin, _ = User.objects.get_or_create(email="admin@example.org", is_staff=True)
    client.force_login(admin)
    name = settings.SESSION_COOKIE_NAME
    return f"{name}={client.cookies[name].value}"


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from cmr.models import Consumer, User

    main()
