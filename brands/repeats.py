"""For how long a repeated call is known again, and how it is kept.

Note [Keys]. Callers choose their idempotency keys, and may take somebody's address for one; an
answer may repeat what a brand wrote about a person, or show a secret. So a key is kept as its keyed
digest, and an answer is encrypted under the key: it opens only for whoever sends the key again.
"""

from __future__ import annotations

import base64
import uuid
from datetime import datetime, timedelta

from cryptography.fernet import Fernet
from django.utils.crypto import salted_hmac

from brands.models import Repeat

KEPT = timedelta(days=1)
#: No call takes so long: whoever claimed a key before that died.
LONGEST_CALL = timedelta(minutes=5)

#: Whose keys they are: a brand's id, or a person's.
Owner = int | uuid.UUID


def begin(owner: Owner, key: str, *, question: bytes, now: datetime) -> tuple[Repeat, bool]:
    """Return the row of *owner*'s *key*, and whether it is new.

    Inside a transaction it waits for another one that has just made the same row.
    """
    name = "brand_id" if isinstance(owner, int) else "person"
    asked = digest_question(owner, question)
    return Repeat.objects.get_or_create(
        **{name: owner}, key=digest_key(owner, key), defaults={"asked": asked, "made_at": now}
    )


def take_over(row: Repeat, *, now: datetime) -> bool:
    """Claim an unanswered row whose call has died. Return whether this caller has it now."""
    if row.status is not None or row.made_at > now - LONGEST_CALL:
        return False
    dead = Repeat.objects.filter(pk=row.pk, status=None, made_at=row.made_at)
    if not dead.update(made_at=now):
        return False
    row.made_at = now
    return True


def keep_answer(row: Repeat, key: str, status: int, answer: bytes) -> None:
    """Keep what was answered, unless another call has taken the row over meanwhile."""
    mine = Repeat.objects.filter(pk=row.pk, made_at=row.made_at)
    mine.update(status=status, answer=seal_answer(row.owner, key, answer))


def drop(row: Repeat) -> None:
    """Delete a row whose call was refused, unless another call has taken it over meanwhile."""
    Repeat.objects.filter(pk=row.pk, made_at=row.made_at).delete()


def forget(*, now: datetime) -> int:
    """Drop what is older than `KEPT`; how many."""
    return Repeat.objects.filter(made_at__lt=now - KEPT).delete()[0]


def forget_person(person_id: uuid.UUID) -> None:
    """Drop all rows of a person who erases their account."""
    Repeat.objects.filter(person=person_id).delete()


def digest_key(owner: Owner, key: str) -> str:
    """Return the 64 characters under which an idempotency key of *owner* is kept."""
    return _digest("key", owner, key.encode()).hex()


def digest_question(owner: Owner, question: bytes) -> bytes:
    """Return the 32 bytes that tell one question of *owner* from another."""
    return _digest("question", owner, question)


def seal_answer(owner: Owner, key: str, answer: bytes) -> bytes:
    """Encrypt *answer* so that the same key of the same owner opens it."""
    return _cipher(owner, key).encrypt(answer)


def open_answer(owner: Owner, key: str, sealed: bytes) -> bytes:
    """Return the answer that `seal_answer` encrypted."""
    return _cipher(owner, key).decrypt(sealed)


def _cipher(owner: Owner, key: str) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(_digest("answer", owner, key.encode())))


def _digest(use: str, owner: Owner, text: bytes) -> bytes:
    return salted_hmac(f"brands.repeats.{use}.{owner}", text, algorithm="sha256").digest()
