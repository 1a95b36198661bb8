"""The projection of a person's current choices: stored beside the ledger, and rebuilt from it."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from consent.decision import Choice, Limit, Scope, fold_choices
from consent.models import LedgerEntry, Preference, Subject
from core.db import Call, Statement

PREFERENCE_COLUMNS = (
    "subject_id brand_id purpose_id channel topic contact_point_id trait_kind trait_category trait "
    "decision maker basis entry_id subject_seq made_at until expires_at limit_max limit_per"
).split()
SLOT_COLUMNS = PREFERENCE_COLUMNS[: PREFERENCE_COLUMNS.index("entry_id")]
INTO = f"INSERT INTO consent_preference AS held ({', '.join(PREFERENCE_COLUMNS)})"
#: Of two choices in one slot the newer one counts.
UNLESS_NEWER = """
ON CONFLICT ({slot}) DO UPDATE SET ({rest}) = ({excluded})
WHERE (held.made_at, held.subject_seq) < (EXCLUDED.made_at, EXCLUDED.subject_seq)
""".format(
    slot=", ".join(SLOT_COLUMNS),
    rest=", ".join(PREFERENCE_COLUMNS[len(SLOT_COLUMNS) :]),
    excluded=", ".join(f"EXCLUDED.{name}" for name in PREFERENCE_COLUMNS[len(SLOT_COLUMNS) :]),
)
VALUES = ", ".join(f"%({name})s" for name in PREFERENCE_COLUMNS)
UPSERT_SQL = f"{INTO} VALUES ({VALUES}) {UNLESS_NEWER}"
UPSERT = Statement(UPSERT_SQL)


def project_entry(entry: LedgerEntry, *, person_id: uuid.UUID | None = None) -> None:
    """Write *entry* into its slot, unless the slot holds a newer one: see Note [Slots].

    The slot belongs to *person_id*, by default the entry's own subject.
    """
    row = {
        name: getattr(entry, "id" if name == "entry_id" else name) for name in PREFERENCE_COLUMNS
    }
    UPSERT.ask(row | {"subject_id": person_id or entry.subject_id})


def apply_entry(choices: Iterable[Choice], entry: LedgerEntry) -> list[Choice]:
    """Return the person's current *choices* after *entry*, as `project_entry` stores them."""
    return fold_choices([*choices, build_choice(entry, entry=entry.id)])


def project_entries(entries: Sequence[LedgerEntry]) -> None:
    """Write many entries into their slots in one statement. Their subjects must be the persons."""
    with connection.cursor() as cursor:
        subjects = list({each.subject_id for each in entries})
        cursor.execute(UPSERT_ALL, [subjects, [each.pk for each in entries]])


UPSERT_ALL = """
{into} SELECT DISTINCT ON ({slot}) {read} FROM consent_ledgerentry
WHERE subject_id = ANY(%s::uuid[]) AND id = ANY(%s::uuid[])
ORDER BY {slot}, made_at DESC, subject_seq DESC
{unless_newer}
""".format(
    into=INTO,
    slot=", ".join(SLOT_COLUMNS),
    read=", ".join("id" if name == "entry_id" else name for name in PREFERENCE_COLUMNS),
    unless_newer=UNLESS_NEWER,
)


def rebuild_preferences(subject: Subject) -> None:
    """Rebuild the person's preferences from the ledger while the subject is locked.

    For a person with several merged subjects, read all their chains.
    """
    with transaction.atomic():
        Subject.objects.select_for_update().get(pk=subject.pk)
        subject.preferences.all().delete()
        if subject.merged_into_id is None:  # otherwise the remaining subject holds them
            for entry in LedgerEntry.objects.of_person(subject.pk).order_by("subject_seq"):
                project_entry(entry, person_id=subject.pk)


def find_projection_deviations(
    person_id: uuid.UUID, held: Iterable[Preference], entries: Iterable[LedgerEntry]
) -> Iterator[str]:
    """Yield each difference between *held*, the preferences of a person's subjects, and *entries*.

    Each slot must hold the newest entry. After a merge, two entries of different chains may be
    equally new. Then either is correct.
    """
    newest = _find_newest(person_id, entries)
    for each in held:
        allowed = newest.pop(_values(each, SLOT_COLUMNS), [])
        if not allowed:
            yield f"a preference ({each.decision}) stands that no entry made"
        elif _values(each, PREFERENCE_COLUMNS) not in [
            _values_of_entry(person_id, one) for one in allowed
        ]:
            yield f"the preference of entry {allowed[0].subject_seq} was altered"
    for missing in newest.values():
        yield f"the preference of entry {missing[0].subject_seq} is missing"


