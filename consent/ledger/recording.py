"""Recording of choices in one transaction: lock the person, append, project, notify."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from django.db import transaction

from consent import brand_events, preferences, rules
from consent.decision import Scope
from consent.ledger import attribution
from consent.ledger.appending import (
    Chain,
    FromTheFuture,
    LiftRefused,
    append_entry,
    build_entry,
    get_chain,
    limit_by_term,
    move_chains,
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
from consent.models import LedgerEntry, Source, Subject
from core.db import Statement
from core.text import holds_address

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
        person = lock_subject(subject_id)
        chain, entries = get_chain(person), list[LedgerEntry]()
        for choice in choices:
            prepared = _prepare(choice, person, by, subject_id, is_shared=is_shared, now=now)
            entry = build_entry(
                prepared,
                chain,
                by=by,
                before=_find_previous_decision(chain, prepared.scope, by),
                campaign=_find_campaign(prepared, person.pk, by, now),
                now=now,
            )
            append_entry(entry)
            entries.append(entry)
        move_chains([chain])
        notify_brands(person, entries, named_id=subject_id, now=now)
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


def _find_campaign(choice: NewChoice, person_id: uuid.UUID, by: Actor, now: datetime) -> str:
    """Return the campaign that the choice names or, for a refusal, most likely answers.

    Only a person's own refusal, pause or limit is attributed; a restatement after a merge is not.
    Drop a campaign that contains an address, because erasure could not remove it from the ledger.
    """
    if choice.terms.campaign:
        return "" if holds_address(choice.terms.campaign) else choice.terms.campaign
    is_restated = by.brand_id is not None or by.source == Source.MERGE
    if is_restated or choice.terms.decision not in brand_events.TAKES_AWAY:
        return ""
    return attribution.find_last_campaign(person_id, choice.scope, now=now)


# A person's newest entries come first, so a recent change of mind is found quickly.
PREVIOUS = Statement("""
SELECT decision FROM consent_ledgerentry
WHERE subject_id = %(subject)s
    AND brand_id IS NOT DISTINCT FROM %(brand)s::bigint
    AND purpose_id IS NOT DISTINCT FROM %(purpose)s::text
    AND channel IS NOT DISTINCT FROM %(channel)s::text
    AND topic IS NOT DISTINCT FROM %(topic)s::text
    AND trait_kind IS NOT DISTINCT FROM %(trait_kind)s::text
    AND trait_category IS NOT DISTINCT FROM %(trait_category)s::text
    AND trait IS NOT DISTINCT FROM %(trait)s::text
    AND (contact_point_id IS NOT DISTINCT FROM %(contact_point)s::bigint
        OR maker = 'brand' AND %(contact_point)s::bigint IS NULL
        OR contact_point_id IS NULL AND %(by_brand)s::bool)
ORDER BY subject_seq DESC LIMIT 1
""")


def _find_previous_decision(chain: Chain, scope: Scope, by: Actor) -> str:
    """Return the decision of the person's previous entry on exactly this scope; empty if none.

    The person's choice about all addresses and the brand's choice about its one address count as
    the same scope here.
    """
    if not chain.last_seq:
        return ""
    by_brand = by.brand_id is not None
    rows = PREVIOUS.ask({"subject": chain.subject_id, "by_brand": by_brand, **scope._asdict()})
    return str(rows[0][0]) if rows else ""
