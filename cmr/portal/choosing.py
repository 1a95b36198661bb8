"""Recording choices: one URL for every button that allows, refuses, limits or pauses."""

from __future__ import annotations

import calendar
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from cmr import choices
from cmr.choices import ChoiceRequest
from cmr.models import Consumer
from cmr.portal import listing, undo_banner, words
from cmr.portal.person import for_consumers
from consent import propagation, rules
from consent.decision import Limit
from consent.ledger import ChoiceTerms
from consent.models import LedgerEntry, Reason
from consent.rules import ScopeNames
from core.time import is_day_in_range, read_day

#: Buttons that clear earlier choices, and the decisions that each one clears.
TAKES_BACK: dict[str, Collection[str]] = {
    "allow": ("deny", "pause"),
    "unlimit": ("limit",),
}
#: Buttons that pause for a fixed time, in days and months.
PAUSES = {"pause-week": (7, 0), "pause-month": (0, 1), "pause-quarter": (0, 3)}
DECISIONS = ("grant", "deny", "pause", "limit", "clear", *TAKES_BACK, *PAUSES)
PER = ("day", "week", "month")
#: Parts of a button's value, decision:purpose:channel:topic:contact point. An empty part is any.
#: Example: `deny:marketing:email::` refuses marketing by e-mail, on any topic, to any address.
PARTS = 5
#: The end of the value of a button that is about everything.
WHOLE = "::::"
MOST_MESSAGES = 1_000


class InvalidChoice(ValueError):
    """The submitted choice is invalid. The text is shown to the person."""


class BadDay(InvalidChoice):
    """The end of the pause is missing or invalid."""


class BadNumber(InvalidChoice):
    """The number of messages is missing or invalid."""


#: The field that the page of a refusal asks for again.
ASKS: dict[type[Exception], str] = {BadDay: "day", BadNumber: "number"}
#: Fields that are entered again on that page.
TYPED = ("say", "until", "max", "per", "csrfmiddlewaretoken")
#: Exceptions that mean the choice is invalid.
REFUSED = (
    InvalidChoice,
    rules.UnknownName,
    rules.CannotBeRefused,
    rules.CannotBeLimited,
    rules.ChannelNotUsed,
    rules.TopicWithoutBrand,
)


@dataclass(frozen=True, slots=True)
class PressedButton:
    """A parsed button value."""

    decision: str
    names: ScopeNames


@require_POST
@for_consumers
def choose(request: HttpRequest, consumer: Consumer) -> HttpResponse:
    """Record the pressed button's choice, about the selected brands or about all brands."""
    try:
        entries = _record(request, consumer, timezone.now())
    except REFUSED as error:
        return refused(request, error)
    if not (clicked := _of_one_click(entries)):
        messages.info(request, words.ALREADY_SO)
    return undo_banner.back(request, clicked)


def _of_one_click(entries: Sequence[LedgerEntry]) -> list[LedgerEntry]:
    """Return the latest entries that one click recorded, which the page names and can undo.

    The other entries were in force before. A second click gets the entries of the first.
    """
    newest = max((entry.recorded_at for entry in entries), default=None)
    known = {entry.subject_seq: entry for entry in entries if entry.recorded_at == newest}
    together = [known[seq] for seq in sorted(known)]
    is_whole = not together or together[-1].subject_seq - together[0].subject_seq < len(together)
    return together if is_whole else []


def _record(request: HttpRequest, consumer: Consumer, now: datetime) -> list[LedgerEntry]:
    said, brands = _pressed(request, consumer)
    if kinds := TAKES_BACK.get(said[0].decision):
        places = [
            choices.resolve_scope(consumer, replace(each.names, brand=brand), decision="clear")
            for each in said
            for brand in brands
        ]
        return choices.clear_choices(consumer.subject_id, places, kinds, by="portal", now=now)
    wishes = [
        ChoiceRequest(replace(each.names, brand=brand), build_terms(request, each.decision, now))
        for each in said
        for brand in brands
    ]
    return choices.record_choices(consumer, wishes, by="portal", now=now)


def refused(request: HttpRequest, error: Exception) -> HttpResponse:
    """Say that nothing was recorded. Ask again for a day or a number that is wrong."""
    asks = ASKS.get(type(error), "")
    is_whole = request.POST.get("say", "").endswith(WHOLE)  # else its buttons would say more
    kept = [
        (name, value)
        for name, values in request.POST.lists()
        if name not in TYPED
        for value in values
    ]
    context = {"text": in_words(error), "asks": asks if is_whole else "", "kept": kept}
    return render(request, "cmr/refused.html", context, status=422)


def in_words(error: Exception) -> str:
    """Return what is wrong with a choice, in the reader's language."""
    if isinstance(error, InvalidChoice):
        return str(error)
    if isinstance(error, rules.CannotBeRefused):
        return _("Such messages cannot be refused.")
    if isinstance(error, rules.CannotBeLimited):
        return _("Such messages cannot be limited.")
    if isinstance(error, rules.ChannelNotUsed):
        return _("This use of your data has no channels.")
    return _("What this was about is no more. Load the page again.")


def _pressed(
    request: HttpRequest, consumer: Consumer
) -> tuple[list[PressedButton], Sequence[str | None]]:
    """Return the submitted choices, and the brands that they are about.

    Raises:
        InvalidChoice
    """
    if one := request.POST.get("one"):  # a row's own button, whatever is ticked
        decision, _colon, slug = one.partition(":")
        return [read_choice(f"{decision}::::")], [slug]
    said = [read_choice(value) for value in request.POST.getlist("say")]
    if not said:
        raise InvalidChoice(_("Nothing was chosen."))
    return said, read_brands(request, consumer)


