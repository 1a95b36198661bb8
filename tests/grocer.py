"""`python -m tests.grocer FOLDER`: a year of a grocer's mailings by the real code, and its reports.

FOLDER is what `docs/examples/complete_journey.py` writes. The year is moved so that it ended
yesterday: a day of a campaign is only open for a while.
"""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import django

FIGURES = [
    ("overview", {}, "days"),
    ("campaigns", {"sort": "response_rate"}, "campaigns"),
    ("opt-outs", {"by": "topic"}, "breakdown"),
    ("power", {}, "grid"),
]
SHOWN = ("topic", "campaign", "deliveries", "responses", "response_rate", "unsubscribes")


def read(file: Path) -> Iterator[dict[str, str]]:
    with file.open(newline="") as lines:
        yield from csv.DictReader(lines)


def load(folder: Path, *, today: date) -> tuple[date, date]:
    """Households, campaigns, and each day's numbers on the day after; the first and last day."""
    from brands import campaigns
    from brands.models import Brand, Topic
    from consent.identity.identifiers import compute_identifier_digest, find_or_create_identifier
    from consent.ledger.recording import Actor
    from consent.relationships import lifecycle
    from consent.reporting import counters

    numbers = list(read(folder / "campaigns.csv"))
    moved = today - timedelta(days=1) - max(date.fromisoformat(row["day"]) for row in numbers)

    def at(day: str) -> datetime:
        return datetime.combine(date.fromisoformat(day) + moved, time(9), UTC)

    grocer = Brand.objects.create(slug="grocer", name="The grocer")
    for row in read(folder / "households.csv"):
        household = find_or_create_identifier(
            compute_identifier_digest(f"household{row['household']}@example.org")
        ).subject_id
        by = Actor("brand_api", grocer.pk)
        lifecycle.start_relationship(household, grocer, by=by, now=at(row["day"]), note="mailed")
    for row in read(folder / "topics.csv"):
        Topic.objects.get_or_create(
            brand=grocer,
            code=row["topic"],
            defaults={"name": row["topic"], "purpose_id": "marketing"},
        )
        campaigns.find_or_create_campaign(
            grocer, code=row["campaign"], topic=row["topic"], now=at(numbers[0]["day"])
        )
    for row in numbers:
        said = row | {"day": str(at(row["day"]).date())}
        text = "\n".join([",".join(said), ",".join(said.values())])
        campaigns.report_campaign_csv(grocer, text, now=at(row["day"]) + timedelta(days=1))
    counters.count_new_events()
    return at(numbers[0]["day"]).date(), at(numbers[-1]["day"]).date()


def show(first: date, last: date, *, today: date) -> None:
    from consent.reporting.reports import catalogue

    for name, query, figure in FIGURES:
        asked = {"first": str(first), "last": str(last), **query}
        _, report = catalogue.build_named_report(name, asked, today=today)
        for card in report.cards:
            print(f"{card.label}: {card.value}")
        found = report.figure(figure)
        rows: list[dict[str, Any]] = found.as_data()["data"] if found and name != "overview" else []
        for row in rows:
            shown = {key: row[key] for key in row if name == "power" or key in SHOWN}
            print(json.dumps(shown, default=str))


def main(folder: Path) -> None:
    django.setup()
    from django.conf import settings
    from django.db import connection

    from config.postgres.owner import become_owner

    become_owner()
    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        today = datetime.now(UTC).date()
        show(*load(folder, today=today), today=today)
    finally:
        connection.creation.destroy_test_db(settings.DATABASES["default"]["NAME"], verbosity=0)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
