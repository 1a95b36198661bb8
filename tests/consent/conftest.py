"""What more than one of these files needs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import transaction
from pytest_django import DjangoDbBlocker

from brands.models import Brand
from tests.consent import made_month
from tests.consent.made_month import BRANDS, Month


@pytest.fixture(scope="module")
def once_made(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Month]:
    """In a transaction around those of the tests, each of which leaves it as it was."""
    with django_db_blocker.unblock(), transaction.atomic():
        acme, rival = (Brand.objects.create(slug=slug, name=BRANDS[slug]) for slug in BRANDS)
        yield made_month.make(acme, rival)
        transaction.set_rollback(True)


@pytest.fixture
def month(once_made: Month, db: None) -> Month:
    return once_made