def read_brands(request: HttpRequest, consumer: Consumer) -> Sequence[str | None]:
    """Return the slugs of the selected brands; None means any brand.

    Raises:
        InvalidChoice: too many brands are selected, or none although the form needs some.
    """
    slugs = [slug for slug in request.POST.getlist("brand") if slug]
    if "all" in request.POST:  # also those on the list's other pages
        slugs = listing.find_slugs(consumer, QueryDict(request.POST["all"]), now=timezone.now())
    if len(slugs) > listing.MOST_CHOSEN:  # a shorter list would drop an acknowledged no
        raise InvalidChoice(
            _("Select at most %(most)s brands at once.") % {"most": listing.MOST_CHOSEN}
        )
    if not slugs and "ticked" in request.POST:
        raise InvalidChoice(_("Select the brands first."))
    return [*dict.fromkeys(slugs)] or [None]


def read_choice(value: str) -> PressedButton:
    """Parse a button's value.

    Raises:
        InvalidChoice
    """
    decision, *parts = value.replace("\0", "")[:200].split(":")
    if decision not in DECISIONS or len(parts) != PARTS - 1:
        raise InvalidChoice(_("There is no such choice."))
    purpose, channel, topic, point = (part or None for part in parts)
    if point is not None and not (point.isascii() and point.isdigit()):
        raise InvalidChoice(_("There is no such choice."))
    names = ScopeNames(None, purpose, channel, topic, int(point[:18]) if point else None)
    return PressedButton(decision, names)


def build_terms(request: HttpRequest, decision: str, now: datetime) -> ChoiceTerms:
    """Return the terms of the choice, with the end of a pause or the numbers of a limit.

    Raises:
        BadDay, BadNumber
    """
    if decision in PAUSES:
        return ChoiceTerms("pause", until=_pause_from_today(*PAUSES[decision]))
    if decision == "pause":
        return ChoiceTerms("pause", until=_until(request, now))
    if decision == "limit":
        return ChoiceTerms("limit", limit=_limit(request))
    return ChoiceTerms(decision)  # type: ignore[arg-type]  # one of DECISIONS


def _until(request: HttpRequest, now: datetime) -> datetime:
    """Return the start of the entered day, in the person's time zone."""
    try:
        day = read_day(request.POST.get("until", ""))
    except ValueError as error:
        raise BadDay(_("Enter until which day.")) from error
    if not is_day_in_range(day):
        raise BadDay(_("A day lies between the years 1900 and 2199."))
    until = _begin_of(day)
    if until <= now:
        raise BadDay(_("The day has to lie ahead."))
    return until


def _begin_of(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))


def _pause_from_today(days: int, months: int) -> datetime:
    """Return the start of the day that many days and months ahead.

    In a shorter month it is the last day: one month from 31 January is 28 February.
    """
    today = timezone.localdate()
    years, month = divmod(today.month - 1 + months, 12)
    year, month = today.year + years, month + 1
    last = calendar.monthrange(year, month)[1]
    return _begin_of(date(year, month, min(today.day, last)) + timedelta(days))


def _limit(request: HttpRequest) -> Limit:
    number, per = request.POST.get("max", ""), request.POST.get("per", "")
    if (
        not (number.isascii() and number.isdigit() and 1 <= int(number[:6]) <= 1000)
        or per not in PER
    ):
        raise BadNumber(_("Enter how many messages at most: from 1 to 1000."))
    return Limit(int(number[:6]), per)


@require_POST
@for_consumers
def undo(request: HttpRequest, consumer: Consumer) -> HttpResponse:
    """Undo what one click did."""
    entries = _entries(request, consumer)
    try:
        undone = choices.undo_batch(consumer.subject_id, entries, by="portal", now=timezone.now())
    except choices.ChangedSince:
        messages.warning(request, _("You have changed this since, so it stays as it is."))
        return undo_banner.back(request, [])
    if not undone:
        messages.success(request, _("Undone. It is as it was before."))
    return undo_banner.back(request, undone, undone=True)


@require_POST
@for_consumers
def explain(request: HttpRequest, consumer: Consumer) -> HttpResponse:
    """Record the optional reason of a refusal."""
    reason = request.POST.get("reason", "")
    if reason not in Reason.values:
        return refused(request, InvalidChoice(_("There is no such reason.")))
    for entry in _entries(request, consumer):
        propagation.record_late_reason(entry, reason, now=timezone.now())
    messages.success(request, _("Thank you. Your reason was passed on."))
    return undo_banner.back(request, [])


def _entries(request: HttpRequest, consumer: Consumer) -> list[LedgerEntry]:
    try:
        first, count = uuid.UUID(request.POST.get("done", "")), int(request.POST.get("n", "1"))
    except ValueError as error:
        raise Http404 from error
    entries = choices.find_batch(consumer, first, min(max(count, 1), undo_banner.MOST))
    if not entries:
        raise Http404
    return entries


def mine(consumer: Consumer, entry_id: uuid.UUID) -> LedgerEntry:
    """Return an entry of the person's own history.

    Raises:
        Http404
    """
    rows = LedgerEntry.objects.of_person(consumer.subject_id)
    return get_object_or_404(rows.select_related("brand", "purpose", "subject"), pk=entry_id)
