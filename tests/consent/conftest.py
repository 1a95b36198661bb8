"""What more than one of these files needs."""

from __future__ import annotations

import pytest

from brands.models import Brand
from tests.consent import made_month
from tests.consent.made_month import Month


@pytest.fixture
def month(acme: Brand, rival: Brand) -> Month:
    return made_month.make(acme, rival)
