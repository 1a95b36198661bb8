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

from consent.decision import Scope
from core.db import Statement

WINDOW = timedelta(days=7)

# Uses the send budgets' index: subject = ? AND at > ?.
LAST = Statement("""
SELECT campaign FROM consent_send
WHERE subject_id = %(subject)s AND at > %(after)s AND at <= %(now)s AND returned_at IS NULL
    AND brand_id = %(brand)s AND campaign <> ''
    AND (%(purpose)s::text IS NULL OR purpose_id = %(purpose)s::text)
    AND (%(channel)s::text IS NULL OR channel = %(channel)s::text)
    AND (%(topic)s::text IS NULL OR topic = %(topic)s::text)
ORDER BY at DESC LIMIT 1
""")


def find_last_campaign(subject_id: uuid.UUID, scope: Scope, *, now: datetime) -> str:
    """Return the campaign of the last message within `WINDOW` that *scope* covers, or ""."""
    if scope.brand is None:
        return ""
    values = {"subject": subject_id, "after": now - WINDOW, "now": now, **scope._asdict()}
    rows = LAST.ask(values)
    return str(rows[0][0]) if rows else ""
