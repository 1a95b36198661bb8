"""Which campaign a choice answers.

Note [Attribution]. A link in a mail carries its campaign, and so does what a mail provider tells of
it: what is said that way is that campaign's for sure. Somebody who goes to the portal instead
answers, as far as can be told, the last message that this brand reserved for them within `WINDOW`
and that the choice covers: last touch. Who got none is attributed to none. It is decided once, when
the choice is recorded, and stands in the ledger; so no later report can move it.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from consent.decision import Scope
from core.db import Statement

WINDOW = timedelta(days=7)

# By the index of budgets: subject = ? AND at > ?.
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
    """The campaign of the last message that *scope* covers; empty where there was none lately."""
    if scope.brand is None:
        return ""
    values = {"subject": subject_id, "after": now - WINDOW, "now": now, **scope._asdict()}
    rows = LAST.ask(values)
    return str(rows[0][0]) if rows else ""
