"""Models of `brands`, one module per noun."""

from brands.models.brand import Brand, ClosingDifficulty
from brands.models.campaign import Campaign, CampaignDay
from brands.models.catalogue import (
    Channel,
    JurisdictionRegime,
    PastRegime,
    Purpose,
    Regime,
    Topic,
)
from brands.models.key import BrandKey
from brands.models.link_key import RetiredLinkKey
from brands.models.notice import Notice
from brands.models.recurring_job import RecurringJob
from brands.models.repeat import Repeat
from brands.models.stream import Acknowledgement, Event, StreamGap, StreamHead, SubjectHead
from brands.models.webhook import (
    THROTTLED,
    Attempt,
    AttemptCount,
    QuarantinedEvent,
    Signature,
    Subscription,
    WebhookAlert,
)
from brands.models.workspace import Workspace
from core.request_outcome import Outcome

__all__ = [
    "THROTTLED",
    "Acknowledgement",
    "Attempt",
    "AttemptCount",
    "Brand",
    "BrandKey",
    "Campaign",
    "CampaignDay",
    "Channel",
    "ClosingDifficulty",
    "Event",
    "JurisdictionRegime",
    "Notice",
    "Outcome",
    "PastRegime",
    "Purpose",
    "QuarantinedEvent",
    "RecurringJob",
    "Regime",
    "Repeat",
    "RetiredLinkKey",
    "Signature",
    "StreamGap",
    "StreamHead",
    "SubjectHead",
    "Subscription",
    "Topic",
    "WebhookAlert",
    "Workspace",
]
