"""`make bench`: how fast checks and choices are, each beside its limit in the same run."""

from __future__ import annotations

import argparse
import os
import platform
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import repeat
from pathlib import Path

from tqdm import tqdm

from tests.bench import deliveries, figures, peers, pgbench, servers
from tests.bench.databases import Database, callers, filled
from tests.bench.figures import Row, Side, compare
from tests.bench.load import drive, request
from tests.bench.peers import Peer, fill_peer
from tests.bench.work import CHECKERS, FEW, PAIRS, REPORTS, Place

SMALL = 100_000  # preferences


@dataclass(frozen=True, slots=True)
class Mode:
    """How much to measure. `large` and `small` count preferences, `seconds` those of a round."""

    large: int
    small: int
    rounds: int
    seconds: float
    #: Events of a backlog that is delivered.
    events: int
    #: Rows of an import.
    imported: int
    #: Pairs of questions about people known elsewhere, and about nobody.
    pairs: int = PAIRS
    note: str = ""
    #: Processes of each web server.
    workers: int = 2
    #: How the names of the rows that are wanted begin.
    only: str = ""
    #: Whether to measure the peer, too.
    peers: bool = False


LONG = Mode(large=10_000_000, small=SMALL, rounds=7, seconds=5, events=20_000, imported=1_000_000)
QUICK = Mode(
    large=200_000,
    small=SMALL,
    rounds=3,
    seconds=2,
    events=5_000,
    imported=20_000,
    note="quick: 200,000 preferences, three short rounds",
)
#: Whether each row can be measured at all; its figures say nothing.
BRIEF = Mode(
    large=2_000,
    small=2_000,
    rounds=1,
    seconds=0.5,
    events=200,
    imported=500,
    pairs=10,
    workers=1,
    note="brief: 2,000 preferences, half a second",
)

#: Name, unit, ours, limit.
Comparison = tuple[str, str, Side, Side]


def comparisons(mode: Mode, ports: dict[str, int], places: dict[str, Place]) -> list[Comparison]:
    seconds = mode.seconds
    large, small = places["large"], places["small"]
    bare, join = partial(large.bare, ports["bare"], seconds), partial(large.join, seconds)
    single, batch = small.elsewhere(1, mode.pairs), small.elsewhere(FEW, mode.pairs)
    return [
        ("check", "requests/s", partial(large.check, seconds), bare),
        (
            "check_logged",
            "requests/s",
            partial(large.check, seconds),
            partial(replace(large, port=ports["unlogged"]).check, seconds),
        ),
        ("checks_10k", "contacts/s", partial(large.checks_10k, seconds), join),
        ("checks_stream", "lines/s", partial(large.checks_stream, seconds), join),
        ("choice", "choices/s", partial(large.choice, seconds), partial(large.pgbench, seconds)),
        ("check_elsewhere", "ms", single.known, single.nobody),
        ("checks_elsewhere", "ms", batch.known, batch.nobody),
        (
            "check_scale_10m",
            "ms",
            partial(large.check_ms, seconds),
            partial(small.check_ms, seconds),
        ),
        *(
            (f"report_{name}_10m", "ms", partial(large.report_ms, name, seconds), large.patience)
            for name in REPORTS
        ),
    ]


def of_peers(ours: Place, peer: Peer, seconds: float) -> list[Comparison]:
    return [
        ("check_peer", "requests/s", partial(ours.check, seconds), partial(peer.check, seconds)),
        (
            "checks_peer",
            "contacts/s",
            partial(ours.checks_10k, seconds),
            partial(peer.checks, seconds),
        ),
        ("choice_peer", "choices/s", partial(ours.choice, seconds), partial(peer.choice, seconds)),
    ]


def of_deliveries(endpoint: deliveries.Endpoint) -> list[Comparison]:
    return [
        ("deliver_backlog", "events/s", partial(endpoint.backlog, 1), partial(endpoint.posted, 1)),
        (
            "deliver_batches",
            "events/s",
            partial(endpoint.backlog, 100),
            partial(endpoint.posted, 100),
        ),
        ("commit_to_receipt", "ms", endpoint.receipts, partial(endpoint.receipts, "--plain")),
    ]


