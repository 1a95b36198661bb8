"""`manage.py issue_key BRAND`: issue an API key for a brand."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from brands import credentials
from brands.models import Brand


class Command(BaseCommand):
    help = "Issues an API key for a brand and prints it, this once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("brand", help="the brand's slug")
        parser.add_argument("--name", default="command line", help="what the key is for")
        parser.add_argument(
            "--scopes",
            default=",".join(credentials.KEY_SCOPES),
            help=f"of: {', '.join(credentials.KEY_SCOPES)}",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        brand = Brand.objects.filter(slug=options["brand"]).first()
        if brand is None:
            raise CommandError(f"There is no brand {options['brand']!r}.")
        try:
            key = credentials.issue_key(
                brand, name=options["name"], scopes=options["scopes"].split(",")
            )
        except credentials.UnknownScope as error:
            raise CommandError(f"There is no scope {error}.") from error
        self.stdout.write(key)
