"""Requests that may run for minutes: each person has one at a time, and a process only a few."""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from typing import Concatenate, ParamSpec

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from cmr.models import Consumer
from cmr.portal.person import for_consumers
from core import db

#: In `request.META` if the web server has no thread left for a long request.
NO_ROOM = "cmr.no_room"
#: The advisory locks of persons whose mailbox is being read. It separates them from other locks.
MAILBOX_LOCKS = 0x6D61696C
MOST_LOCKS = 2**31 - 1

Params = ParamSpec("Params")
View = Callable[Concatenate[HttpRequest, Consumer, Params], HttpResponse]


def one_at_a_time(view: View[Params]) -> Callable[Concatenate[HttpRequest, Params], HttpResponse]:
    """Require a signed-in consumer, of whom no other long request runs, in any process.

    The web server runs such a view in a thread of its own (`config.web.threads.LongThreads`).
    """

    def run_alone(
        request: HttpRequest,
        consumer: Consumer,
        /,
        *args: Params.args,
        **kwargs: Params.kwargs,
    ) -> HttpResponse:
        if NO_ROOM in request.META:
            return _refuse(request, _("Too many mailboxes are being read. Try again in a minute."))
        with db.try_lock(MAILBOX_LOCKS, consumer.pk % MOST_LOCKS) as is_free:
            if not is_free:
                return _refuse(request, _("Your mailbox is being read already. Wait for its end."))
            return view(request, consumer, *args, **kwargs)

    guarded_view = for_consumers(update_wrapper(run_alone, view))
    guarded_view.runs_long = True  # type: ignore[attr-defined]
    return guarded_view


def _refuse(request: HttpRequest, problem: str) -> HttpResponse:
    messages.error(request, problem)
    return redirect("find-companies")
