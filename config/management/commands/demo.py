"""`manage.py demo`: the demo's world, made once and kept."""

from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction
from django.utils import timezone
from tqdm import tqdm

from brands.models import Brand, Subscription
from config.demo import paper, world
from config.demo.deeds import happen
from consent.models import LedgerEntry


class Command(BaseCommand):
    help = "Makes the demo's brands, people and their history. Running it again changes nothing."

    def handle(self, *args: Any, **options: Any) -> None:
        with transaction.atomic():
            self._history()
        self._paper()

    def _history(self) -> None:
        if LedgerEntry.objects.exists() or Brand.objects.filter(slug="acme").exists():
            self.stdout.write("The demo's history is there already.")
            return
        now = timezone.now()
        companies, members = world.brands(), world.people(now)
        deeds = world.plan(members, companies, now)
        for _ in tqdm(happen(deeds), total=len(deeds), desc="History"):
            pass

    def _paper(self) -> None:
        """Write what a script needs; keys and passwords are made anew only where they are lost."""
        said = paper.read_paper()
        addresses = {"base_url": paper.base_url(), "sample_brand": paper.sample_brand_url()}
        if said and self._still_holds(said):
            paper.write_paper(said | addresses)
            return
        now = timezone.now()
        endpoint = f"{paper.sample_brand_url()}/webhooks"
        paper.write_paper(
            {
                **addresses,
                "consumers": world.sign_ins(),
                "brands": [
                    world.access(slug, endpoint=f"{endpoint}/{slug}", now=now)
                    for slug in world.WITH_WORKSPACE
                ],
                "admin": world.admin(),
                "developer": world.developer(),
            }
        )

    def _still_holds(self, said: dict[str, Any]) -> bool:
        """Whether the paper belongs to this database and this port of the sample brand."""
        from brands import credentials

        endpoint = f"{paper.sample_brand_url()}/webhooks/acme"
        if "developer" not in said:
            return False
        key = next((b["key"] for b in said.get("brands", []) if b["slug"] == "acme"), "")
        told = Subscription.objects.filter(url=endpoint, brand__slug="acme", disabled_at=None)
        return told.exists() and credentials.recognise_key(key, now=timezone.now()) is not None
