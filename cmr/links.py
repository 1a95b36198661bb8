"""Links that need no login: one brand, one person, and what the mail that held it was about.

A token is `base64url(JSON) "." base64url(HMAC-SHA-256 of the text before the dot)`, without
padding. The JSON has the brand's slug (`b`), the person's id as this brand knows it (`p`), and,
where they are known, the purpose (`u`), the channel (`c`), the topic (`t`) and the campaign (`k`).
The key is the brand's own, so that a brand can make its links itself, and no other's.

Note [Whose link]. Whoever makes a link could use it. So what a brand makes, or is given for its
mails, only ever says less; a yes takes a link that we sent to the person's address ourselves
(`proven`), which is sealed with another key.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import uuid
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import orjson
from django.conf import settings

from cmr import preferences, undoing
from consent import ledger, scopes
from consent.ledger import Actor, NewChoice
from consent.models import LedgerEntry, Relationship
from consent.resolution import Scope
from consent.scopes import Names

SOURCE = "link"
#: A token is not longer, in characters.
LONGEST = 1_000


#: What says more than stood before, and so takes a proven link.
SAYS_MORE = ("grant", "clear")


class NotProven(Exception):
    """A link that was in a brand's hands cannot say yes, nor take a no back."""


class BadLink(ValueError):
    """Not one of ours, or not of a person that the brand knows any more."""


@dataclass(frozen=True, slots=True)
class Link:
    """What a link is for. Without a purpose it is for all that the brand may send."""

    relationship: Relationship
    purpose: str | None = None
    channel: str | None = None
    topic: str | None = None
    campaign: str | None = None
    #: Whether it went to the person's own address, and not through the brand's hands.
    proven: bool = False

    @property
    def scope(self) -> Scope:
        return Scope(self.relationship.brand_id, self.purpose, self.channel, self.topic)


def mint(link: Link) -> str:
    """The token of a link; the same link gives the same token."""
    brand = link.relationship.brand.slug
    said = {
        "b": brand,
        "p": str(link.relationship.pk),
        "u": link.purpose,
        "c": link.channel,
        "t": link.topic,
        "k": link.campaign,
    }
    payload = _text(orjson.dumps({key: value for key, value in said.items() if value}))
    return f"{payload}.{_text(_seal(brand, payload, proven=link.proven))}"


def for_mail(link: Link) -> dict[str, Any]:
    """What a mail needs: the addresses of both pages, and the headers of RFC 2369 and RFC 8058."""
    one_click = address_of("u", token := mint(link))
    return {
        "one_click_url": one_click,
        "preferences_url": address_of("p", token),
        "headers": {
            "List-Unsubscribe": f"<{one_click}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        },
    }


def address_of(page: str, token: str) -> str:
    return f"{settings.PUBLIC_URL}/{page}/{token}"


def key_of(brand: str) -> bytes:
    """The key by which a brand makes tokens itself; who has it can say no for its people."""
    return _key(f"links of {brand}")


def read(token: str) -> Link:
    """The link that *token* stands for.

    Raises:
        BadLink
    """
    try:
        payload, _, seal = token[:LONGEST].partition(".")
        said = orjson.loads(_bytes(payload))
        brand, person = str(said["b"]), uuid.UUID(said["p"])
        proven = _is_sealed(brand, payload, seal, proven=True)
        sealed = proven or _is_sealed(brand, payload, seal, proven=False)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadLink("this is none of our links") from error
    if not sealed:
        raise BadLink("this is none of our links")
    return replace(_of(person, brand, {key: said.get(key) for key in "uctk"}), proven=proven)


def _is_sealed(brand: str, payload: str, seal: str, *, proven: bool) -> bool:
    return hmac.compare_digest(_seal(brand, payload, proven=proven), _bytes(seal))


def _of(person: uuid.UUID, brand: str, said: dict[str, str | None]) -> Link:
    known = Relationship.objects.filter(pk=person, brand__slug=brand)
    relationship = known.select_related("brand", "person").first()
    if relationship is None:
        raise BadLink("nobody is known by this link")
    names = Names(brand, said["u"], said["c"], said["t"])
    try:
        scopes.resolve(names, decision="grant")
    except (scopes.UnknownName, scopes.TopicWithoutBrand) as error:
        raise BadLink("what this link is about is no more") from error
    return Link(relationship, said["u"], said["c"], said["t"], said["k"])


def say(link: Link, choice: NewChoice, *, now: datetime) -> LedgerEntry:
    """Record what whoever holds the link wants; for the ledger it is the person's own word.

    Raises:
        NotProven: it would say more, by a link that was in a brand's hands.
    """
    if choice.decision in SAYS_MORE and not link.proven:
        raise NotProven("a link of a brand's mail cannot say yes")
    choice = replace(choice, campaign=link.campaign or "")
    return ledger.record(link.relationship.subject_id, [choice], by=Actor(SOURCE), now=now)[0]


def unsubscribe(link: Link, *, now: datetime) -> LedgerEntry | None:
    """Say no to what the link is for; None where that no stands already (RFC 8058: repeats)."""
    if preferences.has_refused(link.relationship.person_id, link.scope, now=now):
        return None
    return say(link, NewChoice(link.scope, "deny"), now=now)


def take_back(
    link: Link, scope: Scope, kinds: Collection[str], *, now: datetime
) -> list[LedgerEntry]:
    """Take the person's decisions of these kinds back, on this scope and within it.

    Raises:
        NotProven
    """
    if not link.proven:
        raise NotProven("a link of a brand's mail cannot take a no back")
    return undoing.take_back(link.relationship.person_id, [scope], kinds, by=SOURCE, now=now)


def _seal(brand: str, payload: str, *, proven: bool) -> bytes:
    key = _key(f"own links with {brand}") if proven else key_of(brand)
    return hmac.digest(key, payload.encode(), hashlib.sha256)


def _key(what: str) -> bytes:
    return hmac.digest(settings.LINKS_KEY.encode(), what.encode(), "sha256")


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    """Refuses all but the one spelling, so that no two texts are the same token."""
    raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if _text(raw) != text:
        raise ValueError("not as we write it")
    return raw
