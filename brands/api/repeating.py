"""`Idempotency-Key`: a call that is repeated with its key is answered as it was the first time.

Note [Repeats]. The key's row is written first, in the transaction of all that the call does: a
repeat at the same moment waits for it and reads the answer, and after a crash neither the row nor
the change is there. What was refused leaves no row, so it may be tried again with the same key.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import wraps
from typing import Any

import orjson
from django.core.exceptions import RequestDataTooBig
from django.db import transaction
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response

from brands import repeats
from brands.api.access import BrandView
from brands.models import Repeat
from brands.wire import JSONParser, Problem, TooLarge

KEY = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
MOST = 200
HEADER = OpenApiParameter(
    KEY,
    {"type": "string", "minLength": 1, "maxLength": MOST},
    OpenApiParameter.HEADER,
    description="For a day, a repeat with the same key does nothing and gets the same answer.",
)

Call = Callable[..., Response]


def repeatable(call: Call) -> Call:
    """A POST of a `BrandView` that may be repeated."""

    @wraps(call)
    def once(view: BrandView, request: Request, *args: Any, **kwargs: Any) -> Response:
        if (key := request.headers.get(KEY)) is None:
            return call(view, request, *args, **kwargs)
        if not 0 < len(key) <= MOST or not key.isprintable():
            raise Problem(422, "invalid", f"1 to {MOST} printable characters.", KEY)
        brand_id = view.brand.pk
        asked = repeats.digest_question(brand_id, _asked(request))
        answered: Response | APIException
        with transaction.atomic():
            row, is_new = Repeat.objects.get_or_create(
                brand=view.brand,
                key=repeats.digest_key(brand_id, key),
                defaults={"asked": asked, "made_at": timezone.now()},
            )
            if not is_new:
                return _again(row, key, asked)
            try:
                answered = call(view, request, *args, **kwargs)
            except APIException as refused:  # its own change is undone; what it counted is not
                answered = refused
                row.delete()
            else:
                _keep(row, key, answered)
        if isinstance(answered, APIException):
            raise answered
        return answered

    return once


def _asked(request: Request) -> bytes:
    try:
        body = request._request.body
    except RequestDataTooBig as error:
        raise TooLarge(JSONParser.limit()) from error
    return hashlib.sha256(f"{request.method} {request.path}\n".encode() + body).digest()


def _again(row: Repeat, key: str, asked: bytes) -> Response:
    if bytes(row.asked) != asked:
        detail = "This key came with another call before."
        raise Problem(422, "idempotency_key_reused", detail, KEY)
    answer = orjson.loads(repeats.open_answer(row.brand_id, key, bytes(row.answer)))
    return Response(answer, status=row.status, headers={REPLAYED: "true"})


def _keep(row: Repeat, key: str, answered: Response) -> None:
    answer = orjson.dumps(answered.data, default=str, option=orjson.OPT_UTC_Z)
    row.status = answered.status_code
    row.answer = repeats.seal_answer(row.brand_id, key, answer)
    row.save(update_fields=["status", "answer"])
