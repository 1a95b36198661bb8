"""Slots for responses that last as long as the client reads, or until something happens.

Each holds a thread until its end. A list or stream holds a thread for streams. A waiting call, or
the upload of an import part, holds a request thread. Slow clients could occupy all of them, so a
process has fewer slots than threads, and one brand can never take the last slot of several.
"""

from __future__ import annotations

import threading
import weakref
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar

from django.conf import settings
from django.http import StreamingHttpResponse
from django.utils import timezone
from rest_framework.exceptions import APIException

from brands import credentials
from brands.models import BrandKey


class TooManyStreams(APIException):
    """All slots of this process, or of this brand in it, are in use."""

    status_code = 429
    default_code = "too_many_streams"
    default_detail = "Too many streams at once. Try again in a moment."
    wait = 5  # seconds


class StreamSlots:
    def __init__(self) -> None:
        self._taken: Counter[int] = Counter()
        #: The waiting calls of each brand, oldest first. A call ends when its event is set.
        self._waits: defaultdict[int, list[threading.Event]] = defaultdict(list)
        # Reentrant: an answer that was never closed returns its slot when it is garbage collected,
        # which may happen while this thread takes a slot.
        self._lock = threading.RLock()

    def take(self, brand_id: int) -> None:
        """Return a slot for a stream. A waiting call of the same brand gives up its slot for it.

        Raises:
            TooManyStreams
        """
        with self._lock:
            if self._is_full(brand_id) and not self._has_made_room(brand_id):
                raise TooManyStreams
            self._taken[brand_id] += 1

    def count_taken(self) -> int:
        """Return the number of slots in use in this process."""
        return self._taken.total()

    def give_back(self, brand_id: int) -> None:
        with self._lock:
            self._taken[brand_id] -= 1

    @contextmanager
    def held(self, brand_id: int) -> Iterator[None]:
        """Hold a slot until the block ends.

        Raises:
            TooManyStreams
        """
        self.take(brand_id)
        try:
            yield
        finally:
            self.give_back(brand_id)

    @contextmanager
    def waiting(self, brand_id: int) -> Iterator[threading.Event]:
        """Hold a slot until the block ends; set the yielded event if a stream needs the slot.

        Raises:
            TooManyStreams
        """
        needed = threading.Event()
        with self._lock:
            if self._is_full(brand_id):
                raise TooManyStreams
            self._taken[brand_id] += 1
            self._waits[brand_id].append(needed)
        try:
            yield needed
        finally:
            self._end(brand_id, needed)

    def _is_full(self, brand_id: int) -> bool:
        most = settings.STREAMS_AT_ONCE
        mine, most_of_one = self._taken[brand_id], max(1, most - 1)
        return bool(self._taken.total() >= most or mine >= most_of_one)

    def _has_made_room(self, brand_id: int) -> bool:
        if not (waits := self._waits[brand_id]):
            return False
        waits.pop(0).set()
        self._taken[brand_id] -= 1
        return True

    def _end(self, brand_id: int, needed: threading.Event) -> None:
        with self._lock:
            if not needed.is_set():
                self._waits[brand_id].remove(needed)
                self._taken[brand_id] -= 1


slots = StreamSlots()


class Streamed(StreamingHttpResponse):
    """Response of lines for as long as the client reads, in a slot of its brand.

    It ends when *key* is revoked or expires; the last line then says so.

    Raises:
        TooManyStreams
    """

    #: The web server has as many threads for streams as there are slots.
    has_place = True
    FORMS: ClassVar = {"ndjson": "application/x-ndjson", "csv": "text/csv; charset=utf-8"}
    #: The last line of a stream whose key is revoked or expired.
    KEY_ENDED: ClassVar = {
        "ndjson": b'{"error":{"code":"invalid_key","detail":"This key was revoked or expired."}}\n',
        "csv": b"error,invalid_key\r\n",
    }

    def __init__(self, pieces: Iterator[bytes], key: BrandKey, *, form: str = "ndjson") -> None:
        slots.take(key.brand.pk)
        self._leave = weakref.finalize(self, slots.give_back, key.brand.pk)  # runs only once
        super().__init__(self._while_usable(pieces, key, form), content_type=self.FORMS[form])

    def _while_usable(self, pieces: Iterator[bytes], key: BrandKey, form: str) -> Iterator[bytes]:
        """Yield each piece only if the key is still valid when the piece is ready."""
        for piece in pieces:
            if not credentials.is_key_still_usable(key, now=timezone.now()):
                yield self.KEY_ENDED[form]
                return
            yield piece

    def close(self) -> None:
        super().close()
        self._leave()
