"""Idempotency keys: a repeated POST with the same `Idempotency-Key` gets the first answer.

Note [Repeats]. The row of the key is inserted first, in the transaction of the whole call. A
simultaneous repeat waits for that row and then reads the answer. After a crash neither the row nor
the change exists. A refused call leaves no row, so it may be retried with the same key.

A call that also sends a message, or counts an attempt that must survive a rollback, cannot run in
one transaction. It first commits a row that claims the key; a repeat in the meantime is refused. If
the process dies, the claim expires after `LONGEST_CALL`, and the call is run again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial, wraps
from typing import Concatenate, ParamSpec, Protocol, TypeVar

import orjson
from django.core.exceptions import RequestDataTooBig
from django.db import transaction
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response

from brands import idempotency
from brands.idempotency import Owner
from brands.models import Repeat
from core.errors import DomainError
from core.json_bodies import JSONParser, TooLarge
from core.problem_details import Problem

KEY = "Idempotency-Key"
META_KEY = "HTTP_IDEMPOTENCY_KEY"
REPLAYED = "Idempotency-Replayed"
MOST = 200
HEADER = OpenApiParameter(
    KEY,
    {"type": "string", "minLength": 1, "maxLength": MOST},
    OpenApiParameter.HEADER,
    description="A repeat with the same key within a day has no effect and gets the same answer.",
)


class View(Protocol):
    @property
    def key_owner(self) -> Owner:
        """Return the owner of the caller's idempotency keys."""


V = TypeVar("V", bound=View)
P = ParamSpec("P")
Call = Callable[Concatenate[V, Request, P], Response]


def repeatable(
    *, in_transaction: bool = True, shows_secret: bool = False
) -> Callable[[Call[V, P]], Call[V, P]]:
    """Allow a POST to be repeated with an `Idempotency-Key`.

    Without *in_transaction* the call may send messages or count attempts: Note [Repeats]. If the
    answer *shows_secret*, it is repeated only for the same credential. Another credential of the
    same owner may have fewer rights, and the idempotency key could be guessed.
    """
    run = _run_in_transaction if in_transaction else _run_claimed

    def decorate(call: Call[V, P]) -> Call[V, P]:
        @wraps(call)
        def once(view: V, request: Request, /, *args: P.args, **kwargs: P.kwargs) -> Response:
            if (key := request._request.META.get(META_KEY)) is None:  # `headers` copies them all
                return call(view, request, *args, **kwargs)
            if not 0 < len(key) <= MOST or not key.isprintable():
                raise Problem(422, "invalid", f"Use 1 to {MOST} printable characters.", KEY)
            asked = _Asked(view.key_owner, key, _digest_request(request, shows_secret))
            return run(asked, partial(call, view, request, *args, **kwargs))

        once.is_repeatable = True  # type: ignore[attr-defined]  # read by `is_repeatable`
        return once

    return decorate


def is_repeatable(call: object) -> bool:
    """Return whether a view's method takes an `Idempotency-Key`."""
    return getattr(call, "is_repeatable", False)


@dataclass(frozen=True, slots=True)
class _Asked:
    owner: Owner
    key: str
    question: bytes

    def begin(self) -> tuple[Repeat, bool]:
        return idempotency.begin_call(
            self.owner, self.key, question=self.question, now=timezone.now()
        )


def _digest_request(request: Request, shows_secret: bool) -> bytes:
    try:
        body = request._request.body
    except RequestDataTooBig as error:
        raise TooLarge(JSONParser.limit()) from error
    bound = f"{getattr(request.auth, 'pk', '')}\n" if shows_secret else ""
    return hashlib.sha256(f"{request.method} {request.path}\n{bound}".encode() + body).digest()


def _run_in_transaction(asked: _Asked, call: Callable[[], Response]) -> Response:
    answered: Response | APIException | DomainError
    with transaction.atomic():
        row, is_new = asked.begin()
        if not is_new:
            return _answer_again(row, asked)
        try:
            answered = call()
        except (
            APIException,
            DomainError,
        ) as refused:  # its change is rolled back; its counts are kept
            answered = refused
            idempotency.drop_call(row)
        else:
            _keep(row, asked, answered)
    if not isinstance(answered, Response):
        raise answered
    return answered


def _run_claimed(asked: _Asked, call: Callable[[], Response]) -> Response:
    row, is_new = asked.begin()
    if not is_new:
        _check_question(row, asked)
        if not idempotency.take_over_call(row, now=timezone.now()):
            return _answer_again(row, asked)
    try:
        answered = call()
        _keep(row, asked, answered)
    except BaseException:
        idempotency.drop_call(row)
        raise
    return answered


def _check_question(row: Repeat, asked: _Asked) -> None:
    if not idempotency.is_question(bytes(row.asked), asked.owner, asked.question):
        detail = "This key was used for a different call. Use a new key for each call."
        raise Problem(422, "idempotency_key_reused", detail, KEY)


def _answer_again(row: Repeat, asked: _Asked) -> Response:
    _check_question(row, asked)
    if row.status is None:
        detail = "The first call with this key is still running. Try again in a moment."
        problem = Problem(409, "idempotency_key_in_use", detail, KEY)
        problem.wait = 1
        raise problem
    answer = orjson.loads(idempotency.open_answer(asked.owner, asked.key, bytes(row.answer)))
    headers = {REPLAYED: "true", "Cache-Control": "no-store"}
    return Response(answer, status=row.status, headers=headers)


def _keep(row: Repeat, asked: _Asked, answered: Response) -> None:
    answer = orjson.dumps(answered.data, default=str, option=orjson.OPT_UTC_Z)
    idempotency.store_answer(row, asked.key, answered.status_code, answer)
