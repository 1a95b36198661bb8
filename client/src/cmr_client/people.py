"""People of a brand: relationships, choices, permission requests, and links for mails."""

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
from cmr_client.calls import Call, body, drop_missing, get, items, key_or_new, pages, post
from cmr_client.contacts import Whom, contact_json
from cmr_client.transports import Group, Items, K, Operation


class Relationships(Group[K]):
    """Relationships with people."""

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
        """Register a person.

        They see the `note` and can end the relationship. Repeats have no effect.
        """
        more = drop_missing({"ref": ref, "jurisdiction": jurisdiction})
        said = {"contact": contact_json(contact), "note": note, **more}
        return post("relationships", Relationship, said, key=key_or_new(idempotency_key))


class Choices(Group[K]):
    """Choices that people told you."""

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

        A part of the scope that is left out means any. A grant never overrides the person's own no:
        `Conflict`, `person_said_no`. `notice` is the code of one of your notices, or a text.
        """
        said = {
            "contact": contact_json(contact),
            "decision": decision,
            "scope": drop_missing({"purpose": purpose, "channel": channel, "topic": topic}),
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
            content=body(drop_missing(said)),
            key=key_or_new(idempotency_key),
            again=True,
        )


def only_entry(answer: httpx.Response) -> Entry:
    (entry,) = items(Entry)(answer)
    return entry


class LinksOfMails(Group[K]):
    """Links and headers that every marketing mail must carry."""

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
        """Return the links and headers of one mail.

        Without a `purpose` they cover everything that you may send.
        """
        about = {"purpose": purpose, "channel": channel, "topic": topic, "campaign": campaign}
        return post(
            "links", Links, {"contact": contact_json(contact), **drop_missing(about)}, again=True
        )

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
        """Return the links of up to 10,000 mails, in the same order."""
        about = {"purpose": purpose, "channel": channel, "topic": topic, "campaign": campaign}
        said = {"contacts": [contact_json(each) for each in contacts], **drop_missing(about)}
        return Call(
            method="POST", path="links", read=_each, content=body(said), again=True, seconds=120.0
        )

    @Operation
    def key(self) -> Call[LinkKey]:
        """Return the key to build links yourself. Keep it secret."""
        return get("links/key", LinkKey)

    @Operation
    def rotate_key(
        self, *, revoke_old: bool = False, idempotency_key: str | None = None
    ) -> Call[NewLinkKey]:
        """Create a new key for links.

        Links made with the old key remain valid until `old_accepted_until`. With `revoke_old`, for
        a key that leaked, they end at once.
        """
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
    """Permission requests: asking people for a yes."""

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
        """Ask a person for permission.

        The person reads `text` in the portal. With `evidence` that they asked for it, and an e-mail
        address as the contact, they get a mail, too (double opt-in).
        """
        more = {"channel": channel, "topic": topic, "notice": notice, "evidence": evidence}
        said = {"contact": contact_json(contact), "purpose": purpose, "text": text}
        said |= drop_missing(more | {"language": language})
        return post("permission-requests", PermissionRequest, said, key=key_or_new(idempotency_key))

    @Operation
    def get(self, request: str) -> Call[PermissionRequest]:
        """Return one of your permission requests, with its answer."""
        return get(f"permission-requests/{request}", PermissionRequest)

    def list(self) -> Items[PermissionRequest, K]:
        """List your permission requests."""
        return Items(self._transport, pages("permission-requests", PermissionRequest))
