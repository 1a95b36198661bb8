"""Attribution of a choice to a campaign.

Note [Attribution]. A link in a mail carries its campaign, and so does a mail provider's report. A
choice that arrives this way certainly answers that campaign. For a choice made in the portal we use
last touch. It is attributed to the last message that this brand reserved for the person within
`WINDOW` and that the choice covers. A person who got no such message is attributed to no campaign.
The campaign is determined once, when the choice is recorded, and is stored in the ledger. So no
later report can change it.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

from consent import brand_events
from consent.ledger.new_choices import Actor, NewChoice
from consent.models import Source
from core.db import Call, Statement, read_first_text
from core.text import holds_address

WINDOW = timedelta(days=7)

# Uses the send budgets' index: subject = ? AND at > ?.
LAST_SQL = """
SELECT campaign FROM consent_send
WHERE subject_id = %(subject)s AND at > %(after)s AND at <= %(now)s AND returned_at IS NULL
    AND brand_id = %(brand)s AND campaign <> ''
    AND (%(purpose)s::text IS NULL OR purpose_id = %(purpose)s::text)
    AND (%(channel)s::text IS NULL OR channel = %(channel)s::text)
    AND (%(topic)s::text IS NULL OR topic = %(topic)s::text)
ORDER BY at DESC LIMIT 1
"""
LAST = Statement(LAST_SQL)


def find_campaign(choice: NewChoice, person_id: uuid.UUID, *, by: Actor, now: datetime) -> str:
    """Return the campaign that the choice names or, for a refusal, most likely answers; or ""."""
    call = build_campaign_call(choice, person_id, by=by, now=now)
    return call.ask() if call else get_named_campaign(choice)


def build_campaign_call(
    choice: NewChoice, person_id: uuid.UUID, *, by: Actor, now: datetime
) -> Call | None:
    """Return the call for the campaign that the choice most likely answers.

    Return None if no campaign has to be searched: see `get_named_campaign`. Only a person's own
    refusal, pause or limit is attributed; a restatement after a merge is not.
    """
    if not must_search_campaign(choice, by):
        return None
    return Call(LAST, build_campaign_values(choice, person_id, now=now), read_first_text)


def must_search_campaign(choice: NewChoice, by: Actor) -> bool:
    """Return whether the campaign has to be searched: see `build_campaign_call`."""
    is_restated = by.brand_id is not None or by.source == Source.MERGE
    takes_away = choice.terms.decision in brand_events.TAKES_AWAY
    is_named = bool(choice.terms.campaign)
    return takes_away and choice.scope.brand is not None and not (is_named or is_restated)


def build_campaign_values(
    choice: NewChoice, person_id: uuid.UUID, *, now: datetime
) -> dict[str, Any]:
    """Return the values of `LAST`."""
    return {"subject": person_id, "after": now - WINDOW, "now": now, **choice.scope._asdict()}


def get_named_campaign(choice: NewChoice) -> str:
    """Return the campaign that the choice names, or "".

    Drop a campaign that contains an address, because erasure could not remove it from the ledger.
    """
    named = choice.terms.campaign
    return "" if named and holds_address(named) else named
