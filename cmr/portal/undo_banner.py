"""The message about what was just done, with its Undo and a field for a reason."""

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
from cmr.personal_data import NamedEntry
from cmr.portal import words
from consent import checks, preferences
from consent.brand_events import TAKES_AWAY
from consent.checks import Permission
from consent.decision import Scope
from consent.models import Explanation, LedgerEntry, Relationship

#: The number of brands that one choice can be about.
MOST = 500
#: Query parameters that say what was done.
OWN = ("done=", "n=", "undone=")


@dataclass(frozen=True, slots=True)
class Done:
    """The entries of one click. `undone` is true if they are themselves an Undo."""

    entries: Sequence[LedgerEntry]
    #: The first of them with its names, for the message.
    named: NamedEntry
    undone: bool
    explained: bool
    #: The brands that were allowed again but still have no consent to marketing by e-mail.
    without_yes: Sequence[Brand]
    #: The brands that are not connected, so they do not learn of it.
    not_connected: Sequence[Brand]

    @property
    def first(self) -> LedgerEntry:
        return self.entries[0]

    @property
    def more(self) -> int:
        """Return how many scopes were changed besides the first.

        Two entries on one scope are one change: after a refusal is cleared, a limit that stays in
        force is recorded again on the same scope.
        """
        return len({preferences.read_scope(entry) for entry in self.entries}) - 1

    @property
    def can_explain(self) -> bool:
        return not (self.undone or self.explained) and self.first.decision in TAKES_AWAY

    @property
    def reasons(self) -> list[tuple[str, str]]:
        """Return the reasons to offer; for a choice about every brand, none about one brand."""
        of_one = () if self.first.brand else ("too_many_from_brand", "no_longer_customer")
        return [(code, str(text)) for code, text in words.REASONS.items() if code not in of_one]

    @property
    def brands(self) -> int:
        return len({entry.brand_id for entry in self.entries})


def read_undo(request: HttpRequest, consumer: Consumer) -> Done | None:
    """Return what the page's URL says was done; None if it is invalid or another person's."""
    try:
        first, count = uuid.UUID(request.GET.get("done", "")), int(request.GET.get("n", "1"))
    except ValueError:
        return None
    entries = choices.find_batch(consumer, first, min(max(count, 1), MOST))
    if not entries:
        return None
    explained = bool(entries[0].reason) or Explanation.objects.filter(entry=entries[0]).exists()
    now, undone = timezone.now(), "undone" in request.GET
    without_yes = [] if undone else _find_without_yes(consumer, entries, now)
    named = personal_data.name_entries(entries[:1])[0]
    return Done(entries, named, undone, explained, without_yes, _find_not_connected(entries, now))


def _find_without_yes(
    consumer: Consumer, entries: Sequence[LedgerEntry], now: datetime
) -> list[Brand]:
    """Return the brands whose whole refusal or pause was removed and that still may not write."""
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
    """Redirect to the page that the person came from, which then says what was done."""
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
    """Return the path to go back to. It is always on this site."""
    wanted = request.POST.get("next", "")
    ours = url_has_allowed_host_and_scheme(wanted, allowed_hosts=None)
    return wanted if ours and wanted.startswith("/") else "/"
