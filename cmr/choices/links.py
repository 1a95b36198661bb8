"""Links that need no login: one brand, one person, and what the mail that held it was about.

A token is `base64url(JSON) "." base64url(HMAC-SHA-256 of the text before the dot)`, without
padding. The JSON has the brand's slug (`b`), the person's id as this brand knows it (`p`), and,
where they are known, the purpose (`u`), the channel (`c`), the topic (`t`) and the campaign (`k`).
The key is the brand's own, so that a brand can make its links itself, and no other's.

Note [Whose link]. Whoever makes a link could use it. So what a brand makes, or is given for its
mails, only ever says less; a yes takes a link that we sent to the person's address ourselves
(`proven`), which is sealed with another key. Mails are forwarded, and stay in mailboxes for years;
so a proven link ends (`e`, Unix seconds), and says yes once. After either it is worth as much as a
link of the brand's mails: it goes on saying less.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import uuid
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from django.conf import settings
from django.db import transaction

from brands import credentials
from brands.models import Brand, Channel, Purpose, Regime, Topic
from cmr.choices import choose, undo
from cmr.models import UsedLink
from consent import ledger
from consent.decision import Scope
from consent.ledger import Actor, NewChoice
from consent.models import LedgerEntry, Relationship

LINK_SOURCE = "link"
#: A token is not longer, in characters. Brands make their own, with names of any length.
LONGEST = 4_000
#: A code that stands in a token is not longer, in characters.
LONGEST_CODE = 100
#: A proven link says yes for so long: a week is enough to read one's mail, and a new one is a form
#: away. What stays in a mailbox after that is no more than a way out.
PROVEN_FOR = timedelta(days=7)

#: What says more than stood before, and so takes a proven link.
SAYS_MORE = ("grant", "clear")


class LinkNotProven(Exception):
    """A link that was in a brand's hands cannot say yes, nor take a no back.

    Nor can a proven one that has ended, or said yes before.
    """


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
    #: Whether it may say yes: it went to the person's own address, and not through the brand's
    #: hands, and that is not over.
    proven: bool = False
    #: Whether it was proven, and has ended or said yes.
    is_over: bool = False
    #: As it was read; empty for a link that is to be made.
    token: str = ""
    ends_at: datetime | None = None

    @property
    def scope(self) -> Scope:
        return Scope(self.relationship.brand_id, self.purpose, self.channel, self.topic)


def build_token(link: Link) -> str:
    """Return the token of a link for the brand's mails; the same link gives the same token."""
    payload = _write(_about(link))
    return (
        f"{payload}.{_text(_seal(credentials.derive_link_key(link.relationship.brand), payload))}"
    )


def build_proven_token(link: Link, *, now: datetime) -> str:
    """Return the token of a link that says yes; only for a mail to the person's own address."""
    ends_at = int((now + PROVEN_FOR).timestamp())
    payload = _write({**_about(link), "e": ends_at, "n": secrets.token_urlsafe(6)})
    return f"{payload}.{_text(_seal(_proven_keys(link.relationship.brand.slug)[0], payload))}"


def _about(link: Link) -> dict[str, Any]:
    return {
        "b": link.relationship.brand.slug,
        "p": str(link.relationship.pk),
        "u": link.purpose,
        "c": link.channel,
        "t": link.topic,
        "k": link.campaign,
    }


def _write(said: dict[str, Any]) -> str:
    return _text(orjson.dumps({key: value for key, value in said.items() if value}))


