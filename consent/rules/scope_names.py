"""Translation between the names in requests and a Scope. An unknown name always raises an error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from brands.models import Channel, Regime
from consent.decision import Scope
from core.db import Statement
from core.errors import DomainError

CHANNELS = frozenset(Channel.values)
#: Codes by the field with the unknown name.
UNKNOWN = {
    "brand": "unknown_brand",
    "purpose": "unknown_purpose",
    "channel": "unknown_channel",
    "topic": "unknown_topic",
    "contact_point": "unknown_contact_point",
}


class UnknownName(DomainError):
    """A brand, purpose, channel or topic that does not exist. `field` says which of them."""

    def __init__(self, field: str, value: str) -> None:
        known = f": there are {', '.join(Channel.values)}" if field == "channel" else ""
        super().__init__(f"there is no {field} {value!r}{known}")
        self.field, self.code = field, UNKNOWN[field]


class CannotBeRefused(DomainError):
    """A refusal of a purpose whose regime is `required`."""

    code = "cannot_be_refused"
    field = "purpose"


class CannotBeLimited(DomainError):
    """A limit on a purpose whose regime is `required`, where no limit applies."""

    code = "cannot_be_limited"
    field = "purpose"


class ChannelNotUsed(DomainError):
    """A channel for a purpose without channels. No question combines the two."""

    code = "channel_not_used"
    field = "channel"


class TopicWithoutBrand(DomainError):
    """A topic without a brand.

    A topic belongs to one brand, so a choice about it needs that brand.
    """

    code = "topic_without_brand"
    field = "topic"


@dataclass(frozen=True, slots=True)
class ScopeNames:
    """A scope as the API names it; None means *any*. `contact_point` is an Identifier's id."""

    brand: str | None = None
    purpose: str | None = None
    channel: str | None = None
    topic: str | None = None
    contact_point: int | None = None


NAMED = Statement("""
SELECT brand.id, topic.purpose_id, purpose.code, purpose.regime, purpose.has_channels
FROM (SELECT) one
LEFT JOIN brands_brand brand ON brand.slug = %(brand)s AND (%(test)s OR NOT brand.test)
LEFT JOIN brands_topic topic ON topic.brand_id = brand.id AND topic.code = %(topic)s
LEFT JOIN brands_purpose purpose ON purpose.code = coalesce(%(purpose)s, topic.purpose_id)
""")


def resolve_scope_names(names: ScopeNames, *, decision: str, test: bool = True) -> Scope:
    """Return the Scope that *names* mean for this *decision*. A topic implies its purpose.

    Without *test*, brands in test mode are unknown, as they are to real people. A choice that can
    have no effect is refused, except a `clear`, which may cancel an earlier choice.

    Raises:
        UnknownName: a brand, purpose, channel or topic does not exist.
        TopicWithoutBrand: a topic is named without its brand.
        CannotBeRefused, CannotBeLimited: the purpose is required.
        ChannelNotUsed: the purpose has no channels.
    """
    given = {
        "brand": names.brand,
        "purpose": names.purpose,
        "topic": names.topic,
        "test": test,
    }
    ((brand, of_topic, purpose, regime, has_channels),) = NAMED.ask(given)
    if names.brand is not None and brand is None:
        raise UnknownName("brand", names.brand)
    if names.purpose is not None and purpose is None:
        raise UnknownName("purpose", names.purpose)
    if names.topic is not None:
        _check_topic(names.topic, brand, purpose, of_topic)
    if names.channel is not None and names.channel not in CHANNELS:
        raise UnknownName("channel", names.channel)
    if regime == Regime.REQUIRED:
        _check_required(purpose, decision)
    if names.channel is not None and has_channels is False and decision != "clear":
        raise ChannelNotUsed(f"the purpose {purpose!r} has no channels: leave the channel out")
    return Scope(brand, purpose, names.channel, names.topic, names.contact_point)


def _check_required(purpose: str | None, decision: str) -> None:
    if decision in ("deny", "pause"):
        raise CannotBeRefused(f"the purpose {purpose!r} is required and cannot be refused")
    if decision == "limit":
        raise CannotBeLimited(f"the purpose {purpose!r} is required and cannot be limited")


def _check_topic(topic: str, brand: int | None, purpose: str | None, of_topic: str | None) -> None:
    if brand is None:
        raise TopicWithoutBrand("a topic requires its brand")
    if of_topic is None or purpose != of_topic:
        raise UnknownName("topic", topic)


def describe_scope_for_brand(scope: Scope, *, slug: str) -> dict[str, Any]:
    """Return the scope as the brand of this *slug* may read it: narrowed to the brand itself.

    A choice about any brand reads as one about this brand. So no brand learns what the person
    decided about others. The contact point is always None: a relationship has one address, and the
    brand reads of no other.
    """
    return {
        "brand": slug,
        "purpose": scope.purpose,
        "channel": scope.channel,
        "topic": scope.topic,
        "contact_point": None,
    }
