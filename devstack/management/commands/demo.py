"""`manage.py demo`: create the demo's brands, people and history once."""

from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction
from django.utils import timezone
from tqdm import tqdm

from brands.models import Brand, Subscription
from consent.models import LedgerEntry
from devstack.demo import build, demo_file
from devstack.demo.scheduled_actions import run_in_order


class Command(BaseCommand):
    help = "Makes the demo's brands, people and their history. Running it again changes nothing."

    def handle(self, *args: Any, **options: Any) -> None:
        with transaction.atomic():
            self._create_history()
        self._write_file()

    def _create_history(self) -> None:
        if LedgerEntry.objects.exists() or Brand.objects.filter(slug="acme").exists():
            self.stdout.write("The demo's history is there already.")
            return
        now = timezone.now()
        companies, members = build.create_brands(), build.create_people(now)
        actions = build.plan_history(members, companies, now)
        for _ in tqdm(run_in_order(actions), total=len(actions), desc="History"):
            pass

    def _write_file(self) -> None:
        """Write what a script needs; keys and passwords are made anew only where they are lost."""
        content = demo_file.read_demo_file()
        addresses = {"base_url": demo_file.base_url(), "sample_brand": demo_file.sample_brand_url()}
        if content and self._still_holds(content):
            demo_file.write_demo_file(content | addresses)
            return
        now = timezone.now()
        endpoint = f"{demo_file.sample_brand_url()}/webhooks"
        demo_file.write_demo_file(
            {
                **addresses,
                "consumers": build.reset_sign_ins(),
                "brands": [
                    build.create_access(slug, endpoint=f"{endpoint}/{slug}", now=now)
                    for slug in build.WITH_WORKSPACE
                ],
                "admin": build.create_admin(),
                "developer": build.create_developer(),
            }
        )

    def _still_holds(self, content: dict[str, Any]) -> bool:
        """Return whether the file belongs to this database and this port of the sample brand."""
        from brands import credentials

        endpoint = f"{demo_file.sample_brand_url()}/webhooks/acme"
        if "developer" not in content:
            return False
        key = next((b["key"] for b in content.get("brands", []) if b["slug"] == "acme"), "")
        told = Subscription.objects.filter(url=endpoint, brand__slug="acme", disabled_at=None)
        return told.exists() and credentials.recognise_key(key, now=timezone.now()) is not None
