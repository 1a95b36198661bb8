"""`manage.py rebuild_metrics`: every count of the reports anew from the streams."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone
from tqdm import tqdm

from consent import reporting


class Command(BaseCommand):
    help = (
        "Counts every brand's stream again, and works out anew how long yeses last and noes take. "
        "The service may run meanwhile: a brand's old counts are read until its new ones are whole."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--counts-only", action="store_true", help="Leave the rest as it is.")

    def handle(self, *args: Any, **options: Any) -> None:
        with tqdm(unit="event", unit_scale=True, desc="counting", disable=None) as bar:
            for done, every in reporting.rebuild_all_counts():
                bar.total = every
                bar.update(done - bar.n)
        if not options["counts_only"]:
            now = timezone.now()
            for name, refresh in (
                ("honour times", reporting.refresh_all_honour_times),
                ("consent survival", reporting.refresh_all_survival),
                ("anomalies", reporting.refresh_all_anomalies),
            ):
                for _ in tqdm(refresh(now=now), desc=name, unit="brand", disable=None):
                    pass
        self.stdout.write("Done.")
