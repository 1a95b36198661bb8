"""Webhook subscriptions: create, change and delete them, and replay events."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any

from msgspec import UNSET, UnsetType

from cmr_client.answers import Attempt, Parked, Ping, SigningKey, Subscription
from cmr_client.calls import (
    Call,
    Step,
    delete,
    drop_missing,
    get,
    key_or_new,
    pages,
    post,
    put,
    whole,
)
from cmr_client.transports import Group, Items, K, Operation, Steps


@dataclass(frozen=True, kw_only=True)
class _Replayed:
    events: int


class Subscriptions(Group[K]):
    """Webhooks of a brand (docs/webhooks.md)."""

    @Operation
    def create(
        self,
        url: str,
        *,
        event_types: Sequence[str] | None = None,
        purposes: Sequence[str] | None = None,
        channels: Sequence[str] | None = None,
        batch: int | None = None,
        rate_limit: int | None = None,
        signature: str | None = None,
        after: int | None = None,
        idempotency_key: str | None = None,
    ) -> Call[Subscription]:
        """Create a webhook for `url`.

        Only this answer has the `secret`. With `after=0` the webhook gets the whole stream.
        """
        said = {
            "url": url,
            "event_types": event_types,
            "purposes": purposes,
            "channels": channels,
            "batch": batch,
            "rate_limit": rate_limit,
            "signature": signature,
            "after": after,
        }
        return post(
            "subscriptions", Subscription, drop_missing(said), key=key_or_new(idempotency_key)
        )

    @Operation
    def list(self) -> Steps[list[Subscription]]:
        """List your webhooks, oldest first."""
        return whole("subscriptions", Subscription)

    @Operation
    def get(self, subscription: str) -> Call[Subscription]:
        """Return a webhook with its state."""
        return get(f"subscriptions/{subscription}", Subscription)

    @Operation
    def change(
        self,
        subscription: str,
        *,
        url: str,
        event_types: Sequence[str],
        purposes: Sequence[str] | UnsetType | None = UNSET,
        channels: Sequence[str] | UnsetType | None = UNSET,
        batch: int | UnsetType = UNSET,
        rate_limit: int | UnsetType | None = UNSET,
    ) -> Call[Subscription]:
        """Change the URL, the events or other settings.

        What is left out keeps its value. None means all, or no limit.
        """
        said = {
            "url": url,
            "event_types": event_types,
            "purposes": purposes,
            "channels": channels,
            "batch": batch,
            "rate_limit": rate_limit,
        }
        kept = {name: value for name, value in said.items() if value is not UNSET}
        return put(f"subscriptions/{subscription}", Subscription, kept)

    @Operation
    def delete(self, subscription: str) -> Call[None]:
        """Delete a webhook. When this returns, no request is in flight."""
        return delete(f"subscriptions/{subscription}")

    @Operation
    def enable(self, subscription: str) -> Call[Subscription]:
        """Enable a webhook, and resume where it stopped."""
        return post(f"subscriptions/{subscription}/enable", Subscription, again=True)

    @Operation
    def disable(self, subscription: str) -> Call[Subscription]:
        """Disable a webhook. When this returns, no request is in flight. No event is lost."""
        return post(f"subscriptions/{subscription}/disable", Subscription, again=True)

    @Operation
    def ping(self, subscription: str) -> Call[Ping]:
        """Send a `ping` message now, and return the endpoint's response."""
        return post(f"subscriptions/{subscription}/ping", Ping)

    @Operation
    def rotate(self, subscription: str, *, idempotency_key: str | None = None) -> Call[SigningKey]:
        """Create a new secret or key pair. For 24 hours both sign."""
        return post(
            f"subscriptions/{subscription}/rotate", SigningKey, key=key_or_new(idempotency_key)
        )

    @Operation
    def seek(self, subscription: str, *, after: int) -> Call[Subscription]:
        """Move a webhook forward or back in the stream."""
        said = {"after": after}
        return post(f"subscriptions/{subscription}/seek", Subscription, said, again=True)

    @Operation
    def replay(
        self,
        subscription: str,
        *,
        first: int,
        last: int | None = None,
        idempotency_key: str | None = None,
    ) -> Steps[int]:
        """Send up to 10,000 events again. Return how many."""
        return _replay(subscription, {"from": first, **drop_missing({"to": last})}, idempotency_key)

    @Operation
    def replay_parked(self, subscription: str, *, idempotency_key: str | None = None) -> Steps[int]:
        """Send the parked events again. Return how many."""
        return _replay(subscription, {"parked": True}, idempotency_key)

    def attempts(self, subscription: str, *, sequence: int | None = None) -> Items[Attempt, K]:
        """List the delivery attempts, newest first, of all events or of one `sequence`."""
        path = f"subscriptions/{subscription}/attempts"
        return Items(self._transport, pages(path, Attempt, sequence=sequence))

    def parked(self, subscription: str) -> Items[Parked, K]:
        """List the quarantined events, with the reasons."""
        return Items(self._transport, pages(f"subscriptions/{subscription}/parked", Parked))


def _replay(
    subscription: str, said: dict[str, Any], idempotency_key: str | None
) -> Generator[Step, Any, int]:
    replayed = yield from post(
        f"subscriptions/{subscription}/replay", _Replayed, said, key=key_or_new(idempotency_key)
    )
    return replayed.events
