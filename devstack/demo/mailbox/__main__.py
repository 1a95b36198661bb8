"""Write the made-up mailbox: `python -m devstack.demo.mailbox [FILE]`.

A mailbox that is there stays as it is. Its DNS records and the truth about it are beside it.
"""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path

from devstack.demo.mailbox.making import make_mailbox
from devstack.demo.mailbox.writing import FILE, write_mailbox


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m devstack.demo.mailbox", description=__doc__)
    parser.add_argument("file", nargs="?", type=Path, default=FILE)
    parser.add_argument("--mails", type=int, default=4_000)
    parser.add_argument("--seed", type=int, default=25)
    parser.add_argument("--until", type=datetime.fromisoformat, help="the day of the last mail")
    chosen = parser.parse_args(arguments)
    if chosen.file.exists():
        print(f"{chosen.file} is there already.")
        return
    until = chosen.until or datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    box = make_mailbox(seed=chosen.seed, now=until.astimezone(UTC), mails=chosen.mails)
    write_mailbox(box, chosen.file, seed=chosen.seed)
    print(f"{len(box.mails)} mails of {len(box.companies)} companies are in {chosen.file}.")


if __name__ == "__main__":
    main()
