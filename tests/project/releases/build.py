"""Write a backup of a small world as this version makes it, for `test_upgrade`.

Run it once for each release, on an empty database:

    python -m devstack exec --folder var/release -- python -m tests.project.releases.build 0.1.0
"""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import django

HERE = Path(__file__).parent
#: A time after all that happened in any of these worlds.
AT = datetime(2027, 1, 1, tzinfo=UTC)
APPS = ("brands", "consent", "cmr")
WRITTEN_BY_A_RESTORE = {"brands_streamgap", "brands_streamhead"}
#: The ids of entries depend on it, so these databases can be verified with this value only.
PEPPER = "only for the databases of releases"


def main(version: str) -> None:
    os.environ |= {"DJANGO_SETTINGS_MODULE": "config.settings", "IDENTIFIER_PEPPER": PEPPER}
    django.setup()
    from django.core.management import call_command

    call_command("migrate", interactive=False, verbosity=0)
    _make_world()
    call_command("backup", str(HERE / f"{version}.dump"))
    content = json.dumps(describe_database(), indent=1, sort_keys=True)
    (HERE / f"{version}.json").write_text(content + "\n")


def _make_world() -> None:
    """Let the demo make its brands and people, but few of them."""
    from django.utils import timezone

    from devstack.demo import build, customers
    from devstack.demo.scheduled_actions import run_in_order

    build.PEOPLE, build.MOMENTS, customers.CUSTOMERS = 6, 60, 24
    now = timezone.now()
    companies, members = build.create_brands(), build.create_people(now)
    for _ in run_in_order(build.plan_history(members, companies, now)):
        pass
    build.create_access("acme", endpoint="https://acme.example/webhooks", now=now)
    build.create_developer()


def describe_database() -> dict[str, Any]:
    """Return the number of rows of each table, and what each relationship permits at `AT`."""
    from django.apps import apps

    ours = [
        each
        for each in apps.get_models()
        if each.__module__.split(".")[0] in APPS and each._meta.db_table not in WRITTEN_BY_A_RESTORE
    ]
    return {
        "rows": {each._meta.db_table: each._base_manager.count() for each in ours},
        "permissions": dict(_describe_permissions()),
    }


def _describe_permissions() -> Any:
    from consent import brand_events
    from consent.models import Relationship

    for each in Relationship.objects.select_related("brand", "person").order_by("pk"):
        recipient = brand_events.build_recipient(each)
        state = brand_events.read_current_state(recipient, each.person_id, each.person.jurisdiction)
        yield (
            str(each.pk),
            [
                f"{row.purpose} {row.channel or '*'} {row.topic or '*'}: {row.allowed}"
                for row in state.table(AT)
            ],
        )


if __name__ == "__main__":
    main(sys.argv[1])
