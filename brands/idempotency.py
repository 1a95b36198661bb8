"""Storage of idempotency keys with the responses to their calls.

Note [Keys]. Callers choose their idempotency keys, and may use a person's address as a key. A
response may contain personal data or a secret. So only a keyed digest of the key is stored, and the
response is encrypted under the key. Only a caller who sends the key again can get the response. The
digest and the encryption also use SECRET_KEY. Rows from before it was replaced are found by
SECRET_KEY_FALLBACKS.
"""

from __future__ import annotations

import base64
import uuid
from datetime import datetime, timedelta

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.utils.crypto import salted_hmac

from brands.models import Repeat

KEPT = timedelta(days=1)
#: No call takes longer. If a row is still unanswered after this time, its process has died.
LONGEST_CALL = timedelta(minutes=5)

#: The owner of a key: the id of a brand or of a person.
Owner = int | uuid.UUID


def begin_call(owner: Owner, key: str, *, question: bytes, now: datetime) -> tuple[Repeat, bool]:
    """Return the row of *owner*'s *key*, and whether it is new.

    If another transaction has just created the same row, wait until it ends.
    """
    name = "brand_id" if isinstance(owner, int) else "person"
    newest, *older = digest_key_by_all(owner, key)
    if older and (row := Repeat.objects.filter(**{name: owner}, key__in=older).first()):
        return row, False
    asked = digest_question(owner, question)
    return Repeat.objects.get_or_create(
        **{name: owner}, key=newest, defaults={"asked": asked, "made_at": now}
    )


def take_over_call(row: Repeat, *, now: datetime) -> bool:
    """Claim an unanswered row whose process has died. Return whether this call has claimed it."""
    if row.status is not None or row.made_at > now - LONGEST_CALL:
        return False
    dead = Repeat.objects.filter(pk=row.pk, status=None, made_at=row.made_at)
    if not dead.update(made_at=now):
        return False
    row.made_at = now
    return True


def store_answer(row: Repeat, key: str, status: int, answer: bytes) -> None:
    """Store the response, unless another call has taken the row over in the meantime."""
    mine = Repeat.objects.filter(pk=row.pk, made_at=row.made_at)
    mine.update(status=status, answer=seal_answer(row.owner, key, answer))


def drop_call(row: Repeat) -> None:
    """Delete the row of a refused call, unless another call has taken it over in the meantime."""
    Repeat.objects.filter(pk=row.pk, made_at=row.made_at).delete()


def delete_expired_calls(*, now: datetime) -> int:
    """Delete the rows that are older than `KEPT`. Return how many."""
    return Repeat.objects.filter(made_at__lt=now - KEPT).delete()[0]


def delete_calls_about(person_id: uuid.UUID) -> None:
    """Delete all rows of a person who erases their account."""
    Repeat.objects.filter(person=person_id).delete()


def digest_key(owner: Owner, key: str) -> str:
    """Return the keyed digest (64 hex digits) under which *owner*'s idempotency key is stored."""
    return digest_key_by_all(owner, key)[0]


def digest_key_by_all(owner: Owner, key: str) -> list[str]:
    """Return the digest by SECRET_KEY, then those by each of SECRET_KEY_FALLBACKS."""
    return [each.hex() for each in _digest_by_all("key", owner, key.encode())]


def digest_question(owner: Owner, question: bytes) -> bytes:
    """Return the keyed digest (32 bytes) that identifies a request of *owner*."""
    return _digest_by_all("question", owner, question)[0]


def is_question(kept: bytes, owner: Owner, question: bytes) -> bool:
    """Return whether *kept* is the digest of *question*, by SECRET_KEY or one of its fallbacks."""
    return kept in _digest_by_all("question", owner, question)


def seal_answer(owner: Owner, key: str, answer: bytes) -> bytes:
    """Encrypt *answer* so that only the same key of the same owner decrypts it."""
    return _cipher(owner, key).encrypt(answer)


def open_answer(owner: Owner, key: str, sealed: bytes) -> bytes:
    """Return the answer that `seal_answer` encrypted."""
    return _cipher(owner, key).decrypt(sealed)


def _cipher(owner: Owner, key: str) -> MultiFernet:
    """Return a cipher that encrypts by SECRET_KEY, and decrypts also by its fallbacks."""
    digests = _digest_by_all("answer", owner, key.encode())
    return MultiFernet([Fernet(base64.urlsafe_b64encode(each)) for each in digests])


def _digest_by_all(use: str, owner: Owner, text: bytes) -> list[bytes]:
    """Return the digests by SECRET_KEY and then by each of SECRET_KEY_FALLBACKS."""
    salt = f"brands.repeats.{use}.{owner}"
    secrets = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return [salted_hmac(salt, text, secret=each, algorithm="sha256").digest() for each in secrets]
