"""The brand and its API keys."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from cmr_client.answers import Brand, Key
from cmr_client.calls import Call, delete, drop_missing, get, key_or_new, post, put, whole
from cmr_client.transports import Group, K, Operation, Steps


class Brands(Group[K]):
    """The brand itself."""

    @Operation
    def get(self) -> Call[Brand]:
        """Return your brand."""
        return get("brand", Brand)

    @Operation
    def change(self, *, operations_email: str) -> Call[Brand]:
        """Change the address for alerts about your webhooks. An empty text turns them off."""
        return put("brand", Brand, {"operations_email": operations_email})


class Keys(Group[K]):
    """API keys of the brand. A new key is shown once."""

    @Operation
    def current(self) -> Call[Key]:
        """Return the key of this client."""
        return get("keys/current", Key)

    @Operation
    def list(self) -> Steps[list[Key]]:
        """List all keys, newest first, including revoked ones."""
        return whole("keys", Key)

    @Operation
    def create(
        self,
        name: str,
        *,
        scopes: Sequence[str],
        expires_at: datetime | None = None,
        idempotency_key: str | None = None,
    ) -> Call[Key]:
        """Create a key in the same mode. `key` of the answer is its text."""
        said = drop_missing({"name": name, "scopes": scopes, "expires_at": expires_at})
        return post("keys", Key, said, key=key_or_new(idempotency_key))

    @Operation
    def rotate(
        self, key_id: int, *, hours: int = 24, idempotency_key: str | None = None
    ) -> Call[Key]:
        """Replace a key. The old one remains valid for the given number of hours."""
        return post(f"keys/{key_id}/rotate", Key, {"hours": hours}, key=key_or_new(idempotency_key))

    @Operation
    def revoke(self, key_id: int) -> Call[None]:
        """Revoke a key at once."""
        return delete(f"keys/{key_id}")