def measured(mode: Mode, wanted: Sequence[Comparison]) -> Iterator[Row]:
    chosen = [each for each in wanted if each[0].startswith(mode.only)]
    for name, unit, ours, limit in tqdm(chosen, desc="measuring", unit="row"):
        row = compare(
            name, ours, limit, unit=unit, rounds=mode.rounds, note=mode.note, warm=mode.rounds > 1
        )
        tqdm.write(f"{name}: {row.ours} of {row.limit} {unit}, ratio {row.ratio}")  # if it is cut
        yield row


def run(mode: Mode, folder: Path, server: str) -> list[Row]:
    databases = {"large": filled(server, mode.large)}
    is_one = mode.small == mode.large
    databases["small"] = databases["large"] if is_one else filled(server, mode.small)
    peer = prepare_peer(databases["large"]) if mode.peers else None
    with servers.running(
        folder, databases, bare="large", workers=mode.workers, peer_url=peer.url if peer else None
    ) as ports:
        places = {name: Place(each, ports[name]) for name, each in databases.items()}
        pgbench.prepare(databases["large"], places["large"].callers["choosers"])
        ceiling = drive(ports["echo"], repeat(request("/")), connections=CHECKERS, seconds=1).rate
        print(f"The client alone reaches {ceiling:,.0f} requests/s.")
        rows = list(_rebuilt(mode, places["large"]))
        rows += _imported(mode, places["small"])
        rows += measured(mode, comparisons(mode, ports, places))
        if peer:
            ours = places["large"]
            rows += _peers(mode, ours, Peer(peer, ports["peer"], ours.callers))
    return [*rows, *_deliveries(mode, folder, databases["small"])]


def _rebuilt(mode: Mode, place: Place) -> Iterator[Row]:
    """First of all, since the reports read what it counts; it is done but once."""
    once = replace(mode, rounds=1)
    yield from measured(once, [("report_rebuild_10m", "events/s", place.rebuild, place.grouped)])


def _imported(mode: Mode, place: Place) -> Iterator[Row]:
    once, many = replace(mode, rounds=1), mode.imported
    sides = partial(place.imported, many), partial(place.copied, many)
    yield from measured(once, [("import_1m", "rows/s", *sides)])


def prepare_peer(ours: Database) -> Database:
    callers(ours)  # first: it makes the accounts, which the peer has as well
    return fill_peer(ours)


def _peers(mode: Mode, ours: Place, peer: Peer) -> list[Row]:
    peer.verify()
    rows = list(measured(mode, of_peers(ours, peer, mode.seconds)))
    sides = partial(ours.choice, mode.seconds), partial(peer.choice_with_webhook, mode.seconds)
    with peers.give_webhooks(ours, peer):
        rows += measured(mode, [("choice_peer_webhook", "choices/s", *sides)])
    return rows


def _deliveries(mode: Mode, folder: Path, database: Database) -> list[Row]:
    """With no web server beside them."""
    with deliveries.running(
        folder, database, events=mode.events, seconds=4 * mode.seconds
    ) as endpoint:
        return list(measured(mode, of_deliveries(endpoint)))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="some ten minutes")
    parser.add_argument("--brief", action="store_true", help="half a second a row, as the tests do")
    parser.add_argument("--only", default="", help="rows whose names begin so")
    parser.add_argument("--rounds", type=int, help="of each row, instead of seven or three")
    parser.add_argument("--peers", action="store_true", help="a plain Django service, too")
    parser.add_argument("--folder", type=Path, default=Path("var/bench"))
    chosen = parser.parse_args()
    mode = BRIEF if chosen.brief else QUICK if chosen.quick else LONG
    mode = replace(mode, rounds=chosen.rounds or mode.rounds)
    folder = chosen.folder.resolve()
    rows = run(
        replace(mode, only=chosen.only, peers=chosen.peers), folder, os.environ["DATABASE_URL"]
    )
    print(figures.table(rows))
    print(f"{os.cpu_count()} cores, Python {platform.python_version()}")
    figures.write(rows, folder / "bench.json")


if __name__ == "__main__":
    main()
