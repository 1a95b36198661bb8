"""What more than one of these files needs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import transaction
from pytest_django import DjangoDbBlocker

from brands.models import Brand, Topic
from tests.consent import generated_month
from tests.consent.generated_month import BRANDS, Month


@pytest.fixture(scope="module")
def once_made(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Month]:
    """In a transaction around those of the tests, each of which leaves it as it was."""
    with django_db_blocker.unblock(), transaction.atomic():
        acme, rival = (Brand.objects.create(slug=slug, name=BRANDS[slug]) for slug in BRANDS)
        yield generated_month.make(acme, rival)
        transaction.set_rollback(True)


@pytest.fixture
def month(once_made: Month, db: None) -> Month:
    return once_made


@pytest.fixture
def rivals_topic(rival: Brand) -> Topic:
    """A topic of another brand."""
    return Topic.objects.create(brand=rival, code="rivals-own", name="Own", purpose_id="marketing")
