"""The brand of `docs/examples/brand`, run as one more brand, and the copy that it keeps."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

#: What a brand may ask about one person: purpose, channel and topic.
Question = tuple[str, str | None, str | None]
#: By person and question, whether the brand may; None where it does not know.
Answers = dict[str, dict[Question, bool | None]]

#: Whose key it has.
BRAND = "acme"
PROGRAM = Path(__file__).resolve().parents[2] / "docs" / "examples" / "brand" / "brand.py"
#: Mistakes that a brand's programmer could make, as changes to the program's text.
MISTAKES = {
    "example_answers_before_it_writes": [
        (
            'write_events(message["data"] if message["type"] == "events.batch" else [message])',
            'threading.Timer(1, take, [message.get("data") if "sequence" not in message'
            " else [message]]).start()",
        ),
        ("            repair()\n", ""),
    ],
    "example_takes_too_many_for_none": [
        ('[] if ended else data["permissions"]', '[] if ended else data["permissions"] or []'),
    ],
}
#: Has the program answer by its copy. Of whom it misses an event it knows nothing.
ASK = """
import json, sys, brand
from datetime import datetime
asked = json.load(sys.stdin)
at = datetime.fromisoformat(asked["at"])
for person, question in asked["questions"]:
    print(json.dumps(brand.may(person, *question, at=at) if brand.is_whole(person) else None))
"""


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

    def knows_permissions(self) -> bool:
        """Whether it has fetched those that were too many for an event."""
        return not self._ask("SELECT 1 FROM person WHERE permissions IS NULL LIMIT 1")

    def answers(self, questions: Iterable[tuple[str, Question]], *, at: str) -> Answers:
        """What the program says by its copy to each question about a person, at a time."""
        asked = list(questions)
        done = subprocess.run(
            [sys.executable, "-c", ASK],
            env={**os.environ, **self.told(""), "PYTHONPATH": str(self.program().parent)},
            input=json.dumps({"at": at, "questions": asked}),
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        answers: Answers = {}
        for (person, question), said in zip(asked, done.stdout.splitlines(), strict=True):
            answers.setdefault(person, {})[question] = json.loads(said)
        return answers

    def _ask(self, sql: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.file, timeout=10)) as database:
            return database.execute(sql).fetchall()
