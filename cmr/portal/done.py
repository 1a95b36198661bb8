"""What was just done: said in words, with its Undo, and room for a reason."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme

from cmr import history, undoing
from cmr.models import Consumer
from cmr.portal import words
from consent.models import Explanation, LedgerEntry
from consent.notices import TAKES_AWAY

#: A choice can be about so many brands at once.
MOST = 500
#: What of an address says what was done.
OWN = ("done=", "n=", "undone=")


@dataclass(frozen=True, slots=True)
class Done:
    """The entries of one click. `undone` when they are themselves an Undo."""

    entries: Sequence[LedgerEntry]
    undone: bool
    explained: bool

    @property
    def first(self) -> LedgerEntry:
        return self.entries[0]

    @property
    def can_explain(self) -> bool:
        return not (self.undone or self.explained) and self.first.decision in TAKES_AWAY

    @property
    def reasons(self) -> list[tuple[str, str]]:
        return [(code, str(text)) for code, text in words.REASONS.items()]

    @property
    def brands(self) -> int:
        return len({entry.brand_id for entry in self.entries})


def read(request: HttpRequest, consumer: Consumer) -> Done | None:
    """What the address of the page says was done; nothing where that is not the person's."""
    try:
        first, count = uuid.UUID(request.GET.get("done", "")), int(request.GET.get("n", "1"))
    except ValueError:
        return None
    entries = undoing.batch(consumer, first, min(max(count, 1), MOST))
    if not entries:
        return None
    history.name_topics(entries)
    history.name_addresses(entries)
    explained = bool(entries[0].reason) or Explanation.objects.filter(entry=entries[0]).exists()
    return Done(entries, "undone" in request.GET, explained)


def back(
    request: HttpRequest, entries: Sequence[LedgerEntry], *, undone: bool = False
) -> HttpResponse:
    """To the page the person came from, which then says what was done."""
    said: dict[str, str | int] = {}
    if entries:
        said = {"done": str(entries[0].pk), "n": len(entries)}
        said |= {"undone": 1} if undone else {}
    return to(request, said)


def to(request: HttpRequest, said: dict[str, str | int]) -> HttpResponse:
    place, _, query = _place(request).partition("?")
    kept = [each for each in query.split("&") if each and not each.startswith(OWN)]
    asked = "&".join([*kept, urlencode(said)]) if said else "&".join(kept)
    return redirect(f"{place}?{asked}" if asked else place)


def _place(request: HttpRequest) -> str:
    """Where to go back to: a page of ours, never another's."""
    wanted = request.POST.get("next", "")
    ours = url_has_allowed_host_and_scheme(wanted, allowed_hosts=None)
    return wanted if ours and wanted.startswith("/") else "/"
