"""In the place of a person, with a test key: what they would do in the portal."""

from __future__ import annotations

from datetime import datetime

from cmr_client.answers import Entry, Limit, Mail
from cmr_client.calls import Call, body, given, nothing, pages
from cmr_client.contacts import Whom, said_of
from cmr_client.people import only_entry
from cmr_client.transports import Group, Items, K, Operation


class Testing(Group[K]):
    """Only with a key that begins with `cmr_test_`; another one is refused (`test_only`)."""

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
        """The person says so."""
        said = {
            "contact": said_of(contact),
            "scope": given({"purpose": purpose, "channel": channel, "topic": topic}),
            "decision": decision,
            "until": until,
            "limit": limit,
            "expires_at": expires_at,
            "reason": reason,
        }
        return Call(method="POST", path="test/choices", read=only_entry, content=body(given(said)))

    @Operation
    def end_relationship(self, contact: Whom) -> Call[None]:
        """The person ends it."""
        said = {"contact": said_of(contact)}
        return Call(method="POST", path="test/relationships/end", read=nothing, content=body(said))

    @Operation
    def answer(self, request: str, answer: str) -> Call[None]:
        """The person answers a permission request: "yes", "no" or "never"."""
        path = f"test/permission-requests/{request}/answer"
        return Call(method="POST", path=path, read=nothing, content=body({"answer": answer}))

    def mails(self) -> Items[Mail, K]:
        """What people would have got, newest first."""
        return Items(self._transport, pages("test/mails", Mail))
