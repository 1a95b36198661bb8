"""`make hostile`: every form that is tried against the outbound guard, and what came of it."""

from __future__ import annotations

import logging

import django

django.setup()

from tests.hostile import table  # noqa: E402

WIDTH = 62


def main() -> None:
    logging.disable(logging.CRITICAL)  # a client without a guard complains of much
    done = table.run()
    print(table.text(done))
    raise SystemExit(bool(done.failures or done.connections))


if __name__ == "__main__":
    main()
