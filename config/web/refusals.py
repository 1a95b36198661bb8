"""Answers that the server gives without a view and without reading the body."""

from __future__ import annotations

from contextlib import suppress

from config import problems
from config.web.answers import AnswerSender, ClientStopped

CONTENT_TYPE = (b"content-type", problems.MEDIA_TYPE.encode())
CLOSE = (b"connection", b"close")


async def refuse_slow(sender: AnswerSender, request_id: str) -> None:
    """Answer 408.

    Raises:
        ClientStopped
    """
    detail = "The body came too slowly. Send it again over a faster connection."
    await _refuse(sender, request_id, 408, "body_too_slow", detail)


async def refuse_many(sender: AnswerSender, request_id: str) -> None:
    """Answer 429.

    Raises:
        ClientStopped
    """
    detail = "Too many unfinished requests from you. Send fewer at once."
    await _refuse(sender, request_id, 429, "too_many_bodies", detail)


async def refuse_headers(sender: AnswerSender, request_id: str) -> None:
    """Answer 431.

    Raises:
        ClientStopped
    """
    detail = "All headers together may have 32 kB. Send fewer, or delete old cookies."
    await _refuse(sender, request_id, 431, "headers_too_large", detail)


async def refuse_length(sender: AnswerSender, request_id: str) -> None:
    """Answer 400.

    Raises:
        ClientStopped
    """
    detail = "The Content-Length has too many digits."
    await _refuse(sender, request_id, 400, "bad_request", detail)


async def refuse_incomplete(sender: AnswerSender, request_id: str) -> None:
    """Answer 400, if the client is still connected."""
    detail = "The body ended before its Content-Length. Send the whole body."
    with suppress(ClientStopped):
        await _refuse(sender, request_id, 400, "incomplete_body", detail)


async def _refuse(
    sender: AnswerSender, request_id: str, status: int, code: str, detail: str
) -> None:
    headers = [CONTENT_TYPE, CLOSE, (b"x-request-id", request_id.encode())]
    if status == 429:
        headers.append((b"retry-after", b"5"))
    await sender.start(status, headers)
    await sender.send_whole(problems.build(status, code, detail, request_id=request_id))
