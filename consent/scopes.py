"""From the names that a caller uses to a Scope, and back. An unknown name is never dropped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from brands.models import Brand, Channel, Purpose, Regime, Topic
from consent import identifiers
from consent.resolution import Scope


class UnknownName(ValueError):
    """A brand, purpose, channel or topic that does not exist. `field` says which of them."""

    def __init__(self, field: str, value: str) -> None:
        super().__init__(f"there is no {field} {value!r}")
        self.field = field


class CannotBeRefused(ValueError):
    """A no to a purpose whose regime is `required`."""


class TopicWithoutBrand(ValueError):
    """A topic belongs to one brand, so it cannot be said of any brand."""


@dataclass(frozen=True, slots=True)
class Names:
    """A scope in the words of the API; None is *any*. `contact_point` is an Identifier's id."""

    brand: str | None = None
    purpose: str | None = None
    channel: str | None = None
    topic: str | None = None
    contact_point: int | None = None


def resolve(names: Names) -> Scope:
    """The Scope that *names* mean; a topic brings its purpose along.

    Raises:
        UnknownName, TopicWithoutBrand
    """
    brand = _brand(names.brand) if names.brand is not None else None
    purpose = _purpose(names.purpose) if names.purpose is not None else None
    if names.topic is not None:
        purpose = _topic(brand, names.topic, purpose).purpose_id
    if names.channel is not None and names.channel not in Channel.values:
        raise UnknownName("channel", names.channel)
    return Scope(
        brand.pk if brand else None,
        purpose,
        names.channel,
        names.topic,
        names.contact_point,
    )


def refuse_to_refuse(scope: Scope, decision: str) -> None:
    """Raise `CannotBeRefused` for a no or a pause to a purpose that is required."""
    if decision not in ("deny", "pause") or scope.purpose is None:
        return
    if Purpose.objects.filter(code=scope.purpose, regime=Regime.REQUIRED).exists():
        raise CannotBeRefused(f"{scope.purpose} messages are required and cannot be refused")


def _brand(slug: str) -> Brand:
    try:
        return Brand.objects.get(slug=slug)
    except Brand.DoesNotExist as error:
        raise UnknownName("brand", slug) from error


def _purpose(code: str) -> str:
    if not Purpose.objects.filter(code=code).exists():
        raise UnknownName("purpose", code)
    return code


def _topic(brand: Brand | None, code: str, purpose: str | None) -> Topic:
    if brand is None:
        raise TopicWithoutBrand("a topic needs its brand")
    topic = Topic.objects.filter(brand=brand, code=code).first()
    if topic is None or purpose not in (None, topic.purpose_id):
        raise UnknownName("topic", code)
    return topic


def described(scope: Scope, *, brand_slug: str | None, told_to: int) -> dict[str, Any]:
    """The scope as the brand *told_to* (its id) may see it: a contact point only by its alias."""
    alias = None
    if scope.contact_point is not None:
        alias = identifiers.alias(scope.contact_point, brand_id=told_to)
    return {
        "brand": brand_slug if scope.brand is not None else None,
        "purpose": scope.purpose,
        "channel": scope.channel,
        "topic": scope.topic,
        "contact_point": alias,
    }
