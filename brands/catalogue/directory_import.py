"""Import of real companies as brands, from a directory file with one JSON object per line.

The format is that of the public company database of Datenanfragen.de (CC0): `slug`, `name`,
`runs`, `web`, `email`, `webform`, `address`, `phone`, `categories`, `relevant-countries`,
`suggested-transport-medium`, `request-language`, `quality`; other fields are ignored.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson
from django.core.exceptions import ValidationError
from django.db import transaction

from brands.models import Brand

BATCH = 500

#: From the fields of the file to those of the model. The model has the maximum lengths.
FIELDS = {
    "slug": "slug",
    "name": "name",
    "runs": "also_known_as",
    "web": "website",
    "categories": "categories",
    "relevant-countries": "countries",
    "email": "privacy_email",
    "webform": "privacy_webform",
    "address": "privacy_address",
    "phone": "privacy_phone",
    "suggested-transport-medium": "privacy_transport",
    "request-language": "privacy_language",
    "quality": "directory_quality",
}
LISTS = {"runs", "categories", "relevant-countries"}
NAMES = [name for name in FIELDS.values() if name != "slug"]


class BadLine(ValueError):
    """The line is not a valid company; the message says why."""


@dataclass(slots=True)
class ImportOutcome:
    """Result of an import. `skipped` has the numbers of skipped lines with the reasons."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    skipped: list[tuple[int, str]] = field(default_factory=list)


def import_lines(
    lines: Iterable[bytes], *, seen: Callable[[bytes], object] = lambda line: None
) -> ImportOutcome:
    """Create or update a brand for every company in *lines*.

    All valid lines are written in one transaction, so a crash leaves nothing half-done. *seen* is
    called with each line after it has been read, for a progress bar.
    """
    outcome = ImportOutcome()
    parsed = _parse_all(lines, outcome, seen)
    with transaction.atomic():
        while batch := list(itertools.islice(parsed, BATCH)):
            _write(batch, outcome)
    return outcome


def _parse_all(
    lines: Iterable[bytes], outcome: ImportOutcome, seen: Callable[[bytes], object]
) -> Iterator[Brand]:
    first_line: dict[str, int] = {}
    for number, line in enumerate(lines, start=1):
        seen(line)
        if not line.strip():
            continue
        try:
            brand = parse_company(line)
            if brand.slug in first_line:
                raise BadLine(f"slug {brand.slug!r} is already on line {first_line[brand.slug]}")
            first_line[brand.slug] = number
        except BadLine as problem:
            outcome.skipped.append((number, str(problem)))
        else:
            yield brand


def parse_company(line: bytes) -> Brand:
    """Return the brand that a line describes, without saving it.

    Raises:
        BadLine
    """
    try:
        company = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise BadLine(f"not JSON: {error}") from error
    if not isinstance(company, dict):
        raise BadLine("not a JSON object")
    brand = Brand(**{FIELDS[key]: _value(company, key) for key in FIELDS})
    try:
        brand.clean_fields()
    except ValidationError as error:
        raise BadLine(_first_error(error)) from error
    return brand


def _value(company: dict[str, Any], key: str) -> Any:
    value = company.get(key, [] if key in LISTS else "")
    if key in LISTS:
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise BadLine(f"{key}: not a list of texts")
    elif not isinstance(value, str):
        raise BadLine(f"{key}: not a text")
    if "\0" in "".join(value):
        raise BadLine(f"{key}: contains a NUL character")
    return value


def _first_error(error: ValidationError) -> str:
    of_model = {model: theirs for theirs, model in FIELDS.items()}
    name, messages = next(iter(error.message_dict.items()))
    return f"{of_model.get(name, name)}: {messages[0]}"


def _write(batch: list[Brand], outcome: ImportOutcome) -> None:
    held = Brand.objects.in_bulk([brand.slug for brand in batch], field_name="slug")
    new = [brand for brand in batch if brand.slug not in held]
    changed = [_carry_over(brand, held[brand.slug]) for brand in batch if brand.slug in held]
    to_update = [brand for brand in changed if brand is not None]
    Brand.objects.bulk_create(new)
    Brand.objects.bulk_update(to_update, NAMES)
    outcome.created += len(new)
    outcome.updated += len(to_update)
    outcome.unchanged += len(changed) - len(to_update)


def _carry_over(read: Brand, held: Brand) -> Brand | None:
    """Return *held* with the values of *read*, or None if nothing differs."""
    if all(getattr(read, name) == getattr(held, name) for name in NAMES):
        return None
    for name in NAMES:
        setattr(held, name, getattr(read, name))
    return held
