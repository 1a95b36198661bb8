"""`make laws`: every law, how many examples it held for, and how soon a planted bug is caught."""

from __future__ import annotations

import argparse

import django

django.setup()

from tests.consent.laws.bugs import BUGS, LAWS  # noqa: E402
from tests.consent.laws.law import PATIENCE, hold, hunt  # noqa: E402
from tests.consent.laws.rule import REAL, broken  # noqa: E402

ROW = "{:<24} {:>8} {:>5}  {:<52} {:>12}"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.consent.laws", description=__doc__)
    parser.add_argument("--examples", type=int, default=1000)
    examples = parser.parse_args().examples
    print(ROW.format("law", "examples", "met", "planted bug", "caught after"))
    missed = 0
    for law in LAWS:
        run = hold(law, REAL, examples=examples, repeatable=False)
        held = (law.name, f"{run.met:,}", f"{run.met / run.drawn:.0%}")
        for bug in (bug for bug in BUGS if bug.law is law):
            rule = broken(bug.module, bug.old, bug.new)
            found = hunt(law, rule, examples=max(examples, PATIENCE), repeatable=False)
            missed += found.failure is None
            print(ROW.format(*held, bug.name, found.met if found.failure else "NEVER"), flush=True)
            held = ("", "", "")
    print(f"{len(LAWS)} laws hold; {len(BUGS) - missed} of {len(BUGS)} planted bugs caught.")
    raise SystemExit(missed > 0)


if __name__ == "__main__":
    main()
