"""Which tests stay together on one worker, because what they share is slow to start."""

from __future__ import annotations

from typing import Any

from xdist.scheduler import LoadScopeScheduling

TOGETHER = {
    "tests/project/test_run.py": "make run",
    "tests/project/test_examples.py": "make run",
    "tests/hostile/test_hostile.py": "a hostile receiver",
    "tests/consent/test_plans.py": "full tables",
}


class Sharing(LoadScopeScheduling):
    """Every other test goes to whichever worker is free."""

    def _split_scope(self, nodeid: str) -> str:
        return TOGETHER.get(nodeid.partition("::")[0], nodeid)


def pytest_xdist_make_scheduler(config: Any, log: Any) -> Sharing:
    return Sharing(config, log)
