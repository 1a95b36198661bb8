"""Links that work without sign-in, each about one person, one brand and the subject of a mail.

A token is `base64url(JSON) "." base64url(HMAC-SHA-256 of the text before the dot)`, without
padding. The JSON has the brand's slug (`b`) and the person's id as this brand knows it (`p`). If
they are known, it also has the purpose (`u`), the channel (`c`), the topic (`t`) and the campaign
(`k`). The key belongs to the brand, so that a brand can make its own links and no other brand's.

Note [Whose link]. Whoever makes a link could use it. A link that a brand makes, or receives for its
mails, can therefore only restrict. A grant takes a link that we sent to the person's address
ourselves (`proven`), which is sealed with another key. Mails are forwarded and stay in mailboxes
for years. A proven link therefore expires (`e`, Unix seconds) and works for one grant. After either
it is worth as much as a link in a brand's mails: it can still restrict.
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
from consent.ledger import Actor, ChoiceTerms, NewChoice
from consent.models import LedgerEntry, Relationship

LINK_SOURCE = "link"
#: The maximum length of a token in characters. Brands make their own, with names of any length.
LONGEST = 4_000
#: The maximum length of a code in a token, in characters.
LONGEST_CODE = 100
#: The lifetime of a proven link. A week is enough to read one's mail, and a form sends a new link.
#: After that, the link left in a mailbox can only restrict.
PROVEN_FOR = timedelta(days=7)

#: The decisions that permit more than before, and therefore need a proven link.
SAYS_MORE = ("grant", "clear")


class LinkNotProven(Exception):
    """The link cannot grant or withdraw a refusal.

    It was in a brand's hands, or it was proven but has expired or was used.
    """


class BadLink(ValueError):
    """The link is not ours, or its person is unknown to the brand."""


@dataclass(frozen=True, slots=True)
class Link:
    """The subject of a link. Without a purpose it is about everything the brand may send."""

    relationship: Relationship
    purpose: str | None = None
    channel: str | None = None
    topic: str | None = None
    campaign: str | None = None
    #: Whether it can grant: we sent it to the person's own address ourselves, and it has neither
    #: expired nor been used.
    proven: bool = False
    #: Whether it was proven but has expired or was used.
    is_over: bool = False
    #: The token it was read from; empty for a link that is not built yet.
    token: str = ""
    ends_at: datetime | None = None

    @property
    def scope(self) -> Scope:
        return Scope(self.relationship.brand_id, self.purpose, self.channel, self.topic)


def build_token(link: Link) -> str:
    """Return the token of a link for the brand's mails. The same link gives the same token."""
    payload = _write(_about(link))
    return (
        f"{payload}.{_text(_seal(credentials.derive_link_key(link.relationship.brand), payload))}"
    )


def build_proven_token(link: Link, *, now: datetime) -> str:
    """Return the token of a proven link. Send it only to the person's own address."""
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
    """Return the URLs of both pages, and the headers of RFC 2369 and RFC 8058, for a mail."""
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
    """Return the link of a token.

    Raises:
        BadLink
    """
    try:
        payload, _, text = token[:LONGEST].partition(".")
        said = orjson.loads(_bytes(payload))
        brand, person, seal = str(said["b"]).replace("\0", ""), uuid.UUID(said["p"]), _bytes(text)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadLink("this is not one of our links") from error
    ours = any(_is_sealed(key, payload, seal) for key in _proven_keys(brand))
    if not ours and not _is_sealed_by_brand(brand, payload, seal, now):
        raise BadLink("this is not one of our links")
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
    """Return *link*, which we sealed for the person, with its expiry and whether it can grant."""
    end = datetime.fromtimestamp(ends_at, UTC)
    is_over = end <= now or UsedLink.objects.filter(digest=_digest(link)).exists()
    return replace(link, proven=not is_over, is_over=is_over, ends_at=end)


def _find_relationship(person: uuid.UUID, brand: str, said: dict[str, Any]) -> Link:
    known = Relationship.objects.filter(pk=person, brand__slug=brand)
    relationship = known.select_related("brand", "person").first()
    if relationship is None:
        raise BadLink("this link belongs to nobody")
    codes = {key: _read_code(value) for key, value in said.items()}
    purpose, topic = _read_matter(relationship.brand, codes["u"], codes["t"])
    channel = _read_channel(purpose, codes["c"])
    return Link(relationship, purpose, channel, topic, codes["k"])


