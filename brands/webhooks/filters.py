"""Which events a subscription receives: by event type, purpose and channel."""

from __future__ import annotations

from collections.abc import Iterable

from brands.events import EVENT_TYPES, EventFilter
from brands.models import Channel, Purpose, Subscription
from core.errors import DomainError


class UnknownEventType(DomainError):
    """The pattern matches no existing event type."""

    code = "unknown_event_type"
    field = "event_types"


class UnknownFilterPurpose(DomainError):
    """There is no such purpose, so no event would match."""

    code = "unknown_purpose"
    field = "purposes"


class UnknownFilterChannel(DomainError):
    """There is no such channel, so no event would match."""

    code = "unknown_channel"
    field = "channels"


def build_filter(subscription: Subscription) -> EventFilter:
    """Return the subscription's filter, with patterns expanded to event types."""
    patterns = subscription.event_types
    types = [each for each in EVENT_TYPES if any(matches_pattern(p, each) for p in patterns)]
    return EventFilter(
        None if "*" in patterns else types,
        subscription.purposes or None,
        subscription.channels or None,
    )


def matches_pattern(pattern: str, event_type: str) -> bool:
    """Return whether *pattern* ("*", "preference.*" or a whole type) matches *event_type*."""
    if pattern == "*":
        return True
    if pattern.endswith(".*"):
        return event_type.startswith(pattern[:-1])
    return pattern == event_type


def check_event_types(patterns: Iterable[str]) -> None:
    """Raise `UnknownEventType` for the first pattern that matches no event type."""
    for pattern in patterns:
        if not any(matches_pattern(pattern, known) for known in EVENT_TYPES):
            raise UnknownEventType(f"{pattern!r} matches no event type")


def check_purposes(codes: Iterable[str]) -> None:
    """Raise `UnknownFilterPurpose` for the first code, by alphabet, that is no purpose."""
    codes = set(codes)
    known = set(Purpose.objects.filter(pk__in=codes).values_list("pk", flat=True))
    for unknown in sorted(codes - known):
        raise UnknownFilterPurpose(f"there is no purpose {unknown!r}")


def check_channels(codes: Iterable[str]) -> None:
    """Raise `UnknownFilterChannel` for the first code, by alphabet, that is no channel."""
    for unknown in sorted(set(codes) - set(Channel.values)):
        raise UnknownFilterChannel(f"there is no channel {unknown!r}")
