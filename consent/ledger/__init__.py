"""The ledger's entry point: record choices, chain them, and keep the texts beside them."""

from consent.ledger.appending import (
    Chain,
    FromTheFuture,
    LiftRefused,
    append_entries,
    build_entry,
    limit_by_term,
    move_chains,
    refuse_lift,
)
from consent.ledger.hash_chain import compute_entry_hash, find_chain_breaks
from consent.ledger.new_choices import (
    SUPPOSED_ENTRY_ID,
    Actor,
    ChoiceTerms,
    ExpiresTooSoon,
    NewChoice,
    suppose_choices,
)
from consent.ledger.notifying import (
    append_brand_events,
    build_entry_events,
    build_pending_events,
    wake_brand,
)
from consent.ledger.person_lock import LockedPerson, MergedMeanwhile, lock_people, lock_subject
from consent.ledger.recording import record_choices
from consent.ledger.repeated_choices import record_unless_repeated
from consent.ledger.text_erasure import PersonalWords, erase_texts

__all__ = [
    "SUPPOSED_ENTRY_ID",
    "Actor",
    "Chain",
    "ChoiceTerms",
    "ExpiresTooSoon",
    "FromTheFuture",
    "LiftRefused",
    "LockedPerson",
    "MergedMeanwhile",
    "NewChoice",
    "PersonalWords",
    "append_brand_events",
    "append_entries",
    "build_entry",
    "build_entry_events",
    "build_pending_events",
    "compute_entry_hash",
    "erase_texts",
    "find_chain_breaks",
    "limit_by_term",
    "lock_people",
    "lock_subject",
    "move_chains",
    "record_choices",
    "record_unless_repeated",
    "refuse_lift",
    "suppose_choices",
    "wake_brand",
]
