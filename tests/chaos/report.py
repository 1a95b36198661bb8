"""What a run is reported as."""

from __future__ import annotations

from collections import Counter

from tests.chaos.rig import Result

#: Violations shown of each rule; the rest are counted.
SHOWN = 5
LOST = {"acknowledged is recorded", "recorded is told", "nothing is lost"}
OUT_OF_ORDER = {"feed is in order", "persons are in order"}
HOLES = {"feed has no holes"}


def text(result: Result) -> str:
    broken = Counter(each.rule for each in result.violations)
    drained = f"{result.drain:.1f} s" if result.drain is not None else "not in time"
    faults = ", ".join(f"{kind} {count}" for kind, count in sorted(result.faults.items()))
    rows = [
        ("seed", f"{result.seed}" + (f", variant {result.variant}" if result.variant else "")),
        ("time", f"{result.seconds:.0f} s"),
        (
            "changes",
            f"{result.acknowledged:,} acknowledged, {result.unknown:,} of unknown outcome "
            f"({result.recorded:,} recorded), "
            f"{result.refused:,} refused",
        ),
        ("faults", f"{result.faults.total()}: {faults}"),
        (
            "webhooks",
            f"{result.events:,} events in {result.requests:,} requests, "
            f"{result.repeats / max(result.events, 1):.1%} repeats",
        ),
        ("lost", sum(broken[rule] for rule in LOST)),
        ("out of order", sum(broken[rule] for rule in OUT_OF_ORDER)),
        ("holes", sum(broken[rule] for rule in HOLES)),
        (
            "example brand",
            "answers as the check" if result.example_is_right else "ANSWERS OTHERWISE",
        ),
        ("drained in", drained),
        ("violations", len(result.violations)),
    ]
    said = [f"{name:<13} {value}" for name, value in rows]
    return "\n".join(said + _violations(result, broken))


def _violations(result: Result, broken: Counter[str]) -> list[str]:
    said = []
    for rule, count in broken.most_common():
        said.append(f"\n{rule}: {count}")
        named = [each.what for each in result.violations if each.rule == rule]
        said += [f"  {what}" for what in named[:SHOWN]]
    return said


ROW = "{:<17} {:>12}  {}"
NEVER = "NEVER"
HUNTED = ROW.format("planted bug", "faults until", "caught by")


def hunted(result: Result) -> str:
    """One row for one bug: after how many faults it was caught, and by which rules."""
    rules = dict.fromkeys(each.rule for each in result.violations)
    until = result.faults.total() if rules else NEVER
    return ROW.format(result.variant or "none", until, ", ".join(rules))
