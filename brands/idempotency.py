"""For how long a repeated call is known again, and how it is kept.

Note [Keys]. Callers choose their idempotency keys, and may take somebody's address for one; an
answer may repeat what a brand wrote about a person, or show a secret. So a key is kept as its keyed
digest, and an answer is encrypted under the key: it opens only for whoever sends the key again.
All this is done with SECRET_KEY. What was kept before it was replaced is found by its fallbacks.
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
#: No call takes so long: whoever claimed a key before that died.
LONGEST_CALL = timedelta(minutes=5)

#: Whose keys they are: a brand's id, or a person's.
Owner = int | uuid.UUID


def begin_call(owner: Owner, key: str, *, question: bytes, now: datetime) -> tuple[Repeat, bool]:
    """Return the row of *owner*'s *key*, and whether it is new.

    Inside a transaction it waits for another one that has just made the same row.
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
    """Claim an unanswered row whose call has died. Return whether this caller has it now."""
    if row.status is not None or row.made_at > now - LONGEST_CALL:
        return False
    dead = Repeat.objects.filter(pk=row.pk, status=None, made_at=row.made_at)
    if not dead.update(made_at=now):
        return False
    row.made_at = now
    return True


def store_answer(row: Repeat, key: str, status: int, answer: bytes) -> None:
    """Keep what was answered, unless another call has taken the row over meanwhile."""
    mine = Repeat.objects.filter(pk=row.pk, made_at=row.made_at)
    mine.update(status=status, answer=seal_answer(row.owner, key, answer))


def drop_call(row: Repeat) -> None:
    """Delete a row whose call was refused, unless another call has taken it over meanwhile."""
    Repeat.objects.filter(pk=row.pk, made_at=row.made_at).delete()


def delete_expired_calls(*, now: datetime) -> int:
    """Drop what is older than `KEPT`; how many."""
    return Repeat.objects.filter(made_at__lt=now - KEPT).delete()[0]


def delete_calls_about(person_id: uuid.UUID) -> None:
    """Drop all rows of a person who erases their account."""
    Repeat.objects.filter(person=person_id).delete()


def digest_key(owner: Owner, key: str) -> str:
    """Return the 64 characters under which an idempotency key of *owner* is kept."""
    return digest_key_by_all(owner, key)[0]


def digest_key_by_all(owner: Owner, key: str) -> list[str]:
    """Return the same, and then those under which it was kept before SECRET_KEY was replaced."""
    return [each.hex() for each in _digest_by_all("key", owner, key.encode())]


def digest_question(owner: Owner, question: bytes) -> bytes:
    """Return the 32 bytes that tell one question of *owner* from another."""
    return _digest_by_all("question", owner, question)[0]


def is_question(kept: bytes, owner: Owner, question: bytes) -> bool:
    """Return whether *kept* is the digest of this question, also by a key of before."""
    return kept in _digest_by_all("question", owner, question)


def seal_answer(owner: Owner, key: str, answer: bytes) -> bytes:
    """Encrypt *answer* so that the same key of the same owner opens it."""
    return _cipher(owner, key).encrypt(answer)


def open_answer(owner: Owner, key: str, sealed: bytes) -> bytes:
    """Return the answer that `seal_answer` encrypted."""
    return _cipher(owner, key).decrypt(sealed)


def _cipher(owner: Owner, key: str) -> MultiFernet:
    """Return what encrypts by the newest key, and decrypts by each."""
    digests = _digest_by_all("answer", owner, key.encode())
    return MultiFernet([Fernet(base64.urlsafe_b64encode(each)) for each in digests])


def _digest_by_all(use: str, owner: Owner, text: bytes) -> list[bytes]:
    """Return the digests by SECRET_KEY and by each of its fallbacks, the newest first."""
    salt = f"brands.repeats.{use}.{owner}"
    secrets = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return [salted_hmac(salt, text, secret=each, algorithm="sha256").digest() for each in secrets]
