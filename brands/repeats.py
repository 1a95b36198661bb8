"""For how long a repeated call is known again, and how it is kept.

Note [Keys]. A brand chooses its idempotency keys, and may take somebody's address for one; an
answer may repeat what the brand wrote about a person. So a key is kept as its keyed digest, and an
answer is encrypted under the key: it opens only for whoever sends the key again.
"""

from __future__ import annotations

import base64
from datetime import datetime, timedelta

from cryptography.fernet import Fernet
from django.utils.crypto import salted_hmac

from brands.models import Repeat

KEPT = timedelta(days=1)


def forget(*, now: datetime) -> int:
    """Drop what is older than `KEPT`; how many."""
    return Repeat.objects.filter(made_at__lt=now - KEPT).delete()[0]


def digest_key(brand_id: int, key: str) -> str:
    """Return the 64 characters under which a brand's idempotency key is kept."""
    return _digest("key", brand_id, key.encode()).hex()


def digest_question(brand_id: int, question: bytes) -> bytes:
    """Return the 32 bytes that tell one question of a brand from another."""
    return _digest("question", brand_id, question)


def seal_answer(brand_id: int, key: str, answer: bytes) -> bytes:
    """Encrypt *answer* so that the same key of the same brand opens it."""
    return _cipher(brand_id, key).encrypt(answer)


def open_answer(brand_id: int, key: str, sealed: bytes) -> bytes:
    """Return the answer that `seal_answer` encrypted."""
    return _cipher(brand_id, key).decrypt(sealed)


def _cipher(brand_id: int, key: str) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(_digest("answer", brand_id, key.encode())))


def _digest(use: str, brand_id: int, text: bytes) -> bytes:
    return salted_hmac(f"brands.repeats.{use}.{brand_id}", text, algorithm="sha256").digest()
