"""Sessions in the database, encrypted: their content is readable only with SESSIONS_KEY.

Unfinished sign-ins store addresses and mailed codes in them, and Django only signs sessions.
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
        """Return the decrypted content; empty if none of our keys decrypts it."""
        try:
            text = _cipher().decrypt(session_data)
        except (InvalidToken, ValueError):  # ValueError: it is not even ASCII
            return {}
        content: dict[str, Any] = self.serializer().loads(text)
        return content


def _cipher() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.SESSIONS_FERNET_KEYS])
