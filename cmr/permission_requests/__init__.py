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
    attach_notices,
    list_requests,
    list_waiting_requests,
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
    "attach_notices",
    "list_requests",
    "list_waiting_requests",
]
