"""Delivery: carry a brand's stream to one endpoint, round after round.

How a delivery runs:

    start_delivery(subscription)      worker.py      a task, or the sweep, asks for it
        │
        ▼
    take_round → Round                prepare.py     take the lease; read quarantine, then stream
        │                               ├─ leases        one worker sends at a time
        ▼                               └─ quarantine    due events first; who waits, waits
    RoundSender.send → SendResult     send.py        post, many at once; stop early
        │                               ├─ batching      events → partitions → requests
        ▼                               └─ retries       answer → verdict
    handle_result → may continue      results.py     one transaction: attempts, cursor, lease,
        │                               │              quarantine
        ▼                               └─ quarantine    refused events and their persons
    prepare_round → Round, or None                   nothing left: the lease is released

While a round is being sent, `prepare_following` reads the one after it. If all of the round is
delivered, the following one is sent while the result is saved.

Each step gets what the one before returned: a `Round` of `PendingEvent`s goes out in
`WebhookRequest`s, and a `SendResult` says how each `SentRequest` ended. Only `RoundSender` has
state, and only for one round. Everything that must survive the process is in the subscription's row
and in `QuarantinedEvent`. See Note [Lease], Note [Order] and Note [Quarantine].
"""

from brands.webhooks.delivery.batching import PendingEvent, WebhookRequest, build_request
from brands.webhooks.delivery.retries import GIVE_UP_AFTER
from brands.webhooks.delivery.worker import close_worker, get_worker

__all__ = [
    "GIVE_UP_AFTER",
    "PendingEvent",
    "WebhookRequest",
    "build_request",
    "close_worker",
    "get_worker",
]
