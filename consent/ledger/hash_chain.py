"""The hash chain: each entry's hash covers the previous hash, so tampering can be detected.

The hashed text is the entry as JSON with sorted keys and no white space. For our values (text,
whole numbers, null) this is the canonical form of RFC 8785. A brand's text is covered as a salted
digest in hexadecimal: see Note [Texts beside the entry]. A field of `HASHED_WHERE_SET` is hashed
only if it is not null. So a new field does not change the hashes of older entries.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from datetime import UTC
from operator import attrgetter

import orjson

from consent.ledger import entry_texts
from consent.models import LedgerEntry, Subject

HASHED = (
    "id subject_id subject_seq brand_id purpose_id channel topic contact_point_id decision until "
    "limit_max limit_per expires_at maker maker_brand_id basis ground source reason "
    "evidence_digest notice_digest campaign before made_at recorded_at"
).split()
DIGESTS = "evidence_digest", "notice_digest"
TIMES = "until", "expires_at", "made_at", "recorded_at"
HASHED_WHERE_SET = ("trait_kind", "trait_category", "trait")


READ, READ_WHERE_SET = attrgetter(*HASHED), attrgetter(*HASHED_WHERE_SET)


def serialise_entry(entry: LedgerEntry) -> bytes:
    """Return the bytes of *entry* that its hash covers."""
    fields = dict(zip(HASHED, READ(entry), strict=True))
    for name in DIGESTS:
        if (digest := fields[name]) is not None:
            fields[name] = bytes(digest).hex()
    for name in TIMES:
        if (moment := fields[name]) is not None:
            fields[name] = moment.astimezone(UTC).isoformat()
    for name, value in zip(HASHED_WHERE_SET, READ_WHERE_SET(entry), strict=True):
        if value is not None:
            fields[name] = value
    # What is left are texts, whole numbers and UUIDs, as which orjson writes them.
    return orjson.dumps(fields, option=orjson.OPT_SORT_KEYS)


def compute_entry_hash(previous_hash: bytes, entry: LedgerEntry) -> bytes:
    """Return the SHA-256 of the previous hash and the entry's canonical bytes."""
    return hashlib.sha256(previous_hash + serialise_entry(entry)).digest()


def list_breaks(subject: Subject) -> Iterator[str]:
    """Yield a description of each break in this person's chain; nothing if the chain is intact."""
    entries = subject.entries.select_related("text").order_by("subject_seq")
    return find_chain_breaks(subject, entries.iterator())


def find_chain_breaks(subject: Subject, entries: Iterable[LedgerEntry]) -> Iterator[str]:
    """Yield a description of each break in the chain.

    *entries* are all entries of the subject, ordered by `subject_seq`.
    """
    expected, seq = b"", 0
    for seq, entry in enumerate(entries, start=1):
        if entry.subject_seq != seq:
            yield f"entry {seq} is missing"
            return
        yield from _find_alterations(entry, expected)
        expected = bytes(entry.hash)
    if (seq, expected) != (subject.last_seq, bytes(subject.chain_head)):
        yield f"the chain ends at entry {seq}, its head says {subject.last_seq}"


def _find_alterations(entry: LedgerEntry, previous_hash: bytes) -> Iterator[str]:
    if bytes(entry.previous_hash) != previous_hash:
        yield f"entry {entry.subject_seq} does not follow the one before it"
    if compute_entry_hash(bytes(entry.previous_hash), entry) != bytes(entry.hash):
        yield f"entry {entry.subject_seq} was altered"
    if entry_texts.is_text_altered(entry):
        yield f"the text of entry {entry.subject_seq} was altered"
