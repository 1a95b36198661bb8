"""Webhooks: a brand's endpoints, and the delivery of its stream to them.

- `subscriptions`, `filters`: who gets what; `verification`: whether an endpoint wants it
- `signing`, `signing_keys`: Standard Webhooks signatures, and the secrets behind them
- `leases`: one worker at a time sends for a subscription
- `replays`: send events again
- `delivery`: prepare, send, handle the result
- `monitoring`: metrics, alerts, first deliveries, the log of attempts

Other packages import from here only.
"""

from brands.webhooks.delivery import (
    GIVE_UP_AFTER,
    PendingEvent,
    WebhookRequest,
    build_request,
    close_worker,
    get_worker,
)
from brands.webhooks.filters import (
    UnknownEventType,
    UnknownFilterChannel,
    UnknownFilterPurpose,
    build_filter,
)
from brands.webhooks.leases import StillSending, find_due_subscriptions
from brands.webhooks.monitoring import (
    count_attempts,
    find_first_deliveries,
    mail_alerts,
    measure_lags,
    prune_attempts,
    update_alerts,
)
from brands.webhooks.replays import RangeTooLong, replay_parked, replay_range
from brands.webhooks.signing import MalformedSecret, Signer
from brands.webhooks.signing_keys import (
    build_signer,
    describe_key,
    list_public_keys,
    reencrypt_secrets,
)
from brands.webhooks.subscriptions import (
    UNPROVEN,
    StartsBeyondStream,
    SubscriptionTerms,
    TooManySubscriptions,
    change_subscription,
    create_subscription,
    create_verified_subscription,
    disable_subscription,
    enable_subscription,
    filter_subscriptions,
    have_delivered,
    move_cursor,
    read_terms,
    rotate_secret,
)
from brands.webhooks.verification import (
    EndpointNotVerified,
    VerificationBusy,
    needs_verification,
    ping_endpoint,
)

__all__ = [
    "GIVE_UP_AFTER",
    "UNPROVEN",
    "EndpointNotVerified",
    "MalformedSecret",
    "PendingEvent",
    "RangeTooLong",
    "Signer",
    "StartsBeyondStream",
    "StillSending",
    "SubscriptionTerms",
    "TooManySubscriptions",
    "UnknownEventType",
    "UnknownFilterChannel",
    "UnknownFilterPurpose",
    "VerificationBusy",
    "WebhookRequest",
    "build_filter",
    "build_request",
    "build_signer",
    "change_subscription",
    "close_worker",
    "count_attempts",
    "create_subscription",
    "create_verified_subscription",
    "describe_key",
    "disable_subscription",
    "enable_subscription",
    "filter_subscriptions",
    "find_due_subscriptions",
    "find_first_deliveries",
    "get_worker",
    "have_delivered",
    "list_public_keys",
    "mail_alerts",
    "measure_lags",
    "move_cursor",
    "needs_verification",
    "ping_endpoint",
    "prune_attempts",
    "read_terms",
    "reencrypt_secrets",
    "replay_parked",
    "replay_range",
    "rotate_secret",
    "update_alerts",
]