def _find_newest(
    person_id: uuid.UUID, entries: Iterable[LedgerEntry]
) -> dict[tuple[Any, ...], list[LedgerEntry]]:
    """Return the newest entry of each slot, or all of them if several are equally new."""
    newest: dict[tuple[Any, ...], list[LedgerEntry]] = {}
    for entry in entries:
        others = newest.setdefault(_values_of_entry(person_id, entry)[: len(SLOT_COLUMNS)], [])
        if others and _age(entry) > _age(others[0]):
            others.clear()
        if not others or _age(entry) == _age(others[0]):
            others.append(entry)
    return newest


def _age(entry: LedgerEntry) -> tuple[datetime, int]:
    return entry.made_at, entry.subject_seq


def _values(row: Preference, names: Sequence[str]) -> tuple[Any, ...]:
    return tuple(getattr(row, name) for name in names)


def _values_of_entry(person_id: uuid.UUID, entry: LedgerEntry) -> tuple[Any, ...]:
    """Return the values of `PREFERENCE_COLUMNS` that *entry* produces for the person."""
    own = {"subject_id": person_id, "entry_id": entry.pk}
    return tuple(own[name] if name in own else getattr(entry, name) for name in PREFERENCE_COLUMNS)


#: The columns of a choice in a table `held`, for `read_choice`.
CHOICE_COLUMNS = (
    "held.entry_id, held.subject_seq, held.brand_id, held.purpose_id, held.channel, held.topic, "
    "held.contact_point_id, held.trait_kind, held.trait_category, held.trait, held.decision, "
    "held.maker, held.made_at, held.basis, held.until, held.expires_at, held.limit_max, "
    "held.limit_per"
)
# Two index probes instead of an OR, as in a check.
COVERING = Statement(f"""
SELECT {CHOICE_COLUMNS} FROM (
    SELECT * FROM consent_preference
    WHERE subject_id = %(person)s::uuid AND brand_id = %(brand)s
    UNION ALL
    SELECT * FROM consent_preference WHERE subject_id = %(person)s::uuid AND brand_id IS NULL
) held
""")


def read_choices_about_brand(subject_id: uuid.UUID, brand_id: int) -> list[Choice]:
    """Return the person's choices that can affect one brand."""
    choices: list[Choice] = build_covering_call(subject_id, brand_id).ask()
    return choices


def build_covering_call(subject_id: uuid.UUID, brand_id: int) -> Call:
    """Return the call of `read_choices_about_brand`."""
    return Call(COVERING, {"person": subject_id, "brand": brand_id}, _read_choices)


def _read_choices(rows: Iterable[Sequence[Any]]) -> list[Choice]:
    return [read_choice(row) for row in rows]


def read_choice(row: Sequence[Any]) -> Choice:
    """Build a choice from the values of `CHOICE_COLUMNS`, which has the order of its fields."""
    entry, seq = row[:2]
    decision, maker, made_at, basis, until, expires_at, most, per = row[10:18]
    return Choice(
        entry,
        seq,
        Scope._make(row[2:10]),
        decision,
        maker,
        made_at,
        basis,
        until,
        expires_at,
        None if most is None else Limit(most, per),
    )


def list_preferences(subject_id: uuid.UUID) -> list[Choice]:
    return build_choices(Preference.objects.filter(subject_id=subject_id))


def build_choices(preferences: Iterable[Preference]) -> list[Choice]:
    return [build_choice(each, entry=each.entry_id) for each in preferences]


def build_choices_from_ledger(entries: Iterable[LedgerEntry]) -> list[Choice]:
    return [build_choice(each, entry=each.id) for each in entries]


def build_choice(row: Preference | LedgerEntry, *, entry: uuid.UUID) -> Choice:
    """Build a choice from a row of either table."""
    fields: dict[str, Any] = {
        name: getattr(row, name) for name in ("decision", "maker", "basis", "until", "expires_at")
    }
    return Choice(
        entry=entry,
        seq=row.subject_seq,
        scope=read_scope(row),
        made_at=row.made_at,
        limit=Limit(row.limit_max, row.limit_per)
        if row.limit_max is not None and row.limit_per is not None
        else None,
        **fields,
    )


def read_scope(row: Preference | LedgerEntry) -> Scope:
    return Scope(
        row.brand_id,
        row.purpose_id,
        row.channel,
        row.topic,
        row.contact_point_id,
        row.trait_kind,
        row.trait_category,
        row.trait,
    )
