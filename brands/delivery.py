"""Carrying a brand's stream to one endpoint: what a round is to send, and what came of it.

The cursor moves to the end of the unbroken run of what needs no more work; what was delivered
beyond it stands in `ahead` and is not sent again. See Note [Lease], Note [Order], Note [Standing
aside].
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import replace

import orjson
from django.db import transaction
from django.utils import timezone

from brands import aside, leases, stream, webhooks
from brands.addresses import mask_addresses
from brands.aftermath import Aftermath, place_after
from brands.leases import Lease
from brands.models import THROTTLED, Subscription
from brands.parcels import Item
from brands.prepared import Statement
from brands.retries import asks_for_less
from brands.sending import Round, Sending, Try
from brands.signing import Signer

#: How many events a round reads, for one request each and for batches.
SINGLES, BATCHED = 500, 2_000
#: How many while the endpoint fails: enough to find out whether it still does.
PROBE = 16


def begin(subscription_id: uuid.UUID) -> Round | None:
    """Take the lease, if there is something to do and nobody else has it, and read what that is."""
    lease = leases.take(subscription_id)
    return _next(lease) if lease else None


def _next(lease: Lease) -> Round | None:
    """The round to send now. Where nothing is left, the lease is let go."""
    while not (round_ := _read(lease)).items:
        if round_.through == lease.subscription.cursor:
            leases.let_go(lease)
            return None
        if not _pass_by(round_):
            return None
    return round_


def _read(lease: Lease) -> Round:
    subscription = lease.subscription
    suspects, standing = aside.counts(subscription.pk)
    limit = _limit(subscription)
    again = aside.due_items(subscription.pk, subscription.brand_id, limit=limit) if standing else []
    fresh: list[Item] = []
    through = subscription.cursor
    if len(again) < limit:
        fresh, through = _window(lease, limit, after=subscription.cursor)
    held = aside.held_up(subscription.pk, {i.subject for i in fresh}) if standing else set()
    return Round(
        lease=lease,
        items=again + [item for item in fresh if item.subject not in held],
        signer=Signer(webhooks.secrets_of(subscription, now=timezone.now())),
        through=through,
        has_aside=standing > 0,
        suspects=suspects,
        is_full=len(fresh) == limit,
        held_up=[item for item in fresh if item.subject in held],
    )


def read_ahead(round_: Round) -> Round | None:
    """The round that follows if all of this one arrives, read while it is on its way.

    None where it takes more than going on from its end: it is the last, or somebody stands aside.
    """
    lease, subscription = round_.lease, round_.lease.subscription
    if round_.has_aside or not round_.is_full or aside.counts(subscription.pk)[1]:
        return None
    limit = _limit(subscription)
    items, through = _window(lease, limit, after=round_.through)
    if not items:
        return None
    return replace(round_, items=items, through=through, is_full=len(items) == limit)


def _limit(subscription: Subscription) -> int:
    if subscription.failures:
        return PROBE * subscription.batch
    return SINGLES if subscription.batch == 1 else BATCHED


def _window(lease: Lease, limit: int, *, after: int) -> tuple[list[Item], int]:
    """What it asked for after a sequence and has not got, and how far this looked."""
    subscription = lease.subscription
    wanted = webhooks.wanted_by(subscription)
    rows, through = stream.window(subscription.brand_id, after=after, limit=limit, wanted=wanted)
    ahead = set(subscription.ahead)
    return [Item(*row) for row in rows if row[0] not in ahead], through


# -- Settling ----------------------------------------------------------------------------------

ATTEMPTS = Statement(
    "INSERT INTO brands_attempt (subscription_id, sequence, message, started_at, latency_ms,"
    " outcome, status, answer) SELECT %(subscription)s::uuid, r.* FROM jsonb_to_recordset("
    "%(rows)s::jsonb) AS r(sequence bigint, message uuid, started_at timestamptz, latency_ms int,"
    " outcome text, status int, answer text)"
)


COUNT = Statement(
    "INSERT INTO brands_attemptcount AS held (subscription_id, outcome, tries, latency_ms)"
    " SELECT %(subscription)s::uuid, r.counted_as, count(*), sum(r.latency_ms)"
    " FROM jsonb_to_recordset(%(rows)s::jsonb) AS r(counted_as text, latency_ms int)"
    " GROUP BY r.counted_as ORDER BY r.counted_as"
    " ON CONFLICT (subscription_id, outcome) DO UPDATE SET"
    " tries = held.tries + EXCLUDED.tries, latency_ms = held.latency_ms + EXCLUDED.latency_ms"
)


def settle(sending: Sending) -> Round | None:
    """Write down what came of a round; return the next one, if there is to be one."""
    return _next(sending.round.lease) if record(sending) else None


def record(sending: Sending) -> bool:
    """Write down what came of a round; False where no other is to follow.

    The attempts are kept even where the lease was lost: they happened.
    """
    lease, after = sending.round.lease, Aftermath.of(sending)
    with transaction.atomic():
        _write_attempts(lease.subscription, sending.tries)
        held = leases.keep(lease, **after.changes)
        if held:
            _settle_aside(sending.round, after)
    if held and after.ends:
        leases.let_go(lease)
    return held and not after.ends


def _write_attempts(subscription: Subscription, tries: Iterable[Try]) -> None:
    rows = [row for each in tries for row in _attempts(each)]
    if rows:
        given = {"subscription": subscription.pk, "rows": orjson.dumps(rows).decode()}
        ATTEMPTS.ask(given)
        COUNT.ask(given)


def _attempts(each: Try) -> Iterator[dict[str, object]]:
    """Return a row for each event of the request."""
    for item in each.parcel.items:
        yield {
            "sequence": item.sequence,
            "message": each.parcel.message,
            "started_at": each.started_at,
            "latency_ms": each.answer.latency_ms,
            "outcome": each.answer.outcome,
            "counted_as": THROTTLED if asks_for_less(each.answer) else each.answer.outcome,
            "status": each.answer.status,
            # An endpoint may answer with what it was sent, or with what it knows.
            "answer": mask_addresses(each.answer.text),
        }


def _settle_aside(round_: Round, after: Aftermath) -> None:
    subscription = round_.lease.subscription
    if after.disabled_reason:
        leases.disable(round_.lease, reason=after.disabled_reason)
    if round_.has_aside:
        aside.done(subscription.pk, after.delivered_aside)
        if after.passed:
            aside.judge_suspects(subscription.pk)
    for refusal in after.refusals:
        aside.put(
            subscription.pk,
            refusal.item,
            refusal.followers,
            status=refusal.answer.status,
            wait=refusal.wait,
        )
    aside.join(subscription.pk, round_.held_up)


def _pass_by(round_: Round) -> bool:
    """Nothing of what the round looked at is to be sent: go on behind it."""
    with transaction.atomic():
        aside.join(round_.lease.subscription.pk, round_.held_up)
        return leases.keep(round_.lease, **place_after(round_, left=set()))
