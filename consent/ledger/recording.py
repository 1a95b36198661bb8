"""Recording of choices in one transaction: lock the person, append, project, notify."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from django.db import transaction

from consent import brand_events, preferences, rules
from consent.ledger import attribution
from consent.ledger.appending import (
    FromTheFuture,
    LiftRefused,
    build_entry,
    build_entry_calls,
    get_chain,
    limit_by_term,
    refuse_lift,
)
from consent.ledger.new_choices import (
    Actor,
    ChoiceTerms,
    ExpiresTooSoon,
    NewChoice,
    concerns_several_brands,
    end_on_the_hour,
)
from consent.ledger.notifying import notify_brands
from consent.ledger.person_lock import lock_subject
from consent.ledger.plain_choices import record_plain_choice
from consent.ledger.previous_decisions import build_previous_call
from consent.models import LedgerEntry, Subject
from core.db import ask_together

__all__ = [
    "Actor",
    "ChoiceTerms",
    "ExpiresTooSoon",
    "FromTheFuture",
    "LiftRefused",
    "NewChoice",
    "lock_subject",
    "record_choices",
]


def record_choices(
    subject_id: uuid.UUID,
    choices: Sequence[NewChoice],
    *,
    by: Actor,
    now: datetime,
    is_shared: bool = False,
) -> list[LedgerEntry]:
    """Record one person's choices, all or none, and append events to the concerned brands' streams.

    A choice about any brand counts for every check at once. A worker appends it to each brand's
    stream (`propagation`). Pass *is_shared* if the person made these choices together with choices
    about other brands.

    Raises:
        LiftRefused: a brand's yes would lift the person's refusal.
        FromTheFuture: a choice's `made_at` is later than *now*.
        ExpiresTooSoon: a yes to several brands would end before the next full hour.
        rules.NoTerm, rules.TermOver, rules.BeyondTerm: an implied consent does not fit its term.
    """
    is_shared = is_shared or concerns_several_brands(choices)
    with transaction.atomic():
        if not is_shared and (entry := record_plain_choice(subject_id, choices, by=by, now=now)):
            return [entry]
        person = lock_subject(subject_id)
        return record_for_person(
            person, choices, by=by, now=now, is_shared=is_shared, named_id=subject_id
        )


def record_for_person(
    person: Subject,
    choices: Sequence[NewChoice],
    *,
    by: Actor,
    now: datetime,
    is_shared: bool,
    named_id: uuid.UUID,
) -> list[LedgerEntry]:
    """Record choices of a locked person. *named_id* is the subject by which they came.

    Call it in a transaction. Raises what `record_choices` raises.
    """
    chain, entries = get_chain(person), list[LedgerEntry]()
    for choice in choices:
        prepared = _prepare(choice, person, by, named_id, is_shared=is_shared, now=now)
        entry = build_entry(
            prepared,
            chain,
            by=by,
            before=build_previous_call(person.pk, prepared.scope, by=by).ask(),
            campaign=attribution.find_campaign(prepared, person.pk, by=by, now=now),
            now=now,
        )
        ask_together(build_entry_calls(entry))
        entries.append(entry)
    notify_brands(person, entries, named_id=named_id, now=now)
    return entries


def _prepare(
    choice: NewChoice,
    person: Subject,
    by: Actor,
    named_id: uuid.UUID,
    *,
    is_shared: bool,
    now: datetime,
) -> NewChoice:
    """Return the choice with the scope and the end that will be recorded.

    Raises what `record_choices` raises.
    """
    if by.brand_id is not None:
        choice = _narrow_to_address(choice, named_id)
        if choice.terms.decision == "grant":
            known = preferences.read_choices_about_brand(person.pk, by.brand_id)
            refuse_lift(choice, known, now=now)
    if is_shared or choice.scope.brand is None:
        choice = end_on_the_hour(choice, now)
    if choice.terms.ground is None:
        return choice
    residence = rules.find_residence_for_brand(person, by.brand_id, named_id=named_id)
    return limit_by_term(choice, jurisdiction=residence, now=now)


def _narrow_to_address(choice: NewChoice, subject_id: uuid.UUID) -> NewChoice:
    """Narrow a brand's choice to the one address by which the brand named the person.

    Without this, the choice would also count for an address that the brand registers as a guess.
    The brand's own choice would then reveal that both addresses have one owner.
    """
    if choice.scope.contact_point is not None:
        return choice
    point = brand_events.find_contact_point(subject_id)
    return replace(choice, scope=choice.scope._replace(contact_point=point))
