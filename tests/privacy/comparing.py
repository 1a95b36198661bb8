"""What a brand was answered and sent, so that two worlds can be held against each other.

Note [What is random by design]. Ids, secrets and signatures are drawn anew each time. Each is
replaced by its number: the first id is `<id 1>` wherever it stands again. So it still counts which
of them are the same, and where they stand. Everything else is compared as it is, and only three
things more are put alike: milliseconds that a call took; the microseconds by which an event is told
later than its minute, which read `+`; and the order of lists by random ids, which are sorted.
"""

from __future__ import annotations

import base64
import csv
import difflib
import io
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
#: A link's token: the part before the dot is read, too.
TOKEN = re.compile(r"(?<=/[up]/)([\w-]+)\.([\w-]{43})")
#: A page's cursor is read, too: it holds the place of the page's last item.
CURSOR = re.compile(r'(?<="next_cursor":")[\w-]+=*(?=")')
#: What is random by its form, and the name in its place.
RANDOM = [
    (re.compile(r"cmr_(?:live|test)_[0-9a-f]{16}_[\w-]{43}"), "key"),
    (re.compile(r"whsec_[\w+/=]+|whpk_[\w+/=]+"), "secret"),
    (re.compile(r"(?<=v1,)[\w+/=]+"), "signature"),
    (re.compile(r"cmr_inlet_[\w-]+"), "inlet"),
    (re.compile(r'(?<="prefix":")[0-9a-f]{16}'), "prefix"),
    (re.compile(r"(?<=(?:evt|bat|msg)_)[0-9a-f]{32}"), "message"),
    (re.compile(r'(?<=csrfmiddlewaretoken" value=")\w+'), "csrf"),
    # Numbered by themselves: where others used a limit up, there is one less.
    (re.compile(rf'(?<="send":"){UUID.pattern}'), "send"),
    (UUID, "id"),
]
LATENCY = re.compile(r'(?<="latency_ms":)\d+')
#: The clock of the tests has whole seconds: what is beside them is how long a worker took.
SHORTLY_AFTER = re.compile(r"(?<=\d\d:\d\d:\d\d)\.\d{1,6}(?=Z|\+00:00)")
#: Lists in the order of random ids.
SORTED = ("exports/preferences", "suppressions")


@dataclass(frozen=True, slots=True)
class Raw:
    """An answer to a brand, or a request to its endpoint, as it came."""

    label: str
    status: int
    headers: dict[str, str]
    body: bytes


class Seen(NamedTuple):
    """The same with what is random replaced; `text` is its body."""

    label: str
    status: int
    headers: dict[str, str]
    text: str


class Difference(NamedTuple):
    """Where two worlds differ: the step, the place in it, and what stands there in each."""

    label: str
    place: str
    one: Any
    other: Any


@dataclass(frozen=True, slots=True)
class Allowed:
    """A difference that there may be: of steps and places that match, and why."""

    step: str
    place: str
    reason: str

    def covers(self, found: Difference) -> bool:
        return bool(re.search(self.step, found.label) and re.search(self.place, found.place))


@dataclass
class _Names:
    """Gives each random text its number, by when it comes first."""

    given: dict[str, str] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)

    def name(self, kind: str, text: str) -> str:
        if text not in self.given:
            self.counts[kind] = self.counts.get(kind, 0) + 1
            self.given[text] = f"<{kind} {self.counts[kind]}>"
        return self.given[text]

    def replace(self, text: str) -> str:
        text = TOKEN.sub(lambda found: _read_token(found[1]), text)
        text = CURSOR.sub(lambda found: _decode(found[0]).replace('"', "'"), text)
        for pattern, kind in RANDOM:
            text = pattern.sub(lambda found, kind=kind: self.name(kind, found[0]), text)  # type: ignore[misc]
        return SHORTLY_AFTER.sub("+", LATENCY.sub("0", text))

    def blank(self, line: str) -> str:
        """Return *line* with the known names in it, and without those that are new."""
        return UUID.sub(lambda found: self.given.get(found[0], "<id>"), line)


