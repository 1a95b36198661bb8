"""A person's single choice about one brand, recorded in two round trips to the database.

Most choices are like this. `recording` records all others, with more round trips. Both ways read
by the same statements, build by the same functions, and write by the same calls; a test compares
what they record. The last round trip also commits, so the brand's stream is locked only while
PostgreSQL itself works.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from brands import events
from brands.events import NewEvent
from consent import brand_events, preferences, rules
from consent.brand_events import CurrentState, Recipient
from consent.decision import Choice
from consent.ledger import attribution
from consent.ledger.appending import build_entry, build_entry_calls
from consent.ledger.attribution import LAST_SQL
from consent.ledger.new_choices import Actor, NewChoice
from consent.ledger.notifying import PENDING_SQL, run_after_commit
from consent.ledger.person_lock import LockedPerson, build_lock_call
from consent.ledger.previous_decisions import PREVIOUS_SQL
from consent.models import LedgerEntry
from core.db import Call, Statement, ask_together, commit_together

IsRepeated = Callable[[Sequence[Choice]], bool]


@dataclass(frozen=True, slots=True)
class Known:
    """What was read about a plain choice, while its person is locked."""

    person: LockedPerson
    #: The person's choices that can affect the brand.
    choices: Sequence[Choice]
    #: The brand's relationship with the person, if there is one.
    recipient: Recipient | None
    clocks: Sequence[rules.Clock]
    #: The decision of the previous entry on the same scope; "" for none.
    before: str
    campaign: str


def record_plain_choice(
    subject_id: uuid.UUID,
    choices: Sequence[NewChoice],
    *,
    by: Actor,
    now: datetime,
    is_repeated: IsRepeated = lambda known: False,
) -> LedgerEntry | None:
    """Record the choice and commit. Record nothing and return None if it is not a plain one.

    It is not plain if there are several choices, or if it is about all brands, made by a brand, or
    *is_repeated* by the person's current choices about the brand. It is not plain either if the
    person was merged, has several relationships with the brand, or made an earlier choice that is
    still to be propagated.

    Call it in an atomic block, and nothing after it. If it returns None, the transaction goes on.

    Raises:
        FromTheFuture
    """
    if len(choices) != 1 or not _looks_plain(choices[0], by):
        return None
    (choice,) = choices
    known = _read_known(subject_id, choice, by, now)
    if known is None or is_repeated(known.choices):
        return None
    return _write(choice, known, by, now)


def _looks_plain(choice: NewChoice, by: Actor) -> bool:
    return by.brand_id is None and choice.scope.brand is not None and choice.terms.ground is None


def _read_known(subject_id: uuid.UUID, choice: NewChoice, by: Actor, now: datetime) -> Known | None:
    """Lock the person and read what the choice needs. Return None if it is not a plain one."""
    assert choice.scope.brand is not None
    takes_away = choice.terms.decision in brand_events.TAKES_AWAY
    # The lock comes first: those after it see what its last holder wrote.
    person, past, recipients, covering, *clocks = ask_together(
        [
            build_lock_call(subject_id),
            _build_past_call(subject_id, choice, by, now),
            brand_events.build_recipients_call(subject_id, choice.scope.brand),
            preferences.build_covering_call(subject_id, choice.scope.brand),
            *([rules.build_clocks_call()] if takes_away else []),
        ]
    )
    ((is_pending, before, campaign),) = past
    if person is None or is_pending or len(recipients) > 1:
        return None
    return Known(
        person,
        covering,
        recipients[0] if recipients else None,
        clocks[0] if takes_away else (),
        before or "",
        campaign or attribution.get_named_campaign(choice),
    )


#: Three statements of the general way as one.
PAST = Statement(f"""
SELECT EXISTS ({PENDING_SQL}), ({PREVIOUS_SQL}), CASE WHEN %(searches)s THEN ({LAST_SQL}) END
""")


def _build_past_call(subject_id: uuid.UUID, choice: NewChoice, by: Actor, now: datetime) -> Call:
    """Return the call for what is pending, the previous decision, and the campaign, if any."""
    values = attribution.build_campaign_values(choice, subject_id, now=now)
    searches = attribution.must_search_campaign(choice, by)
    return Call(PAST, values | {"by_brand": False, "searches": searches})


def _write(choice: NewChoice, known: Known, by: Actor, now: datetime) -> LedgerEntry:
    chain = known.person.chain
    entry = build_entry(choice, chain, by=by, before=known.before, campaign=known.campaign, now=now)
    calls = build_entry_calls(entry)
    event = _build_event(entry, known, now)
    if event is None:
        commit_together(calls)
    else:
        *_, subscriptions = commit_together([*calls, *events.build_append_calls([event])])
        run_after_commit(partial(events.wake_subscriptions, subscriptions))
    return entry


def _build_event(entry: LedgerEntry, known: Known, now: datetime) -> NewEvent | None:
    """Return the event for the brand; None if it has no relationship that the choice concerns."""
    recipient = known.recipient
    if recipient is None or not brand_events.is_concerned(entry, recipient):
        return None
    residence = known.person.jurisdiction or recipient.jurisdiction
    state = CurrentState(
        recipient,
        preferences.apply_entry(known.choices, entry),
        rules.read_regional_defaults(residence),
    )
    deadline = partial(brand_events.compute_event_deadline, clocks=known.clocks)
    return brand_events.build_choice_event(
        entry, recipient, state.permissions(now), at=now, direct=True, due=deadline
    )
