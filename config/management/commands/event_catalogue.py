"""`manage.py event_catalogue` prints docs/events.md."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand

from brands import events

HEAD = """# Events

What a brand is sent, type by type: what it means, its schema (JSON Schema 2020-12), an example.
Programs read the same at `GET /api/v1/event-types`. This page is made by `make event-catalogue`.

A body has less than 20,000 bytes and no address in clear. `subject.id` is yours alone: another
brand has another id for the same person. Keep it: it never changes. `subject.ref` is your own
reference as it is when the event is read or sent; it is null where you gave none, and where it held
an address of somebody who erased their account. `scope.brand` is always your own slug. `sequence`
counts 1, 2, 3, … in your stream, and `subject_seq` counts 1, 2, 3, … your events about this person.
`permissions` is all that you may do with the person from then on, so the newest event of a person
replaces what you had: [Keep a copy](keeping-a-copy.md#apply-them). It is null where there are too
many rows for an event. `honour_by` is when you must have applied it at the latest. How to receive
events is in [Webhooks](webhooks.md), and why they say no more in
[What you learn about a person](what-brands-learn.md).
"""


def page() -> str:
    return "\n".join([HEAD, *(section(each) for each in events.build_event_catalogue())])


def section(entry: dict[str, Any]) -> str:
    example = json.dumps(entry["example"], indent=1, ensure_ascii=False)
    schema = json.dumps(entry["schema"], ensure_ascii=False)
    return (
        f"## {entry['type']}\n\n{entry['meaning']}\n\n```json\n{example}\n```\n\n"
        f"<details><summary>Schema</summary>\n\n```json\n{schema}\n```\n\n</details>\n"
    )


class Command(BaseCommand):
    help = "Print the catalogue of events, for docs/events.md."
    #: It prints constants, so a fresh clone without settings can run it.
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(page(), ending="")
