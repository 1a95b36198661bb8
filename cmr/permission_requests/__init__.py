"""Permission requests: brands ask a person for consent, and the person answers."""

from cmr.permission_requests.confirmation_mail import ask_with_confirmation
from cmr.permission_requests.requests import (
    AlreadyAnswered,
    AskedAlready,
    AskedTooSoon,
    MayNotAsk,
    NeverAgain,
    RequestedPermission,
    TooManyWaiting,
    TopicRetired,
    answer_request,
    ask_person,
    list_requests,
    list_waiting_requests,
    pair_with_notices,
)

__all__ = [
    "AlreadyAnswered",
    "AskedAlready",
    "AskedTooSoon",
    "MayNotAsk",
    "NeverAgain",
    "RequestedPermission",
    "TooManyWaiting",
    "TopicRetired",
    "answer_request",
    "ask_person",
    "ask_with_confirmation",
    "list_requests",
    "list_waiting_requests",
    "pair_with_notices",
]
