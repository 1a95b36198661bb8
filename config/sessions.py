"""Sessions in the database, encrypted: what they hold can be read only with SESSIONS_KEY.

Half-finished sign-ins keep addresses and mailed codes there; Django only signs them.
"""

from __future__ import annotations

from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.contrib.sessions.backends import db


class SessionStore(db.SessionStore):
    def encode(self, session_dict: dict[str, Any]) -> str:
        """Return *session_dict* as encrypted text."""
        return _cipher().encrypt(self.serializer().dumps(session_dict)).decode()

    def decode(self, session_data: bytes | str) -> dict[str, Any]:
        """Return what the text holds; nothing where no key of ours opens it."""
        try:
            text = _cipher().decrypt(session_data)
        except (InvalidToken, ValueError):  # the second where it is not even ASCII
            return {}
        content: dict[str, Any] = self.serializer().loads(text)
        return content


def _cipher() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.SESSIONS_FERNET_KEYS])