def build_mail_links(link: Link) -> dict[str, Any]:
    """What a mail needs: the addresses of both pages, and the headers of RFC 2369 and RFC 8058."""
    one_click = build_url("u", token := build_token(link))
    return {
        "one_click_url": one_click,
        "preferences_url": build_url("p", token),
        "headers": {
            "List-Unsubscribe": f"<{one_click}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        },
    }


def build_url(page: str, token: str) -> str:
    return f"{settings.PUBLIC_URL}/{page}/{token}"


def read_link(token: str, *, now: datetime) -> Link:
    """Return the link that *token* stands for.

    Raises:
        BadLink
    """
    try:
        payload, _, text = token[:LONGEST].partition(".")
        said = orjson.loads(_bytes(payload))
        brand, person, seal = str(said["b"]).replace("\0", ""), uuid.UUID(said["p"]), _bytes(text)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadLink("this is none of our links") from error
    ours = any(_is_sealed(key, payload, seal) for key in _proven_keys(brand))
    if not ours and not _is_sealed_by_brand(brand, payload, seal, now):
        raise BadLink("this is none of our links")
    link = replace(
        _find_relationship(person, brand, {key: said.get(key) for key in "uctk"}), token=token
    )
    return _with_its_end(link, said.get("e", 0), now) if ours else link


def _is_sealed(key: bytes, payload: str, seal: bytes) -> bool:
    return hmac.compare_digest(_seal(key, payload), seal)


def _is_sealed_by_brand(slug: str, payload: str, seal: bytes, now: datetime) -> bool:
    brand = Brand.objects.filter(slug=slug).first()
    if brand is None:
        return False
    return any(
        _is_sealed(k, payload, seal) for k in credentials.list_accepted_link_keys(brand, now=now)
    )


def _with_its_end(link: Link, ends_at: int, now: datetime) -> Link:
    """Return *link*, which we sealed for the person, with whether it may still say yes."""
    end = datetime.fromtimestamp(ends_at, UTC)
    is_over = end <= now or UsedLink.objects.filter(digest=_digest(link)).exists()
    return replace(link, proven=not is_over, is_over=is_over, ends_at=end)


def _find_relationship(person: uuid.UUID, brand: str, said: dict[str, Any]) -> Link:
    known = Relationship.objects.filter(pk=person, brand__slug=brand)
    relationship = known.select_related("brand", "person").first()
    if relationship is None:
        raise BadLink("nobody is known by this link")
    codes = {key: _read_code(value) for key, value in said.items()}
    purpose, topic = _read_matter(relationship.brand, codes["u"], codes["t"])
    channel = _read_channel(purpose, codes["c"])
    return Link(relationship, purpose, channel, topic, codes["k"])


def _read_code(value: Any) -> str | None:
    """Return a code of a token; None for what cannot be one.

    Brands make tokens themselves. Whatever they write, the person must be able to leave by it.
    """
    fits = isinstance(value, str) and 0 < len(value) <= LONGEST_CODE and value.isprintable()
    return str(value) if fits else None


def _read_channel(purpose: str | None, channel: str | None) -> str | None:
    """Return the channel; None where there is none, or where the purpose has no channels."""
    without = Purpose.objects.filter(code=purpose or "", has_channels=False)
    return None if channel not in Channel.values or without.exists() else channel


def _read_matter(
    brand: Brand, purpose: str | None, topic: str | None
) -> tuple[str | None, str | None]:
    """Return the purpose and the topic that a link is about, as far as there can be a no to them.

    The rest is left out, which is wider: the no of whoever presses the link must not be lost.
    A topic has the purpose that it stands under today.
    """
    refusable = Purpose.objects.exclude(regime=Regime.REQUIRED)
    topics = Topic.objects.filter(brand=brand, purpose__in=refusable)
    if found := topics.filter(code=topic or "").first():
        return found.purpose_id, found.code
    is_refusable = refusable.filter(code=purpose or "").exists()
    return (purpose if is_refusable else None), None


def record_link_choice(link: Link, choice: NewChoice, *, now: datetime) -> LedgerEntry:
    """Record what whoever holds the link wants; for the ledger it is the person's own word.

    Raises:
        NotProven: it would say more, by a link that may not. A shorter pause in place of a longer
            one says more, too, and so does a looser limit.
    """
    choice = replace(choice, campaign=link.campaign or "")
    relationship = link.relationship
    with transaction.atomic():
        ledger.lock_subject(
            relationship.person_id
        )  # what is compared with must not change meanwhile
        said = choose.read_own(relationship.person_id)
        entries = ledger.record_unless_repeated(
            relationship.subject_id, [choice], by=Actor(LINK_SOURCE), now=now
        )
        if entries[0].recorded_at < now:
            return entries[0]  # a second click, which says nothing new and so uses nothing up
        if choice.decision in SAYS_MORE:
            use_link_once(link)
        try:
            choose.refuse_loosening(said, entries)
        except choose.SaysMore:
            use_link_once(link)
    return entries[0]


def use_link_once(link: Link) -> None:
    """Let the link say yes, this once. Call it in the transaction that records the yes.

    Of two at the same time the second waits here for the first, and is refused.

    Raises:
        NotProven
    """
    if not link.proven:
        raise LinkNotProven("this link cannot say yes")
    if not link.token:
        return  # made here, for nobody to press twice
    _used, is_first = UsedLink.objects.get_or_create(
        digest=_digest(link), defaults={"ends_at": link.ends_at}
    )
    if not is_first:
        raise LinkNotProven("this link has said yes before")


def delete_used_links(*, now: datetime) -> int:
    """Forget the links that said yes and have ended since; return how many."""
    return UsedLink.objects.filter(ends_at__lte=now).delete()[0]


def _digest(link: Link) -> bytes:
    return hashlib.sha256(link.token.encode()).digest()


def unsubscribe_by_link(link: Link, *, now: datetime) -> LedgerEntry | None:
    """Say no to what the link is for; None where that no stands already (RFC 8058: repeats)."""
    if choose.has_refused(link.relationship.person_id, link.scope, now=now):
        return None
    return record_link_choice(link, NewChoice(link.scope, "deny"), now=now)


def clear_link_choices(
    link: Link, scope: Scope, kinds: Collection[str], *, now: datetime
) -> list[LedgerEntry]:
    """Take the person's decisions of these kinds back, on this scope and within it.

    Raises:
        NotProven
    """
    with transaction.atomic():
        entries = undo.clear_choices(
            link.relationship.person_id, [scope], kinds, by=LINK_SOURCE, now=now
        )
        if not link.proven or any(entry.recorded_at == now for entry in entries):
            use_link_once(link)
        return entries


def _proven_keys(brand: str) -> list[bytes]:
    return credentials.derive_keys(f"own links with {brand}")


def _seal(key: bytes, payload: str) -> bytes:
    return hmac.digest(key, payload.encode(), hashlib.sha256)


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    """Refuses all but the one spelling, so that no two texts are the same token."""
    raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if _text(raw) != text:
        raise ValueError("not as we write it")
    return raw
