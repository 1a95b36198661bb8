"""`manage.py event_catalogue` prints docs/events.md."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand

from brands import event_schemas

HEAD = """# Events

What a brand is sent, type by type: what it means, its schema (JSON Schema 2020-12), an example.
Programs read the same at `GET /api/v1/event-types`. This page is made by `make event-catalogue`.

A body has less than 20,000 bytes and no address in clear. `subject.id` is yours alone: another
brand has another id for the same person. `sequence` counts 1, 2, 3, … in your stream;
`subject_seq` counts what the person said, to whomever. `honour_by` is when you must have applied
it at the latest. How to receive them is in [Webhooks](webhooks.md).
"""


def page() -> str:
    return "\n".join([HEAD, *(section(each) for each in event_schemas.catalogue())])


def section(entry: dict[str, Any]) -> str:
    example = json.dumps(entry["example"], indent=1, ensure_ascii=False)
    schema = json.dumps(entry["schema"], ensure_ascii=False)
    return (
        f"## {entry['type']}\n\n{entry['meaning']}\n\n```json\n{example}\n```\n\n"
        f"<details><summary>Schema</summary>\n\n```json\n{schema}\n```\n\n</details>\n"
    )


class Command(BaseCommand):
    help = "Print the catalogue of events, for docs/events.md."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(page(), ending="")
