"""The steps after the first sign-up: which one a person is at, so that they can go on later."""

from __future__ import annotations

from cmr.models import Consumer

#: The steps by their codes, in their order.
FIRST_DAY = ("you", "choices", "companies", "passkey")


def begin_first_day(consumer: Consumer) -> None:
    """Put a new account at the first step."""
    _go_to(consumer, FIRST_DAY[0])


def go_past_step(consumer: Consumer, step: str) -> str:
    """Put the person behind *step*, done or skipped. Return the next one; empty after the last.

    A step that is done once more later does not bring the steps after it back.
    """
    at = FIRST_DAY.index(step) + 1
    following = FIRST_DAY[at] if at < len(FIRST_DAY) else ""
    if consumer.setup_step == step:
        _go_to(consumer, following)
    return following


def _go_to(consumer: Consumer, step: str) -> None:
    consumer.setup_step = step
    consumer.save(update_fields=["setup_step"])
