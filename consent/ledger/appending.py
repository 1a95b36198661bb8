"""The only code that writes ledger entries: it builds them, chains them and stores them.

A single choice and a batch take the same steps. `build_entry_calls` writes one entry by prepared
statements, `append_entries` writes many with one statement a table. Both need the person's lock.

Example of a chain, with shortened hashes:

    Chain(ana, last_seq=2, head=b"7c")
    build_entry(no to e-mail)   entry 3, previous_hash=b"7c", hash=SHA-256(b"7c" + entry 3) = b"a1"
    move_chains([chain])        the subject's row says last_seq=3, chain_head=b"a1"
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import connection

from consent import preferences, rules
from consent.decision import Choice, find_standing_refusal
from consent.ledger import entry_texts, hash_chain
from consent.ledger.new_choices import Actor, NewChoice
from consent.models import Ending, EntryText, LedgerEntry, Subject
from core.db import Call, Copying, Insertion, Statement, new_id
from core.errors import DomainError


class LiftRefused(DomainError):
    """A brand recorded a yes against the person's own refusal. `denial` is that refusal."""

    status = 409
    code = "person_said_no"
    field = "decision"

    def __init__(self, denial: Choice) -> None:
        super().__init__("the person said no, and only they can lift it")
        self.denial = denial


class FromTheFuture(DomainError):
    """A choice whose `made_at` is later than now."""

    code = "from_the_future"
    field = "made_at"


@dataclass(slots=True)
class Chain:
    """The end of a locked person's hash chain. Each new entry moves it."""

    subject_id: uuid.UUID
    last_seq: int
    head: bytes


def get_chain(subject: Subject) -> Chain:
    """Return the end of a locked subject's chain."""
    return Chain(subject.pk, subject.last_seq, bytes(subject.chain_head))


#: The second one has the names of all attributes, in the order of `LedgerEntry`'s fields.
ENTRY, ENTRIES = Insertion(LedgerEntry), Copying(LedgerEntry)
TEXT, ENDING = Insertion(EntryText), Insertion(Ending)

# -- Before an entry is built --------------------------------------------------------------------


def refuse_lift(choice: NewChoice, known: Iterable[Choice], *, now: datetime) -> None:
    """Refuse a brand's yes against the person's own refusal. *known* are the current choices.

    Raises:
        LiftRefused
    """
    if choice.terms.decision != "grant":
        return
    if denial := find_standing_refusal(known, choice.scope, now):
        raise LiftRefused(denial)


def limit_by_term(choice: NewChoice, *, jurisdiction: str | None, now: datetime) -> NewChoice:
    """Return an implied consent with the end that its term sets. Other choices stay as they are.

    Raises:
        FromTheFuture: `made_at` is later than *now*.
        rules.NoTerm, rules.TermOver, rules.BeyondTerm: the consent does not fit its term.
    """
    made_at = get_time(choice, now=now)
    if choice.terms.ground is None:
        return choice
    end = rules.compute_expiry(
        choice.terms.ground,
        jurisdiction=jurisdiction,
        made_at=made_at,
        wanted=choice.terms.expires_at,
        now=now,
    )
    return replace(choice, terms=replace(choice.terms, expires_at=end))


def get_time(choice: NewChoice, *, now: datetime) -> datetime:
    """Return when the choice was made. Raises FromTheFuture."""
    made_at = choice.terms.made_at or now
    if made_at > now:
        raise FromTheFuture("made_at lies in the future")
    return made_at


# -- Building ------------------------------------------------------------------------------------


def build_entry(
    choice: NewChoice, chain: Chain, *, by: Actor, before: str, campaign: str, now: datetime
) -> LedgerEntry:
    """Build the next entry of *chain*, and move the chain's end to it. Store nothing.

    *before* is the decision of the previous entry on the same scope, "" for none.

    Raises:
        FromTheFuture
    """
    scope, terms = choice.scope, choice.terms
    values: dict[str, Any] = {
        "id": new_id(),
        "subject_id": chain.subject_id,
        "subject_seq": chain.last_seq + 1,
        "brand_id": scope.brand,
        "purpose_id": scope.purpose,
        "channel": scope.channel,
        "topic": scope.topic,
        "contact_point_id": scope.contact_point,
        "trait_kind": scope.trait_kind,
        "trait_category": scope.trait_category,
        "trait": scope.trait,
        "decision": terms.decision,
        "until": terms.until,
        "limit_max": terms.limit.max if terms.limit else None,
        "limit_per": terms.limit.per if terms.limit else None,
        "expires_at": terms.expires_at,
        "maker": by.maker,
        "maker_brand_id": by.brand_id,
        "basis": terms.basis,
        "ground": terms.ground,
        "source": by.source,
        "reason": terms.reason,
        "evidence_digest": None,
        "notice_digest": None,
        "campaign": campaign,
        "before": before,
        "made_at": get_time(choice, now=now),
        "recorded_at": now,
        "previous_hash": chain.head,
        "hash": b"",
    }
    # By position: Django takes a third of the time of keywords.
    entry = LedgerEntry(*(values[name] for name in ENTRIES.names))  # type: ignore[misc]
    entry_texts.attach_texts(entry, evidence=terms.evidence, notice=terms.notice)
    entry.hash = hash_chain.compute_entry_hash(chain.head, entry)
    chain.last_seq, chain.head = entry.subject_seq, entry.hash
    return entry


# -- Storing -------------------------------------------------------------------------------------

# One statement takes less time than three. The preference takes most of its values from the entry.
RECORD = Statement(f"""
WITH entry AS ({ENTRY.sql}), moved AS (
    UPDATE consent_subject SET last_seq = %(subject_seq)s, chain_head = %(hash)s
    WHERE id = %(subject_id)s
) {preferences.UPSERT_SQL}
""")
MOVE_MANY = """
UPDATE consent_subject held SET last_seq = new.seq, chain_head = new.head
FROM unnest(%s::uuid[], %s::bigint[], %s::bytea[]) new(id, seq, head) WHERE held.id = new.id
"""


def build_entry_calls(entry: LedgerEntry) -> list[Call]:
    """Return the calls that store a new entry of a locked person.

    They insert the entry with its texts and its end, update the projected preference, and store the
    end of the person's chain.
    """
    calls = [Call(RECORD, ENTRY.build_values(entry) | {"entry_id": entry.pk})]
    if entry.has_text:
        calls.append(TEXT.build_call(entry.text))
    if entry.ends_at:
        ending = Ending(entry=entry, subject_id=entry.subject_id, ends_at=entry.ends_at)
        calls.append(ENDING.build_call(ending))
    return calls


def append_entries(entries: Sequence[LedgerEntry]) -> None:
    """Store many entries, but not the ends of chains. Their subjects must be the persons."""
    ENTRIES.add(entries)
    entry_texts.write_many_texts(entries)
    preferences.project_entries(entries)
    Ending.objects.bulk_create(
        Ending(entry=each, subject_id=each.subject_id, ends_at=each.ends_at)
        for each in entries
        if each.ends_at
    )


def move_chains(chains: Sequence[Chain]) -> None:
    """Store the new ends of these chains. Call it once, after the entries of each were appended."""
    if chains:
        columns = [(each.subject_id, each.last_seq, each.head) for each in chains]
        with connection.cursor() as cursor:
            cursor.execute(MOVE_MANY, [list(column) for column in zip(*columns, strict=True)])
