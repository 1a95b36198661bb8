"""The product as it runs, for the tests that look at it from outside."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.project import running
from tests.project.running import Product


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    with running.product(tmp_path_factory.mktemp("run")) as everything:
        yield everything
