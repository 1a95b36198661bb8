"""Answers that are written line by line, and how many of them a web process serves at once.

A stream has its thread for as long as the client likes. Fewer are let in than there are threads, so
that slow ones, or many, keep nobody from asking before a send.
"""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator

from django.conf import settings
from django.http import StreamingHttpResponse
from rest_framework.exceptions import APIException

MEDIA_TYPE = "application/x-ndjson"


class TooManyStreams(APIException):
    """This process serves as many streams as it may."""

    status_code = 503
    default_code = "too_many_streams"
    default_detail = "Too many streams are open here. Try again soon, or ask in batches."
    wait = 5  # seconds


def answer(lines: Generator[bytes, None, None]) -> StreamingHttpResponse:
    """The streaming answer that *lines* make.

    Raises:
        TooManyStreams: *lines* was not begun.
    """
    return StreamingHttpResponse(_Held(lines), content_type=MEDIA_TYPE)


class _Held:
    """The lines, with a place that is given back at their end or when the client is gone."""

    places = threading.BoundedSemaphore(settings.STREAMS_AT_ONCE)

    def __init__(self, lines: Generator[bytes, None, None]) -> None:
        if not self.places.acquire(blocking=False):
            raise TooManyStreams
        self.lines = lines
        self.is_open = True

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            return next(self.lines)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Django calls it however the answer ends; so does the end of the lines."""
        if self.is_open:
            self.is_open = False
            self.places.release()
            self.lines.close()