def _read_token(payload: str) -> str:
    text = _decode(payload)
    return re.sub(r"'n':'[^']+'", "'n':<nonce>", text.replace('"', "'")) + ".<seal>"


def _decode(coded: str) -> str:
    return base64.urlsafe_b64decode(coded + "=" * (-len(coded) % 4)).decode()


def normalise(answers: Iterable[Raw]) -> list[Seen]:
    """Return a world's answers, in their order, with what is random replaced."""
    names = _Names()
    return [_normalise(each, names) for each in answers]


def _normalise(raw: Raw, names: _Names) -> Seen:
    headers, text = dict(raw.headers), raw.body.decode()
    if "Content-Length" in headers:
        assert headers["Content-Length"] == str(len(raw.body)), raw.label
    if any(each in raw.label for each in SORTED) and raw.status == 200:
        text = _sort_lines(text, names)
    label, text = names.replace(raw.label), names.replace(text)
    if "Content-Length" in headers:
        headers["Content-Length"] = str(len(text))  # of what is random the length is, too
    return Seen(label, raw.status, {k: names.replace(v) for k, v in headers.items()}, text)


def _sort_lines(text: str, names: _Names) -> str:
    """Sort the lines after a CSV file's headings."""
    lines = text.splitlines(keepends=True)
    first = 0 if text.startswith("{") else 1
    return "".join(lines[:first] + sorted(lines[first:], key=names.blank))


def compare(one: Sequence[Seen], other: Sequence[Seen]) -> list[Difference]:
    """Return all differences between two worlds, in the order of the steps."""
    found = [difference for a, b in zip(one, other, strict=False) for difference in _compare(a, b)]
    if len(one) != len(other):
        found.append(Difference("", "number of steps", len(one), len(other)))
    return found


def _compare(one: Seen, other: Seen) -> Iterator[Difference]:
    for place in ("label", "status"):
        if getattr(one, place) != getattr(other, place):
            yield Difference(one.label, place, getattr(one, place), getattr(other, place))
    body_differs = one.text != other.text
    for name in sorted({*one.headers, *other.headers}):
        mine, theirs = one.headers.get(name), other.headers.get(name)
        follows = name in ("Content-Length", "ETag") and body_differs
        if mine != theirs and not follows:
            yield Difference(one.label, f"header {name}", mine, theirs)
    if body_differs:
        found = list(_walk(one.label, "", _parse(one), _parse(other)))
        yield from found or [Difference(one.label, "bytes", one.text, other.text)]


def _parse(seen: Seen) -> Any:
    kind = seen.headers.get("Content-Type", "").partition(";")[0]
    if kind == "text/csv":
        return list(csv.DictReader(io.StringIO(seen.text)))
    if kind == "application/x-ndjson":
        return [json.loads(line) for line in seen.text.splitlines()]
    if kind in ("application/json", "application/problem+json"):
        return json.loads(seen.text)
    return seen.text


def _walk(label: str, place: str, one: Any, other: Any) -> Iterator[Difference]:
    if isinstance(one, dict) and isinstance(other, dict):
        for name in dict.fromkeys([*one, *other]):
            yield from _walk(label, f"{place}.{name}", one.get(name, ...), other.get(name, ...))
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for nth, (mine, theirs) in enumerate(zip(one, other, strict=True)):
            yield from _walk(label, f"{place}[{nth}]", mine, theirs)
    elif isinstance(one, str) and isinstance(other, str) and "\n" in one:
        lines = difflib.unified_diff(one.splitlines(), other.splitlines(), lineterm="", n=0)
        if one != other:
            yield Difference(label, place, "\n".join(lines), "")
    elif one != other:
        yield Difference(label, place, one, other)


def explain(found: Sequence[Difference], *, most: int = 12) -> str:
    """Return the first differences as text, to read where a test fails."""
    lines = [f"{len(found)} differences"]
    lines += [
        f"{d.label}\n  {d.place}: {d.one!r}\n  {'':>{len(d.place)}}: {d.other!r}"
        for d in found[:most]
    ]
    return "\n".join(lines)
