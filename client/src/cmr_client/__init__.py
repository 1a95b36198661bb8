"""Python client for brands of a CMR service: `Client`, `AsyncClient` and their types."""

from cmr_client.answers import (
    Campaign,
    Day,
    Decision,
    Delivery,
    Event,
    Import,
    Limit,
    Mistake,
    Reservation,
    Subscription,
)
from cmr_client.client import AsyncClient, Client
from cmr_client.contacts import Contact, Whom
from cmr_client.permissions import PermissionRow, Permissions, PermissionsLeftOut
from cmr_client.problems import (
    BadSignature,
    BeyondStream,
    CMRError,
    Conflict,
    Invalid,
    NotAllowed,
    NotAuthenticated,
    NotFound,
    NotSignedIn,
    ServiceFailed,
    TooMany,
    UnexpectedAnswer,
    Unreachable,
)
from cmr_client.webhooks import verify_webhook

__all__ = [
    "AsyncClient",
    "BadSignature",
    "BeyondStream",
    "CMRError",
    "Campaign",
    "Client",
    "Conflict",
    "Contact",
    "Day",
    "Decision",
    "Delivery",
    "Event",
    "Import",
    "Invalid",
    "Limit",
    "Mistake",
    "NotAllowed",
    "NotAuthenticated",
    "NotFound",
    "NotSignedIn",
    "PermissionRow",
    "Permissions",
    "PermissionsLeftOut",
    "Reservation",
    "ServiceFailed",
    "Subscription",
    "TooMany",
    "UnexpectedAnswer",
    "Unreachable",
    "Whom",
    "verify_webhook",
]
