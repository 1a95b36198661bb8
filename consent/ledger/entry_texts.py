"""Storage of a brand's texts beside a ledger entry, which holds their digests.

See Note [Texts beside the entry].
"""

from __future__ import annotations

import hashlib
import secrets
import uuid
from collections.abc import Iterable

from django.db import connection

from consent.models import EntryText, LedgerEntry
from consent.models.entry_text import ERASING
from core.db import Copying

SALT_BYTES = 16
FIELDS = ("evidence", "notice")
TEXTS = Copying(EntryText)


def attach_texts(entry: LedgerEntry, *, evidence: str, notice: str) -> None:
    """Attach texts and their digests to a new entry. Call it before the entry is hashed."""
    if not evidence and not notice:
        return
    text = EntryText(evidence=evidence, notice=notice, salt=secrets.token_bytes(SALT_BYTES))
    text.entry, text.subject_id = entry, entry.subject_id
    entry.evidence_digest = digest_text(text, "evidence")
    entry.notice_digest = digest_text(text, "notice")


def digest_text(text: EntryText, name: str) -> bytes | None:
    """Return the SHA-256 of the salt, the field's name, a NUL and the text; None without a text."""
    if not (words := getattr(text, name)):
        return None
    salted = bytes(text.salt) + name.encode() + b"\0" + str(words).encode()
    return hashlib.sha256(salted).digest()


def write_many_texts(entries: Iterable[LedgerEntry]) -> None:
    """Write the texts of many new entries in one statement."""
    if found := [entry.text for entry in entries if entry.has_text]:
        TEXTS.add(found)


def is_text_altered(entry: LedgerEntry) -> bool:
    """Return whether the texts differ from the entry's digests.

    Erased texts do not count as altered.
    """
    text = entry.kept_text
    return text is not None and any(
        digest_text(text, name) != _digest_of(entry, name) for name in FIELDS
    )


def _digest_of(entry: LedgerEntry, name: str) -> bytes | None:
    digest = getattr(entry, f"{name}_digest")
    return None if digest is None else bytes(digest)


def erase_entry_texts(person_id: uuid.UUID) -> int:
    """Delete what brands wrote about the person's entries. Return the number of deleted rows.

    Call it inside a transaction.
    """
    said = LedgerEntry.objects.of_person(person_id)
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config(%s, 'on', true)", [ERASING])
        deleted = EntryText.objects.filter(entry__in=said.values("pk")).delete()[0]
        cursor.execute("SELECT set_config(%s, 'off', true)", [ERASING])
    return deleted
