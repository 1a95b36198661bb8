"""What a round's answers mean: for its events, for the cursor, for the endpoint. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db.models.functions import Now
from django.utils import timezone

from brands import retries
from brands.models import Outcome, Subscription
from brands.outbound import Answer
from brands.parcels import Item
from brands.sending import Round, Sending

#: How many requests at once an endpoint gets at most, and by how many more a good round tries it.
MAX_WIDTH, WIDER = 64, 2


@dataclass(frozen=True, slots=True)
class Refusal:
    """An event that steps aside, with the later ones of its person."""

    item: Item
    answer: Answer
    followers: Sequence[Item]
    #: Until it is tried again; None parks it.
    wait: timedelta | None


@dataclass(frozen=True, slots=True)
class Aftermath:
    """What is to be written down after a round."""

    passed: bool
    #: Sequences of what stood aside and has arrived.
    delivered_aside: Sequence[int]
    refusals: Sequence[Refusal]
    #: For the subscription's row.
    changes: dict[str, object]
    disabled_reason: str
    #: Whether the lease is to be let go, though there may be more to send.
    ends: bool

    @classmethod
    def of(cls, sending: Sending) -> Aftermath:
        round_ = sending.round
        delivered = _delivered(sending)
        refusals = list(_refusals(sending))
        stepped_aside = {each.item.subject for each in refusals}
        left = {
            item.sequence
            for item in round_.items
            if not item.set_aside and item.subject not in stepped_aside
        } - delivered
        health = _health(sending, suspects=any(each.wait is not None for each in refusals))
        return cls(
            passed=sending.passes > 0,
            delivered_aside=[
                i.sequence for i in round_.items if i.set_aside and i.sequence in delivered
            ],
            refusals=refusals,
            changes=place_after(round_, left=left) | health | {"width": _width(sending)},
            disabled_reason=_disabled_reason(sending),
            ends=sending.stopped or sending.throttled or sending.failure is not None,
        )


def _delivered(sending: Sending) -> set[int]:
    return {
        item.sequence
        for each in sending.tries
        if each.answer.outcome is Outcome.DELIVERED
        for item in each.parcel.items
    }


def _refusals(sending: Sending) -> Iterator[Refusal]:
    """Those refused, without the ones that ended the round: these tell of the endpoint."""
    for number, (item, answer) in enumerate(sending.refused):
        confirmed = number < sending.confirmed
        if confirmed or not sending.failure:
            followers = [
                each
                for each in sending.round.items
                if each.subject == item.subject and each.sequence > item.sequence
            ]
            wait = None if confirmed else retries.wait_after(item.refusals, answer)
            yield Refusal(item, answer, followers, wait)


def place_after(round_: Round, *, left: set[int]) -> dict[str, object]:
    """The cursor, and what needs no more work beyond it, where *left* still need some."""
    seen = [item.sequence for item in (*round_.items, *round_.held_up) if not item.set_aside]
    cursor = min(left) - 1 if left else round_.through
    done = {*seen, *round_.lease.subscription.ahead} - left
    return {"cursor": cursor, "ahead": sorted(each for each in done if each > cursor)}


def _health(sending: Sending, *, suspects: bool) -> dict[str, object]:
    """The count of failures in a row, and when to try again."""
    if sending.failure:
        changes, failures = _one_more_failure(sending)
        wait = retries.wait_after(failures, sending.failure)
        return changes | {"next_try_at": Now() + wait}
    if suspects:
        return _one_more_failure(sending)[0]
    changes = {"failures": 0, "failing_since": None} if sending.passes else {}
    return changes | ({"next_try_at": Now() + retries.BREATH} if sending.throttled else {})


def _one_more_failure(sending: Sending) -> tuple[dict[str, object], int]:
    """A pass in the same round breaks the row of failures before it."""
    subscription = sending.round.lease.subscription
    goes_on = subscription.failing_since is not None and not sending.passes
    before = subscription.failures if goes_on else 0
    since = subscription.failing_since if goes_on else timezone.now()
    return {"failures": before + 1, "failing_since": since}, before


def _disabled_reason(sending: Sending) -> str:
    if sending.gone:
        return "gone"
    since = sending.round.lease.subscription.failing_since
    if since is None or sending.passes or sending.failure is None:
        return ""
    return "failing" if timezone.now() - since > retries.GIVE_UP_AFTER else ""


def _width(sending: Sending) -> int:
    """How many requests at once the next round may make."""
    subscription: Subscription = sending.round.lease.subscription
    if subscription.failures:
        return subscription.width
    if sending.width < sending.first_width:
        return sending.width
    wider = sending.was_full and sending.is_clean
    return min(sending.first_width + WIDER, MAX_WIDTH) if wider else sending.first_width
