"""The decision of a person's previous entry on exactly the scope of a new one."""

from __future__ import annotations

import uuid

from consent.decision import Scope
from consent.ledger.new_choices import Actor
from core.db import Call, Statement, read_first_text

# A person's newest entries come first, so a recent change of mind is found quickly.
PREVIOUS_SQL = """
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
"""
PREVIOUS = Statement(PREVIOUS_SQL)


def build_previous_call(person_id: uuid.UUID, scope: Scope, *, by: Actor) -> Call:
    """Return the call for the decision of the previous entry on exactly *scope*; "" for none.

    The person's choice about all addresses and the brand's choice about its one address count as
    the same scope here.
    """
    by_brand = by.brand_id is not None
    values = {"subject": person_id, "by_brand": by_brand, **scope._asdict()}
    return Call(PREVIOUS, values, read_first_text)
