"""Bugs to plant into the started processes, each by replacing a name or two of the product.

A variant that no longer finds its names fails at once, so a renamed function cannot make a bug
harmless behind our back.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable
from types import ModuleType
from typing import Any

import psycopg


def _replace(holder: ModuleType | type, name: str, by: Any) -> None:
    """Raises AttributeError where there is no such name to replace."""
    getattr(holder, name)
    setattr(holder, name, by)


def naive_id_cursor() -> None:
    """Sequences come from the database's own, so what commits late is skipped by every cursor."""
    from django.conf import settings
    from django.db import connection, transaction

    from brands.events import stream

    # The application's role may not create anything.
    with psycopg.connect(os.environ["CHAOS_OWNER_DATABASE_URL"]) as owner:
        owner.execute("SELECT pg_advisory_xact_lock(1)")
        heads = owner.execute("SELECT brand_id, last_sequence + 1 FROM brands_streamhead")
        for brand_id, start in heads.fetchall():
            owner.execute(f"CREATE SEQUENCE IF NOT EXISTS chaos_{brand_id} START {start}")
            owner.execute(
                f"GRANT USAGE, SELECT ON SEQUENCE chaos_{brand_id} TO {settings.APPLICATION_ROLE}"
            )

    def head(brand_id: int) -> None:
        """Let readers read as far as any transaction has numbered."""
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE brands_streamhead SET last_sequence = greatest(last_sequence,"
                f" (SELECT last_value FROM chaos_{brand_id})) WHERE brand_id = %s",
                [brand_id],
            )

    values_of = stream._build_append_values

    def values(notice: stream.NewEvent) -> dict[str, Any]:
        brand_id = notice.brand_id
        transaction.on_commit(lambda: head(brand_id), robust=True)
        return values_of(notice)

    _replace(stream, "_build_append_values", values)
    _replace_append(
        "INSERT INTO brands_streamhead (brand_id, last_sequence) VALUES (%(brand)s, 1)\n"
        "    ON CONFLICT (brand_id) DO UPDATE SET last_sequence"
        " = brands_streamhead.last_sequence + 1\n"
        "    RETURNING brand_id, last_sequence",
        "SELECT %(brand)s::bigint AS brand_id,"
        " nextval('chaos_' || %(brand)s::bigint) AS last_sequence",
    )
    # The commit comes in the same round trip, and would seldom be late.
    _replace_append(
        "FROM head, within\n",
        "FROM head, within,"
        " LATERAL (SELECT pg_sleep(0.05 * random() + 0 * head.last_sequence)) late\n",
    )


def _replace_append(old: str, new: str) -> None:
    """Change the statement that appends an event. Raises AssertionError: it has no *old*."""
    from brands.events import stream
    from core.db import Statement

    assert stream.APPEND_SQL.count(old) == 1, f"the statement has no {old!r}"
    _replace(stream, "APPEND_SQL", stream.APPEND_SQL.replace(old, new))
    _replace(stream, "APPEND", Statement(stream.APPEND_SQL))


def broker_as_truth() -> None:
    """Nothing is delivered but by a task: no sweep looks for what is due."""
    from consent import tasks

    def deliver_due() -> None:
        """Trust the broker."""

    _replace(tasks, "deliver_due", deliver_due)


def short_lease() -> None:
    """A lease ends before a slow try does, and its holder does not look at the clock."""
    from django.conf import settings

    from brands.webhooks.leases import Lease

    settings.DELIVERY_LEASE_SECONDS = 0.5
    _replace(Lease, "has_time", property(lambda lease: True))


def no_fencing_token() -> None:
    """Whoever once held a lease writes the cursor, also when another has taken over."""
    from brands.models import Subscription
    from brands.webhooks import leases

    def filter_held(lease: leases.Lease) -> Any:
        return Subscription.objects.filter(pk=lease.subscription.pk)

    _replace(leases, "_filter_held", filter_held)


def forgets_failures() -> None:
    """The cursor goes to the end of what was tried, delivered or not."""
    from brands.webhooks.delivery.prepare import Round

    true_advance = Round.advance_cursor

    def advance_cursor(self: Round, *, left: set[int]) -> dict[str, object]:
        return true_advance(self, left=set())

    _replace(Round, "advance_cursor", advance_cursor)


def unordered() -> None:
    """All events are in flight together, one person's too."""
    from brands.webhooks.delivery import send

    def partition_events(events: Iterable[Any], **_: Any) -> deque[deque[Any]]:
        return deque(deque([event]) for event in events)

    _replace(send, "partition_events", partition_events)


def tells_ledger_ids() -> None:
    """Brands read the ledger's own id of an entry, the same with each of them."""
    from consent.brand_events import payloads

    def build_entry_id(entry: Any, _relationship: Any) -> Any:
        return entry

    _replace(payloads, "build_entry_id", build_entry_id)


def tells_wide_scopes() -> None:
    """A brand reads whether the person meant it alone, or any brand."""
    from consent.brand_events import payloads

    narrow = payloads._scope

    def scope_of(entry: Any, recipient: Any) -> dict[str, Any]:
        scope = narrow(entry, recipient)
        return scope if entry.brand_id else scope | {"brand": None}

    _replace(payloads, "_scope", scope_of)


def counts_as_the_ledger() -> None:
    """A person's events have the numbers of all their choices: with gaps, for those of others."""
    _replace_append(
        "convert_to(within.last_seq::text, 'UTF8')",
        "convert_to((SELECT last_seq::text FROM consent_subject WHERE id = %(subject)s), 'UTF8')",
    )


def forgets_narrow_rows() -> None:
    """Where a wide choice and a narrow one meet, the permissions have no row of their own."""
    from consent.decision import permission_tables

    def close(cells: Iterable[Any]) -> set[Any]:
        return set(cells)

    _replace(permission_tables, "_close", close)


VARIANTS: dict[str, Callable[[], None]] = {
    each.__name__: each
    for each in (
        naive_id_cursor,
        broker_as_truth,
        short_lease,
        no_fencing_token,
        forgets_failures,
        unordered,
        tells_ledger_ids,
        tells_wide_scopes,
        counts_as_the_ledger,
        forgets_narrow_rows,
    )
}
