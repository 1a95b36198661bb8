"""Test mode: do what a person would do in the portal."""

from __future__ import annotations

from datetime import datetime

from cmr_client.answers import Entry, Limit, Mail
from cmr_client.calls import Call, body, drop_missing, nothing, pages
from cmr_client.contacts import Whom, contact_json
from cmr_client.people import only_entry
from cmr_client.transports import Group, Items, K, Operation


class Testing(Group[K]):
    """Operations that need a key of test mode (`cmr_test_…`); other keys get `test_only`."""

    @Operation
    def choose(
        self,
        contact: Whom,
        decision: str,
        *,
        purpose: str | None = None,
        channel: str | None = None,
        topic: str | None = None,
        until: datetime | None = None,
        limit: Limit | None = None,
        expires_at: datetime | None = None,
        reason: str | None = None,
    ) -> Call[Entry]:
        """Record a choice as the person."""
        said = {
            "contact": contact_json(contact),
            "scope": drop_missing({"purpose": purpose, "channel": channel, "topic": topic}),
            "decision": decision,
            "until": until,
            "limit": limit,
            "expires_at": expires_at,
            "reason": reason,
        }
        return Call(
            method="POST", path="test/choices", read=only_entry, content=body(drop_missing(said))
        )

    @Operation
    def end_relationship(self, contact: Whom) -> Call[None]:
        """End the relationship as the person."""
        said = {"contact": contact_json(contact)}
        return Call(method="POST", path="test/relationships/end", read=nothing, content=body(said))

    @Operation
    def answer(self, request: str, answer: str) -> Call[None]:
        """Answer a permission request as the person: "yes", "no" or "never"."""
        path = f"test/permission-requests/{request}/answer"
        return Call(method="POST", path=path, read=nothing, content=body({"answer": answer}))

    def mails(self) -> Items[Mail, K]:
        """List the mails that people would have received, newest first."""
        return Items(self._transport, pages("test/mails", Mail))
