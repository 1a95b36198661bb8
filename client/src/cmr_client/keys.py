"""Who calls: the brand and its keys."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from cmr_client.answers import Brand, Key
from cmr_client.calls import Call, delete, get, given, key_or_new, post, put, whole
from cmr_client.transports import Group, K, Operation, Steps


class Brands(Group[K]):
    """The brand itself."""

    @Operation
    def get(self) -> Call[Brand]:
        """Who you are to the service."""
        return get("brand", Brand)

    @Operation
    def change(self, *, operations_email: str) -> Call[Brand]:
        """Whom the service tells of trouble with your webhooks; empty is nobody."""
        return put("brand", Brand, {"operations_email": operations_email})


class Keys(Group[K]):
    """Its keys. A new one is shown once."""

    @Operation
    def current(self) -> Call[Key]:
        """The one that asks."""
        return get("keys/current", Key)

    @Operation
    def list(self) -> Steps[list[Key]]:
        """List all of them, newest first, the revoked ones too."""
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
        """Another one, of the same mode; `key` of the answer is its text."""
        said = given({"name": name, "scopes": scopes, "expires_at": expires_at})
        return post("keys", Key, said, key=key_or_new(idempotency_key))

    @Operation
    def rotate(
        self, key_id: int, *, hours: int = 24, idempotency_key: str | None = None
    ) -> Call[Key]:
        """Make one in its place; the old one counts for so many hours more."""
        return post(f"keys/{key_id}/rotate", Key, {"hours": hours}, key=key_or_new(idempotency_key))

    @Operation
    def revoke(self, key_id: int) -> Call[None]:
        """End it at once."""
        return delete(f"keys/{key_id}")
