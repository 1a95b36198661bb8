"""Reading as of one moment, while others write."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import InternalError, connection

from brands.models import Brand
from core.db import take_snapshot

pytestmark = pytest.mark.django_db(transaction=True)


def create_brand() -> None:
    Brand.objects.create(slug="late", name="Late")
    connection.close()


def test_take_snapshot_does_not_see_what_is_committed_meanwhile() -> None:
    with take_snapshot():
        assert not Brand.objects.exists()
        with ThreadPoolExecutor(1) as others:
            others.submit(create_brand).result()
        assert not Brand.objects.exists()
    assert Brand.objects.exists()


def test_take_snapshot_refuses_to_write() -> None:
    with pytest.raises(InternalError, match="read-only"), take_snapshot():
        create_brand()
