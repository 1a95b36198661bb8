"""Places for answers that last as long as their client likes, or as nothing happens.

Each holds a thread until its end: a list or a stream one of those that send streams, a call that
waits and a part of an import that is still arriving one of those that run requests. Slow clients
would hold them all. So a process has fewer places than threads, and a brand never has the last of
several.
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
    """Every place of this process, or of this brand in it, is taken."""

    status_code = 429
    default_code = "too_many_streams"
    default_detail = "Too many streams at once; try again soon."
    wait = 5  # seconds


class Places:
    def __init__(self) -> None:
        self._taken: Counter[int] = Counter()
        #: Of each brand the calls that only wait, oldest first; set, one is to end.
        self._waits: defaultdict[int, list[threading.Event]] = defaultdict(list)
        # Reentrant: an answer that nobody closed gives its place back when it is collected,
        # which may be while this very thread takes one.
        self._lock = threading.RLock()

    def take(self, brand_id: int) -> None:
        """A place for a stream; a call of the same brand that only waits makes room for it.

        Raises:
            TooManyStreams
        """
        with self._lock:
            if self._is_full(brand_id) and not self._has_made_room(brand_id):
                raise TooManyStreams
            self._taken[brand_id] += 1

    def count_taken(self) -> int:
        """Return how many places of this process are taken."""
        return self._taken.total()

    def give_back(self, brand_id: int) -> None:
        with self._lock:
            self._taken[brand_id] -= 1

    @contextmanager
    def held(self, brand_id: int) -> Iterator[None]:
        """Hold a place until the block ends. Raises TooManyStreams."""
        self.take(brand_id)
        try:
            yield
        finally:
            self.give_back(brand_id)

    @contextmanager
    def waiting(self, brand_id: int) -> Iterator[threading.Event]:
        """A place until the block ends, or until what is yielded is set: a stream needs it.

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


places = Places()


class Streamed(StreamingHttpResponse):
    """Lines for as long as the client reads them, in a place of its brand's.

    It ends when *key* is revoked or expires; a last line says so.

    Raises:
        TooManyStreams
    """

    #: The web server's side has as many threads for these as there are places.
    has_place = True
    FORMS: ClassVar = {"ndjson": "application/x-ndjson", "csv": "text/csv; charset=utf-8"}
    #: The last line of a stream whose key was revoked or has expired.
    KEY_ENDED: ClassVar = {
        "ndjson": b'{"error":{"code":"invalid_key","detail":"This key was revoked or expired."}}\n',
        "csv": b"error,invalid_key\r\n",
    }

    def __init__(self, pieces: Iterator[bytes], key: BrandKey, *, form: str = "ndjson") -> None:
        places.take(key.brand.pk)
        self._leave = weakref.finalize(self, places.give_back, key.brand.pk)  # runs only once
        super().__init__(self._while_usable(pieces, key, form), content_type=self.FORMS[form])

    def _while_usable(self, pieces: Iterator[bytes], key: BrandKey, form: str) -> Iterator[bytes]:
        """Yield each piece only if the key may still be used when it is ready."""
        for piece in pieces:
            if not credentials.is_key_still_usable(key, now=timezone.now()):
                yield self.KEY_ENDED[form]
                return
            yield piece

    def close(self) -> None:
        super().close()
        self._leave()
