"""The facts of this app, a noun a file."""

from cmr.models.consumer import Consumer, ContactKind, ContactPoint
from cmr.models.token import AccessToken
from cmr.models.user import User

__all__ = ["AccessToken", "Consumer", "ContactKind", "ContactPoint", "User"]