def _read_code(value: Any) -> str | None:
    """Return a code of a token; None if it is not a valid code.

    Brands make tokens themselves. Whatever they write, the person must be able to unsubscribe.
    """
    fits = isinstance(value, str) and 0 < len(value) <= LONGEST_CODE and value.isprintable()
    return str(value) if fits else None


def _read_channel(purpose: str | None, channel: str | None) -> str | None:
    """Return the channel; None if it is unknown or the purpose has no channels."""
    without = Purpose.objects.filter(code=purpose or "", has_channels=False)
    return None if channel not in Channel.values or without.exists() else channel


def _read_matter(
    brand: Brand, purpose: str | None, topic: str | None
) -> tuple[str | None, str | None]:
    """Return the purpose and topic of a link, as far as they can be refused.

    The rest is left out, which makes the scope wider: the refusal of whoever clicks the link must
    not be lost. A topic gets its present purpose.
    """
    refusable = Purpose.objects.exclude(regime=Regime.REQUIRED)
    topics = Topic.objects.filter(brand=brand, purpose__in=refusable)
    if found := topics.filter(code=topic or "").first():
        return found.purpose_id, found.code
    is_refusable = refusable.filter(code=purpose or "").exists()
    return (purpose if is_refusable else None), None


def record_link_choice(link: Link, choice: NewChoice, *, now: datetime) -> LedgerEntry:
    """Record the choice of the link's holder. The ledger treats it as the person's own.

    Raises:
        LinkNotProven: the choice permits more than before, and the link may not do that. Replacing
            a longer pause by a shorter one, or a limit by a looser one, permits more as well.
    """
    choice = NewChoice(choice.scope, replace(choice.terms, campaign=link.campaign or ""))
    relationship = link.relationship
    with transaction.atomic():
        ledger.lock_subject(
            relationship.person_id
        )  # the choices to compare with must not change meanwhile
        said = choose.read_own(relationship.person_id)
        entries = ledger.record_unless_repeated(
            relationship.subject_id, [choice], by=Actor(LINK_SOURCE), now=now
        )
        if entries[0].recorded_at < now:
            return entries[0]  # a second click records nothing new, so it does not use up the link
        if choice.terms.decision in SAYS_MORE:
            use_link_once(link)
        try:
            choose.refuse_loosening(said, entries)
        except choose.SaysMore:
            use_link_once(link)
    return entries[0]


def use_link_once(link: Link) -> None:
    """Use up a proven link. Call it in the transaction that records the grant.

    Of two concurrent uses, the second waits here for the first and is then refused.

    Raises:
        LinkNotProven
    """
    if not link.proven:
        raise LinkNotProven("this link cannot say yes")
    if not link.token:
        return  # a link built by our own code, which nobody can click twice
    _used, is_first = UsedLink.objects.get_or_create(
        digest=_digest(link), defaults={"ends_at": link.ends_at}
    )
    if not is_first:
        raise LinkNotProven("this link was already used to say yes")


def delete_used_links(*, now: datetime) -> int:
    """Delete the records of used links that have expired. Return their number."""
    return UsedLink.objects.filter(ends_at__lte=now).delete()[0]


def _digest(link: Link) -> bytes:
    return hashlib.sha256(link.token.encode()).digest()


def unsubscribe_by_link(link: Link, *, now: datetime) -> LedgerEntry | None:
    """Refuse the link's scope; None if that refusal is in force already (RFC 8058 repeats)."""
    if choose.has_refused(link.relationship.person_id, link.scope, now=now):
        return None
    return record_link_choice(link, NewChoice(link.scope, ChoiceTerms("deny")), now=now)


def clear_link_choices(
    link: Link, scope: Scope, kinds: Collection[str], *, now: datetime
) -> list[LedgerEntry]:
    """Clear the person's decisions of these kinds on exactly this scope.

    Raises:
        LinkNotProven
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
    """Decode base64url. Refuse all but the canonical spelling, so that each token is one text.

    Raises:
        ValueError
    """
    raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if _text(raw) != text:
        raise ValueError("not as we write it")
    return raw
