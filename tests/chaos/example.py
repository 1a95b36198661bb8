"""The brand of `docs/examples/brand`, run as one more brand, and the copy that it keeps."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

#: Whose key it has.
BRAND = "acme"
PROGRAM = Path(__file__).resolve().parents[2] / "docs" / "examples" / "brand" / "brand.py"
#: Mistakes that a brand's programmer could make, as changes to the program's text.
MISTAKES = {
    "example_answers_before_it_writes": [
        (
            'take(message["data"] if message["type"] == "events.batch" else [message])',
            'threading.Timer(1, take, [message.get("data") if "sequence" not in message'
            " else [message]]).start()",
        ),
        ("            repair()\n", ""),
    ],
}
#: By person, and by the brand, purpose and channel of what they said: the entry.
Copy = dict[str, dict[tuple[str | None, str | None, str | None], str]]


@dataclass
class Example:
    file: Path
    port: int
    key: str = ""
    batch: int = 10
    mistake: str | None = None

    def program(self) -> Path:
        """The shipped file, or a copy with the mistake in it."""
        if self.mistake is None:
            return PROGRAM
        text = PROGRAM.read_text()
        for right, wrong in MISTAKES[self.mistake]:
            assert right in text, f"the program no longer says {right!r}"
            text = text.replace(right, wrong)
        copy = self.file.with_name("brand.py")
        copy.write_text(text)
        return copy

    def told(self, cmr: str) -> dict[str, str]:
        """What its programmer sets."""
        return {
            "CMR_URL": cmr,
            "CMR_KEY": self.key,
            "PUBLIC_URL": f"http://127.0.0.1:{self.port}/hook",
            "PORT": str(self.port),
            "COPY": str(self.file),
            "BATCH": str(self.batch),
            "REPAIR_EVERY": "3",
        }

    def whole_through(self) -> int:
        """The sequence up to which it misses nothing."""
        (most, least, many) = self._ask("SELECT max(sequence), min(sequence), count(*) FROM event")[
            0
        ]
        return int(most) if most and least == 1 and many == most else 0

    def copy(self) -> Copy:
        copy: Copy = {}
        for person, scope, entry in self._ask("SELECT person, scope, entry FROM standing"):
            said = json.loads(scope)
            about = (said["brand"], said["purpose"], said["channel"])
            copy.setdefault(person, {})[about] = entry
        return copy

    def _ask(self, sql: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.file, timeout=10)) as database:
            return database.execute(sql).fetchall()
