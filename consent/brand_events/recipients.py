"""Recipients of events: the relationships of one person with one brand."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from consent.decision import Scope
from consent.models import Relationship
from core.db import Call, Row, Statement


@dataclass(frozen=True, slots=True)
class Recipient:
    """One relationship that a brand is notified about, and its address of the person."""

    id: uuid.UUID
    brand_id: int
    slug: str
    subject_id: uuid.UUID
    ref: str | None
    jurisdiction: str | None
    #: The Identifier of the subject; None if the address belongs to another person now.
    contact_point: int | None

    def is_concerned_by(self, scope: Scope) -> bool:
        """Return whether a choice on *scope* can change what this brand may do by this address."""
        return scope.brand in (None, self.brand_id) and scope.contact_point in (
            None,
            self.contact_point,
        )


COLUMNS = (
    "relationship.id, relationship.brand_id, brand.slug, relationship.subject_id, "
    "relationship.ref, relationship.jurisdiction, address.id"
)
JOINS = """
JOIN brands_brand brand ON brand.id = relationship.brand_id
LEFT JOIN consent_identifier address ON address.subject_id = relationship.subject_id
"""
ACTIVE = Statement(f"""
SELECT {COLUMNS} FROM consent_relationship relationship {JOINS}
WHERE relationship.person_id = %(person)s AND relationship.brand_id = %(brand)s
    AND relationship.ended_at IS NULL
ORDER BY relationship.id
""")
ADDRESS = Statement("SELECT id FROM consent_identifier WHERE subject_id = %(subject)s::uuid")


def find_active_recipients(person_id: uuid.UUID, brand_id: int | None) -> list[Recipient]:
    """Return the person's active relationships with the brand, ordered by id.

    There is at most one, unless the brand knows the person by several addresses.
    """
    recipients: list[Recipient] = build_recipients_call(person_id, brand_id).ask()
    return recipients


def build_recipients_call(person_id: uuid.UUID, brand_id: int | None) -> Call:
    """Return the call of `find_active_recipients`."""
    return Call(ACTIVE, {"person": person_id, "brand": brand_id}, _read_recipients)


def _read_recipients(rows: list[Row]) -> list[Recipient]:
    return [Recipient(*row) for row in rows]


def build_recipient(relationship: Relationship) -> Recipient:
    """Return an already loaded relationship, with its brand, as a recipient."""
    return Recipient(
        relationship.pk,
        relationship.brand_id,
        relationship.brand.slug,
        relationship.subject_id,
        relationship.ref,
        relationship.jurisdiction,
        find_contact_point(relationship.subject_id),
    )


def find_contact_point(subject_id: uuid.UUID) -> int | None:
    """Return the Identifier of the subject's one address; None if it no longer has one."""
    return next((pk for (pk,) in ADDRESS.ask({"subject": subject_id})), None)
