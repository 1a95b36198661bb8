"""The examples in the documents, run as a reader would who types one after the other.

`python -m tests.project.examples` lists them. The words after a fence's language say how to
take it:

- `not-run: why`: it cannot be run here
- `answers: 409`: the last call of it is refused, as the page says
- `file: name`: the reader saves it under that name

A fence of `json` or `text` that is the next one under the same heading is what came of it.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt

from devstack import ports
from tests.project import running
from tests.project.running import ROOT, Product

DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
LANGUAGES = ("sh", "bash", "python")
LONGEST = "60"  # seconds for a page
#: Fields whose value an example must show as it comes; of the others, that they are there.
MEANT = {"allowed", "rule", "reserved", "decision", "maker", "type", "code", "status", "bad"}
#: Every call is written down with its status, and whatever runs in the background ends with us.
BEGIN = """
set -eo pipefail
trap 'kill $(jobs -p) 2>/dev/null || true' EXIT
curl() { command curl --write-out '%{stderr}%{response_code}\\n' "$@" 2>>"$STATUSES"; }
"""
#: What stands in a receiver's variables when a webhook has come.
RECEIVED = """
import os, sys
from datetime import datetime, UTC
from standardwebhooks import Webhook
secret, now, key = "whsec_cAaWTlOqlYL+iDKAkWvCWvb8LTkwOInwoyqJEeyMD68=", datetime.now(UTC), "evt_1"
body = '{"type": "ping", "data": {}}'
headers = {"webhook-id": key, "webhook-timestamp": str(int(now.timestamp())),
           "webhook-signature": Webhook(secret).sign(key, now, body)}
"""


@dataclass(frozen=True, slots=True)
class Block:
    line: int
    language: str
    note: str
    text: str
    heading: int
    """Which heading of the page it stands under, by number."""

    @property
    def is_example(self) -> bool:
        return self.language in LANGUAGES

    def noted(self, name: str) -> str | None:
        """What the fence says after `name:`."""
        before, colon, said = self.note.partition(":")
        return said.strip() if colon and before == name else None


@dataclass(frozen=True, slots=True)
class Example:
    block: Block
    expected: Block | None

    @property
    def why_not(self) -> str | None:
        return self.block.noted("not-run")


def blocks(document: Path) -> Iterator[Block]:
    heading = 0
    for token in MarkdownIt("commonmark").parse(document.read_text()):
        heading += token.type == "heading_open"
        if token.type == "fence":
            language, _, note = token.info.strip().partition(" ")
            line = (token.map or [0])[0] + 1
            yield Block(line, language, note, token.content, heading)


def examples(document: Path) -> list[Example]:
    return [
        Example(block, _expected(block, following))
        for block, following in pairwise([*blocks(document), None])
        if block and block.is_example
    ]


def _expected(block: Block, following: Block | None) -> Block | None:
    shown = following and following.heading == block.heading
    return following if shown and following and following.language in ("json", "text") else None


# -- Running them ------------------------------------------------------------------------------


def troubles(document: Path, product: Product, folder: Path) -> list[str]:
    """What goes wrong where the page's examples are run in *folder*."""
    run = [example for example in examples(document) if example.why_not is None]
    here = _checkout(folder, product)
    typed = [_typed(each, folder) for each in run]
    done = subprocess.run(
        ["timeout", LONGEST, "bash", "-c", _moved(BEGIN + "".join(typed), product)],
        cwd=here,
        env=_environment(product, folder / "bin"),
        capture_output=True,
        text=True,
        check=False,
    )
    found = [f"exit {done.returncode}: {done.stderr}"] if done.returncode else []
    for each in run:
        found += [f"line {each.block.line}: {said}" for said in _wrong(each, folder)]
    return found


def _checkout(folder: Path, product: Product) -> Path:
    """What a reader has before them: the repository, its environment, and the product's `var`."""
    here = folder / "cmr"
    here.mkdir(parents=True)
    for path in ROOT.iterdir():
        if path.name not in (".venv", "var"):
            (here / path.name).symlink_to(path)
    (here / ".venv").symlink_to(sys.prefix)
    (here / "var").symlink_to(product.folder)
    _install_command(folder / "bin" / "cmr")
    return here


def _install_command(program: Path) -> None:
    """As after `pip install …/docs/cmr-client.zip`: a program, which `kill` ends for good."""
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m cmr_client.command "$@"\n')
    program.chmod(0o755)


def _moved(script: str, product: Product) -> str:
    """The ports that the pages name are others here."""
    here = script.replace("http://127.0.0.1:8000", product.paper["base_url"])
    return here.replace("9001", str(ports.free()))


