"""`manage.py prune_attempts`: delete old rows of the log of HTTP attempts."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

import psycopg
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from tqdm import tqdm

from brands import webhooks
from brands.models.webhook import KEPT_DAYS


class Command(BaseCommand):
    help = "Deletes HTTP attempts older than --days, as the role of MAINTENANCE_DATABASE_URL."

    def add_arguments(self, parser: ArgumentParser) -> None:
        least = f"at least {KEPT_DAYS}"
        parser.add_argument("--days", type=int, default=90, help=f"how old ({least}; default 90)")

    def handle(self, *args: Any, **options: Any) -> None:
        days: int = options["days"]
        if days < KEPT_DAYS:
            raise CommandError(f"An attempt is kept for at least {KEPT_DAYS} days.")
        if not settings.MAINTENANCE_DATABASE_URL:
            raise CommandError("Set MAINTENANCE_DATABASE_URL: no other role may delete attempts.")
        before = timezone.now() - timedelta(days=days)
        with (
            psycopg.connect(settings.MAINTENANCE_DATABASE_URL, autocommit=True) as connection,
            tqdm(unit=" attempts", disable=None) as bar,
        ):
            deleted = webhooks.prune_attempts(connection, before=before, report=bar.update)
        self.stdout.write(f"Deleted {deleted:,} attempts that began before {before:%Y-%m-%d}.")
