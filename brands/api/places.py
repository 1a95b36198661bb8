"""Places for answers that last as long as their client likes, or as nothing happens.

Each holds a thread of the web server until its end, and slow clients would hold them all. So a
process has fewer places than threads, and a brand never has the last of several.
"""

from __future__ import annotations

import threading
import weakref
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar

from django.conf import settings
from django.http import StreamingHttpResponse
from rest_framework.exceptions import APIException

from brands.models import Brand


class TooManyStreams(APIException):
    """Every place of this process, or of this brand in it, is taken."""

    status_code = 429
    default_code = "too_many_streams"
    default_detail = "Too many streams at once; try again soon."
    wait = 5  # seconds


class Places:
    def __init__(self) -> None:
        self._taken: Counter[int] = Counter()
        # Reentrant: an answer that nobody closed gives its place back when it is collected,
        # which may be while this very thread takes one.
        self._lock = threading.RLock()

    def take(self, brand_id: int) -> None:
        """Raises TooManyStreams."""
        most = settings.STREAMS_AT_ONCE
        with self._lock:
            if self._taken.total() >= most or self._taken[brand_id] >= max(1, most - 1):
                raise TooManyStreams
            self._taken[brand_id] += 1

    def give_back(self, brand_id: int) -> None:
        with self._lock:
            self._taken[brand_id] -= 1

    @contextmanager
    def held(self, brand_id: int) -> Iterator[None]:
        """A place for as long as the block runs. Raises TooManyStreams."""
        self.take(brand_id)
        try:
            yield
        finally:
            self.give_back(brand_id)


places = Places()


class Streamed(StreamingHttpResponse):
    """Lines for as long as the client reads them, in a place of its brand's.

    Raises:
        TooManyStreams
    """

    FORMS: ClassVar = {"ndjson": "application/x-ndjson", "csv": "text/csv; charset=utf-8"}

    def __init__(self, written: Iterator[bytes], brand: Brand, *, form: str = "ndjson") -> None:
        places.take(brand.pk)
        self._leave = weakref.finalize(self, places.give_back, brand.pk)  # runs only once
        super().__init__(written, content_type=self.FORMS[form])

    def close(self) -> None:
        super().close()
        self._leave()
