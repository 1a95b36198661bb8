"""The ledger's entry point: record choices, chain them, and keep the texts beside them."""

from consent.ledger.entry_texts import attach_texts, write_many_texts
from consent.ledger.hash_chain import compute_entry_hash, find_chain_breaks
from consent.ledger.recording import (
    SUPPOSED_ENTRY_ID,
    Actor,
    ExpiresTooSoon,
    FromTheFuture,
    LiftRefused,
    NewChoice,
    append_brand_events,
    build_pending_events,
    lock_subject,
    record_choices,
    suppose_choices,
    wake_brand,
)
from consent.ledger.repeated_choices import record_unless_repeated
from consent.ledger.text_erasure import PersonalWords, erase_texts

__all__ = [
    "SUPPOSED_ENTRY_ID",
    "Actor",
    "ExpiresTooSoon",
    "FromTheFuture",
    "LiftRefused",
    "NewChoice",
    "PersonalWords",
    "append_brand_events",
    "attach_texts",
    "build_pending_events",
    "compute_entry_hash",
    "erase_texts",
    "find_chain_breaks",
    "lock_subject",
    "record_choices",
    "record_unless_repeated",
    "suppose_choices",
    "wake_brand",
    "write_many_texts",
]