def _environment(product: Product, programs: Path) -> dict[str, str]:
    return running.environment() | {
        "PATH": os.pathsep.join([str(programs), os.environ["PATH"]]),
        "CMR_FOLDER": str(product.folder),
        "CMR_URL": product.paper["base_url"],
        "CMR_KEY": product.paper["brands"][0]["key"],
        "PYTHONPATH": str(ROOT / "client" / "src"),
    }


def _typed(example: Example, folder: Path) -> str:
    """The lines for bash."""
    block, text = example.block, example.block.text
    if name := block.noted("file"):
        return f"cat > {name} <<'END_OF_FILE'\n{text}END_OF_FILE\n"
    if block.language == "python":
        (folder / f"{block.line}.py").write_text(RECEIVED + text)
        text = shlex.join([sys.executable, str(folder / f"{block.line}.py")]) + "\n"
    return f"STATUSES={folder}/{block.line}.statuses\n{{\n{text}}} > {folder}/{block.line}.out\n"


def _wrong(example: Example, folder: Path) -> Iterator[str]:
    block = example.block
    out, statuses = folder / f"{block.line}.out", folder / f"{block.line}.statuses"
    if block.noted("file"):
        return
    if not out.exists():
        yield "was not reached"
        return
    said = [line for line in statuses.read_text().split() if line] if statuses.exists() else []
    refused = [status for status in said if not status.startswith("2")]
    awaited = [block.noted("answers")] if block.noted("answers") else []
    if refused != awaited:
        yield f"statuses {said}, refusals expected: {awaited}"
    if example.expected:
        yield from _differences(example.expected, out.read_text())


def _differences(expected: Block, came: str) -> Iterator[str]:
    if expected.language == "text":
        if not came.rstrip().endswith(expected.text.rstrip()):
            yield f"shows {expected.text!r}, came {came!r}"
        return
    shown, got = list(_values(expected.text)), list(_values(came))
    if not shown or len(got) < len(shown):
        yield f"shows {len(shown)} values, came {came!r}"
    for one, other in zip(shown, got[-len(shown) :], strict=False):
        yield from _unlike(one, other, "")


def _values(text: str) -> Iterator[Any]:
    """The JSON values of a text, one after the other."""
    decoder, rest = json.JSONDecoder(), text.strip()
    while rest:
        try:
            value, end = decoder.raw_decode(rest)
        except ValueError:
            return
        yield value
        rest = rest[end:].strip()


def _unlike(shown: Any, came: Any, where: str) -> Iterator[str]:
    """Where two values are not of one shape. What may be null may be it on one side only."""
    if isinstance(shown, dict) and isinstance(came, dict):
        yield from _unlike_objects(shown, came, where)
    elif isinstance(shown, list) and isinstance(came, list):
        if bool(shown) != bool(came):
            yield f"{where} has {len(came)}, shown are {len(shown)}"
        for place, (one, other) in enumerate(zip(shown, came, strict=False)):
            yield from _unlike(one, other, f"{where}[{place}]")
    elif None not in (shown, came) and type(shown) is not type(came):
        yield f"{where} is {came!r}, shown is {shown!r}"


def _unlike_objects(shown: dict[str, Any], came: dict[str, Any], where: str) -> Iterator[str]:
    if shown.keys() != came.keys():
        yield f"{where or 'it'} has {sorted(came)}, shown are {sorted(shown)}"
    for name in shown.keys() & came.keys():
        one, other = shown[name], came[name]
        if name in MEANT and _meant(one) != _meant(other):
            yield f"{where}.{name} is {other!r}, shown is {one!r}"
        yield from _unlike(one, other, f"{where}.{name}")


def _meant(value: Any) -> Any:
    """A problem's type without the host, which is another one wherever it runs."""
    return value.rpartition("/")[2] if isinstance(value, str) else value


def counted() -> tuple[int, list[str]]:
    """How many are run, and the reasons of those that are not."""
    found = [each for document in DOCUMENTS for each in examples(document)]
    reasons = [each.why_not for each in found if each.why_not is not None]
    return len(found) - len(reasons), reasons


if __name__ == "__main__":
    for document in DOCUMENTS:
        for each in examples(document):
            how = f"not run: {each.why_not}" if each.why_not else "run"
            print(f"{document.relative_to(ROOT)}:{each.block.line}: {how}")
    number, reasons = counted()
    print(f"{number} run, {len(reasons)} not, with reasons")
