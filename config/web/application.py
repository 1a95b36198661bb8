"""The ASGI application, which runs Django's synchronous views."""

from __future__ import annotations

import asyncio
import io
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpResponseBase

from cmr.portal.long_requests import NO_ROOM
from config.web import bodies, refusals
from config.web.answers import PIECE, AnswerSender, ClientStopped, Headers, Send, send_from_thread
from config.web.bodies import Budget, Receive
from config.web.callers import find_caller
from config.web.calls import Call, Scope, begin_call
from config.web.environ import build_environ
from config.web.heads import UNREADABLE
from config.web.refused_callers import RefusedCallers
from config.web.requests import Request
from config.web.targets import BodyLimit
from config.web.threads import LongThreads, Threads

#: Bytes of all header names and values together; the web server's own limit is for its buffer.
MAX_HEADER_BYTES = 32_768


class Application:
    """An ASGI application around Django's handler."""

    def __init__(self, handler: WSGIHandler) -> None:
        self.handler = handler
        handler.request_class = Request
        self.budget = Budget(settings.MAX_BUFFERED_BYTES)
        self.refused_callers = RefusedCallers()
        self.threads = Threads(settings.WEB_THREADS, "request")
        self.long_threads = LongThreads(settings.MAILBOX_READS_AT_ONCE)
        #: Streams have their own threads, so that a slow reader occupies none of those above.
        #: Streams of brands have as many threads as places; other streams cannot use them up.
        self.brand_streams = ThreadPoolExecutor(settings.STREAMS_AT_ONCE, "brand-stream")
        self.streams = ThreadPoolExecutor(settings.WEB_THREADS, "stream")
        self.files = ThreadPoolExecutor(1, "file")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise ValueError(f"no application for {scope['type']}")
        call = begin_call(scope)
        sender = AnswerSender(send, idle_seconds=settings.CONNECTION_IDLE_SECONDS)
        try:
            await self._answer_present(call, receive, sender)
        except Exception:  # the server answers 500
            call.note(sender, failed=True)
            raise
        except BaseException:  # the server cancelled the task
            call.note(sender)
            raise
        call.note(sender)

    async def _answer_present(self, call: Call, receive: Receive, sender: AnswerSender) -> None:
        """Answer, unless the client disconnects."""
        try:
            await self._answer(call, receive, sender)
        except ClientStopped:
            pass
        except bodies.ClientGone:  # it may have closed only its sending side
            await refusals.refuse_incomplete(sender, call.head.request_id)

    async def _answer(self, call: Call, receive: Receive, sender: AnswerSender) -> None:
        head, limit = call.head, call.target.limit
        if head.size > MAX_HEADER_BYTES:
            await refusals.refuse_headers(sender, head.request_id)
            return
        if head.length == UNREADABLE:
            await refusals.refuse_length(sender, head.request_id)
            return
        if head.is_form and (seconds := self.refused_callers.wait_of(find_caller(call.scope))):
            await asyncio.sleep(seconds)
        if head.length == 0:
            await self._run(call, io.BytesIO(), sender)
        elif head.length is not None and head.length <= limit.whole:
            await self._answer_whole(call, receive, sender)
        elif limit.streams:
            await self._run(call, _stream_body(receive, limit), sender)
        else:  # Django refuses it by its headers alone
            await self._run(call, bodies.Unread(), sender)

    async def _answer_whole(self, call: Call, receive: Receive, sender: AnswerSender) -> None:
        """Read the body, and only then use a thread."""
        length = call.head.length or 0
        seconds = settings.BODY_SECONDS + length / settings.BODY_BYTES_PER_SECOND
        try:
            with self.budget.hold(find_caller(call.scope)) as count:
                body = await bodies.read_whole(receive, within=seconds, count=count)
                await self._run(call, io.BytesIO(body), sender)
        except bodies.BodyTooSlow:
            await refusals.refuse_slow(sender, call.head.request_id)
        except bodies.TooManyBodies:
            await refusals.refuse_many(sender, call.head.request_id)

    async def _run(self, call: Call, body: Any, sender: AnswerSender) -> None:
        environ = build_environ(call.scope, body, request_id=call.head.request_id)
        response, status, headers = await self._submit(call, environ)
        call.caller = getattr(response, "caller", "")
        if call.head.is_form:
            self.refused_callers.note(find_caller(call.scope), status)
        await _wait_until(getattr(response, "send_at", None))
        await sender.start(status, headers)
        if not response.streaming:
            await sender.send_whole(response.content)
        elif file := getattr(response, "file_to_stream", None):
            await self._send_file(response, file, sender)
        else:
            loop = asyncio.get_running_loop()
            pool = self.brand_streams if getattr(response, "has_place", False) else self.streams
            await loop.run_in_executor(pool, _send_stream, response, sender, loop)

    def _submit(self, call: Call, environ: dict[str, Any]) -> asyncio.Future[Any]:
        """Run Django in a thread: a long request in one of its own, while one is free."""
        if call.target.runs_long and call.method == "POST":
            running = self.long_threads.try_submit(partial(self._handle, environ))
            if running is not None:
                return running
            environ["wsgi.input"] = bodies.Unread()  # its view says at once that there is no room
            environ[NO_ROOM] = True
        return self.threads.submit(partial(self._handle, environ))

    async def _send_file(self, response: Any, file: Any, sender: AnswerSender) -> None:
        """Send a file. A thread is used while a piece is read, but not while it is sent."""
        loop = asyncio.get_running_loop()
        try:
            while piece := await loop.run_in_executor(self.files, file.read, PIECE):
                await sender.send_piece(piece)
            await sender.end()
        finally:
            response.close()

    def _handle(self, environ: dict[str, Any]) -> tuple[HttpResponseBase, int, Headers]:
        """Run Django, in a thread. A whole answer is closed here, where its connection is."""
        started: list[Any] = []
        response: Any = self.handler(environ, lambda *given: started.extend(given))  # type: ignore[arg-type]
        if not response.streaming:
            response.close()
        status, headers = started[0], started[1]
        return response, int(status[:3]), [_encode_header(*each) for each in headers]


def _stream_body(receive: Receive, limit: BodyLimit) -> bodies.BodyStream:
    """Return a body that is read in pieces.

    A body that could have been read whole has a minimum speed. Others have none, because their
    client may be waiting for answers.
    """
    speed = settings.BODY_BYTES_PER_SECOND if limit.whole else 0
    loop, idle = asyncio.get_running_loop(), settings.CONNECTION_IDLE_SECONDS
    return bodies.BodyStream(receive, loop, idle_seconds=idle, least_speed=speed)


def _encode_header(name: str, value: str) -> tuple[bytes, bytes]:
    return name.lower().encode("latin-1"), value.encode("latin-1")


def _send_stream(response: Any, sender: AnswerSender, loop: asyncio.AbstractEventLoop) -> None:
    """Send an answer in pieces, from a thread. Close it even if the client did not read it all."""
    try:
        send_from_thread(response, sender, loop)
    finally:
        response.close()


async def _wait_until(moment: float | None) -> None:
    """Wait until *moment* of `time.monotonic`, without using a thread."""
    if moment is not None:
        await asyncio.sleep(max(0.0, moment - time.monotonic()))
