"""`make hostile`: every form that is tried against the outbound guard, and what came of it."""

from __future__ import annotations

import argparse
import logging

import django

django.setup()

from tests.hostile import table  # noqa: E402
from tests.hostile.planted import BUGS, planted  # noqa: E402

BUG = "{:<52} {:>12} {:>12}"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.hostile", description=__doc__)
    parser.add_argument("--hunt", action="store_true", help="plant bugs in the guard, to be caught")
    logging.disable(logging.CRITICAL)  # a client without a guard complains of much
    raise SystemExit(_hunt() if parser.parse_args().hunt else _try_all())


def _try_all() -> bool:
    done = table.run()
    print(table.text(done))
    return bool(done.failures or done.connections)


def _hunt() -> bool:
    """Whether any bug was not caught."""
    print(BUG.format("planted bug", "rows failed", "connections"))
    missed = 0
    for name in BUGS:
        with planted(name):
            done = table.run(without=False)
        missed += not done.failures
        print(BUG.format(name, len(done.failures) or "NONE", done.connections), flush=True)
    return missed > 0


if __name__ == "__main__":
    main()
