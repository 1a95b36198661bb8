"""What a brand tells of its people, what it asks them, and the links that it gives them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import httpx
import msgspec

from cmr_client.answers import (
    Entry,
    Limit,
    LinkKey,
    Links,
    Mistake,
    NewLinkKey,
    Page,
    PermissionRequest,
    Relationship,
)
from cmr_client.calls import Call, body, get, given, items, key_or_new, pages, post
from cmr_client.contacts import Whom, said_of
from cmr_client.transports import Group, Items, K, Operation


class Relationships(Group[K]):
    """Who deals with you."""

    @Operation
    def register(
        self,
        contact: Whom,
        *,
        note: str,
        ref: str | None = None,
        jurisdiction: str | None = None,
        idempotency_key: str | None = None,
    ) -> Call[Relationship]:
        """Register a person; they read the `note`, and can end it. Again is no mistake."""
        more = given({"ref": ref, "jurisdiction": jurisdiction})
        said = {"contact": said_of(contact), "note": note, **more}
        return post("relationships", Relationship, said, key=key_or_new(idempotency_key))


class Choices(Group[K]):
    """What people told you."""

    @Operation
    def record(
        self,
        contact: Whom,
        decision: str,
        *,
        purpose: str | None = None,
        channel: str | None = None,
        topic: str | None = None,
        evidence: str | None = None,
        notice: str | None = None,
        until: datetime | None = None,
        limit: Limit | None = None,
        expires_at: datetime | None = None,
        made_at: datetime | None = None,
        reason: str | None = None,
        basis: str | None = None,
        ground: str | None = None,
        idempotency_key: str | None = None,
    ) -> Call[Entry]:
        """Record a "grant" (with `evidence`), "deny", "pause", "limit" or "clear".

        A part of the scope that is left out is any. A yes never lifts the person's own no:
        `Conflict`, `person_said_no`. `notice` is the code of one of yours, or words.
        """
        said = {
            "contact": said_of(contact),
            "decision": decision,
            "scope": given({"purpose": purpose, "channel": channel, "topic": topic}),
            "evidence": evidence,
            "notice": notice,
            "until": until,
            "limit": limit,
            "expires_at": expires_at,
            "made_at": made_at,
            "reason": reason,
            "basis": basis,
            "ground": ground,
        }
        return Call(
            method="POST",
            path="choices",
            read=only_entry,
            content=body(given(said)),
            key=key_or_new(idempotency_key),
            again=True,
        )


def only_entry(answer: httpx.Response) -> Entry:
    (entry,) = items(Entry)(answer)
    return entry


class LinksOfMails(Group[K]):
    """What every marketing mail carries."""

    @Operation
    def make(
        self,
        contact: Whom,
        *,
        purpose: str | None = None,
        channel: str | None = None,
        topic: str | None = None,
        campaign: str | None = None,
    ) -> Call[Links]:
        """The links and headers of one mail. Without a `purpose` they are for all you may send."""
        about = {"purpose": purpose, "channel": channel, "topic": topic, "campaign": campaign}
        return post("links", Links, {"contact": said_of(contact), **given(about)}, again=True)

    @Operation
    def make_many(
        self,
        contacts: Sequence[Whom],
        *,
        purpose: str | None = None,
        channel: str | None = None,
        topic: str | None = None,
        campaign: str | None = None,
    ) -> Call[list[Links | Mistake]]:
        """Those of up to 10,000 mails, in order."""
        about = {"purpose": purpose, "channel": channel, "topic": topic, "campaign": campaign}
        said = {"contacts": [said_of(each) for each in contacts], **given(about)}
        return Call(
            method="POST", path="links", read=_each, content=body(said), again=True, seconds=120.0
        )

    @Operation
    def key(self) -> Call[LinkKey]:
        """What it takes to make them yourself. Keep it like a password."""
        return get("links/key", LinkKey)

    @Operation
    def rotate_key(
        self, *, revoke_old: bool = False, idempotency_key: str | None = None
    ) -> Call[NewLinkKey]:
        """Rotate the key. Links that were made with the old one count until `old_accepted_until`;
        with `revoke_old`, for a key that leaked, none does from now on."""
        said = {"revoke_old": revoke_old}
        return post("links/key/rotate", NewLinkKey, said, key=key_or_new(idempotency_key))


def _each(answer: httpx.Response) -> list[Links | Mistake]:
    page = msgspec.json.decode(answer.content, type=Page[dict[str, Any]])
    return [_links_or_mistake(each) for each in page.data]


def _links_or_mistake(said: Mapping[str, Any]) -> Links | Mistake:
    if "error" in said:
        return msgspec.convert(said["error"], Mistake)
    return msgspec.convert(said, Links)


class PermissionRequests(Group[K]):
    """Asking people for a yes."""

    @Operation
    def ask(
        self,
        contact: Whom,
        *,
        purpose: str,
        text: str,
        channel: str | None = None,
        topic: str | None = None,
        notice: str | None = None,
        evidence: str | None = None,
        language: str | None = None,
        idempotency_key: str | None = None,
    ) -> Call[PermissionRequest]:
        """The person reads `text` in the portal. With `evidence` that they asked for it, and an
        e-mail address as the contact, they get a mail, too (double opt-in)."""
        more = {"channel": channel, "topic": topic, "notice": notice, "evidence": evidence}
        said = {"contact": said_of(contact), "purpose": purpose, "text": text}
        said |= given(more | {"language": language})
        return post("permission-requests", PermissionRequest, said, key=key_or_new(idempotency_key))

    @Operation
    def get(self, request: str) -> Call[PermissionRequest]:
        """One of yours, with its answer."""
        return get(f"permission-requests/{request}", PermissionRequest)

    def list(self) -> Items[PermissionRequest, K]:
        """All of yours."""
        return Items(self._transport, pages("permission-requests", PermissionRequest))
