"""What was just done: said in words, with its Undo, and room for a reason."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme

from brands import workspaces
from brands.models import Brand
from cmr import choices, personal_data
from cmr.models import Consumer
from cmr.portal import words
from consent import checks, preferences
from consent.brand_events import TAKES_AWAY
from consent.checks import Permission
from consent.decision import Scope
from consent.models import Explanation, LedgerEntry, Relationship

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
    #: The brands that were allowed again, and that still have no yes to marketing by e-mail.
    without_yes: Sequence[Brand]
    #: The brands that do not hear of it.
    not_connected: Sequence[Brand]

    @property
    def first(self) -> LedgerEntry:
        return self.entries[0]

    @property
    def more(self) -> int:
        """Return how many scopes were changed beside the first.

        Two entries on one scope are one change: a limit that stays is recorded again after the no
        on the same scope is taken back.
        """
        return len({preferences.read_scope(entry) for entry in self.entries}) - 1

    @property
    def can_explain(self) -> bool:
        return not (self.undone or self.explained) and self.first.decision in TAKES_AWAY

    @property
    def reasons(self) -> list[tuple[str, str]]:
        """Return the reasons to choose from; what is about every brand has none of one brand's."""
        of_one = () if self.first.brand else ("too_many_from_brand", "no_longer_customer")
        return [(code, str(text)) for code, text in words.REASONS.items() if code not in of_one]

    @property
    def brands(self) -> int:
        return len({entry.brand_id for entry in self.entries})


def read_undo(request: HttpRequest, consumer: Consumer) -> Done | None:
    """What the address of the page says was done; nothing where that is not the person's."""
    try:
        first, count = uuid.UUID(request.GET.get("done", "")), int(request.GET.get("n", "1"))
    except ValueError:
        return None
    entries = choices.find_batch(consumer, first, min(max(count, 1), MOST))
    if not entries:
        return None
    personal_data.name_topics(entries)
    personal_data.name_addresses(entries)
    explained = bool(entries[0].reason) or Explanation.objects.filter(entry=entries[0]).exists()
    now, undone = timezone.now(), "undone" in request.GET
    without_yes = [] if undone else _find_without_yes(consumer, entries, now)
    return Done(entries, undone, explained, without_yes, _find_not_connected(entries, now))


def _find_without_yes(
    consumer: Consumer, entries: Sequence[LedgerEntry], now: datetime
) -> list[Brand]:
    """Return the brands whose whole no or pause was removed and which still may not write."""
    brands = {e.brand_id: e.brand for e in entries if e.brand and _allows_again(e)}
    mine = Relationship.objects.active().filter(person=consumer.subject_id, brand__in=brands)
    may = checks.list_brand_permissions(consumer.subject_id, list(mine), now=now)
    return [brands[pk] for pk, each in may.items() if any(map(_is_refused_mail, each))]


def _allows_again(entry: LedgerEntry) -> bool:
    return entry.decision == "clear" and preferences.read_scope(entry) == Scope(entry.brand_id)


def _is_refused_mail(one: Permission) -> bool:
    is_mail = (one.purpose, one.channel, one.topic) == ("marketing", "email", None)
    return is_mail and not one.decision.allowed


def _find_not_connected(entries: Sequence[LedgerEntry], now: datetime) -> list[Brand]:
    brands = {entry.brand.pk: entry.brand for entry in entries if entry.brand}
    connected = workspaces.find_connected_brands(brands, now=now)
    return [brand for pk, brand in brands.items() if pk not in connected]


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
