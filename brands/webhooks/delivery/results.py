"""Results: decide what a round changes, and save it in one transaction.

The decisions (`decide_…`, `find_…`) are pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import orjson
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from brands.models import THROTTLED, Subscription
from brands.webhooks import leases
from brands.webhooks.delivery import quarantine, retries
from brands.webhooks.delivery.batching import PendingEvent
from brands.webhooks.delivery.prepare import Round
from brands.webhooks.delivery.send import SendResult, SentRequest
from core.db import Statement
from core.http import Answer
from core.text import mask_addresses

#: The most requests in flight at once, and by how many more a good round raises them.
MAX_CONCURRENCY, CONCURRENCY_STEP = 64, 2

# One row an event and hundreds a round: the ORM takes several times as long for these two.
INSERT_ATTEMPTS = Statement(
    "INSERT INTO brands_attempt (brand_id, subscription_id, sequence, message, started_at,"
    " latency_ms, outcome, status, answer)"
    " SELECT %(brand)s::bigint, %(subscription)s::uuid, r.* FROM jsonb_to_recordset("
    "%(rows)s::jsonb) AS r(sequence bigint, message uuid, started_at timestamptz, latency_ms int,"
    " outcome text, status int, answer text)"
)
COUNT_ATTEMPTS = Statement(
    "INSERT INTO brands_attemptcount AS held"
    " (brand_id, subscription_id, outcome, tries, latency_ms)"
    " SELECT %(brand)s::bigint, %(subscription)s::uuid, r.counted_as, count(*), sum(r.latency_ms)"
    " FROM jsonb_to_recordset(%(rows)s::jsonb) AS r(counted_as text, latency_ms int)"
    " GROUP BY r.counted_as ORDER BY r.counted_as"
    " ON CONFLICT (subscription_id, outcome) DO UPDATE SET"
    " tries = held.tries + EXCLUDED.tries, latency_ms = held.latency_ms + EXCLUDED.latency_ms"
)


def handle_result(result: SendResult) -> bool:
    """Save what a round changed. Return whether another round may follow.

    The attempts are saved even if the lease was lost: they happened.
    """
    lease = result.round.lease
    with transaction.atomic():
        _save_attempts(lease.subscription, result.requests)
        held = leases.renew_lease(lease, **decide_changes(result))
        if held:
            _save_quarantine(result)
            if reason := decide_disabled_reason(result):
                leases.disable_leased(lease, reason=reason)
    if held and result.ends_delivery:
        leases.release_lease(lease)
    return held and not result.ends_delivery


# -- Decide ---------------------------------------------------------------------------------------


def decide_changes(result: SendResult) -> dict[str, object]:
    """Return the new values of the subscription's row."""
    cursor = result.round.advance_cursor(left=find_left(result))
    return cursor | decide_health(result) | {"concurrency": decide_concurrency(result)}


def find_left(result: SendResult) -> set[int]:
    """Return the sequences beyond the cursor that neither arrived nor went into quarantine."""
    quarantined = {event.subject for event, _ in (*result.rejected, *result.suspects)}
    carried = (event for event in result.round.events if not event.quarantined)
    left = {event.sequence for event in carried if event.subject not in quarantined}
    return left - result.delivered


def decide_health(result: SendResult) -> dict[str, object]:
    """Return the failures in a row, and when to try again."""
    if result.failure:
        changes, failures = _count_failure(result)
        wait = retries.choose_wait(failures, result.failure)
        return changes | {"next_try_at": Now() + wait}
    if result.suspects:
        return _count_failure(result)[0]
    changes = {"failures": 0, "failing_since": None} if result.passed else {}
    wait_a_moment = {"next_try_at": Now() + retries.THROTTLED_WAIT}
    return changes | (wait_a_moment if result.throttled else {})


def decide_concurrency(result: SendResult) -> int:
    """Return how many requests the next round may have in flight at once."""
    subscription = result.round.lease.subscription
    if subscription.failures:
        return subscription.concurrency
    if result.concurrency < result.first_concurrency:
        return result.concurrency
    if result.used_all and result.all_delivered:
        return min(result.first_concurrency + CONCURRENCY_STEP, MAX_CONCURRENCY)
    return result.first_concurrency


def decide_disabled_reason(result: SendResult) -> str:
    """Return why the subscription is to be disabled, or an empty text."""
    if result.gone:
        return "gone"
    since = result.round.lease.subscription.failing_since
    if since is None or result.passed or result.failure is None:
        return ""
    return "failing" if timezone.now() - since > retries.GIVE_UP_AFTER else ""


def find_followers(round_: Round, event: PendingEvent) -> list[PendingEvent]:
    """Return the later events of the same person."""
    return [
        each
        for each in round_.events
        if each.subject == event.subject and each.sequence > event.sequence
    ]


def _count_failure(result: SendResult) -> tuple[dict[str, object], int]:
    """Return the changes for one more failure, and how many came before it in a row."""
    subscription = result.round.lease.subscription
    continues = subscription.failing_since is not None and not result.passed
    before = subscription.failures if continues else 0
    since = subscription.failing_since if continues else timezone.now()
    return {"failures": before + 1, "failing_since": since}, before


# -- Save -----------------------------------------------------------------------------------------


def _save_attempts(subscription: Subscription, requests: Iterable[SentRequest]) -> None:
    rows = [row for each in requests for row in _build_rows(each)]
    if rows:
        given = {
            "brand": subscription.brand_id,
            "subscription": subscription.pk,
            "rows": orjson.dumps(rows).decode(),
        }
        INSERT_ATTEMPTS.ask(given)
        COUNT_ATTEMPTS.ask(given)


def _build_rows(sent: SentRequest) -> Iterator[dict[str, object]]:
    """Yield a row for each event of a request."""
    answer = sent.answer
    for event in sent.request.events:
        yield {
            "sequence": event.sequence,
            "message": sent.request.message,
            "started_at": sent.started_at,
            "latency_ms": answer.latency_ms,
            "outcome": answer.outcome,
            "counted_as": THROTTLED if retries.asks_for_less(answer) else answer.outcome,
            "status": answer.status,
            # An endpoint may answer with what it was sent, or with what it knows.
            "answer": mask_addresses(answer.text),
        }


def _save_quarantine(result: SendResult) -> None:
    round_ = result.round
    subscription = round_.lease.subscription
    if round_.has_quarantine:
        retried = [event.sequence for event in round_.events if event.quarantined]
        delivered = result.delivered.intersection(retried)
        quarantine.remove_delivered(subscription, sorted(delivered))
        if result.passed:
            quarantine.judge_suspects(subscription)
    _save_refused(round_, result.rejected, parked=True)
    _save_refused(round_, result.suspects, parked=False)
    quarantine.join_waiting(subscription, round_.held_back)


def _save_refused(
    round_: Round, refused: Sequence[tuple[PendingEvent, Answer]], *, parked: bool
) -> None:
    for event, answer in refused:
        quarantine.add_refused(
            round_.lease.subscription,
            event,
            find_followers(round_, event),
            status=answer.status,
            wait=None if parked else retries.choose_wait(event.refusals, answer),
        )
