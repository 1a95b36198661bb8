"""Encryption of stored values that must be readable again, such as webhook secrets (Fernet)."""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from functools import cache
from typing import Any

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.db.models import QuerySet


def encrypt_text(text: str) -> bytes:
    return _build_cipher().encrypt(text.encode())


def decrypt_text(encrypted: bytes) -> str:
    return _build_cipher().decrypt(encrypted).decode()


def reencrypt_field(rows: QuerySet[Any], name: str) -> int:
    """Encrypt the field *name* of *rows* with the newest key. Return how many rows have a value.

    Accepted race: a row that gets a new value in the meantime keeps it. That value is already
    encrypted with the newest key.
    """
    stored = list(rows.exclude(**{name: None}).values_list("pk", name))
    for pk, old in stored:
        new = _build_cipher().rotate(bytes(old))
        rows.model.objects.filter(pk=pk, **{name: bytes(old)}).update(**{name: new})
    return len(stored)


def _build_cipher() -> MultiFernet:
    return _build_cipher_for((settings.WEBHOOK_SECRETS_KEY, *settings.WEBHOOK_SECRETS_OLD_KEYS))


@cache
def _build_cipher_for(keys: tuple[str, ...]) -> MultiFernet:
    """Return a cipher that encrypts with the first of *keys* and decrypts with any of them."""
    digests = (hashlib.sha256(key.encode()).digest() for key in keys)
    return MultiFernet([Fernet(urlsafe_b64encode(digest)) for digest in digests])
