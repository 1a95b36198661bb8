"""What a person said to all brands at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from brands.models import Purpose, Regime
from cmr.models import Consumer
from consent import preferences, resolution
from consent.resolution import Choice, Scope


@dataclass(frozen=True, slots=True)
class Switch:
    """One purpose, and what the person said about it to everybody: "grant", "deny" or nothing."""

    purpose: Purpose
    said: str


@dataclass(frozen=True, slots=True)
class Everywhere:
    """`said` is what stands about everything; `uses` reach nobody, `messages` do."""

    said: str
    paused_until: datetime | None
    messages: Sequence[Switch]
    uses: Sequence[Switch]

    @property
    def all_uses_refused(self) -> bool:
        return all(switch.said == "deny" for switch in self.uses)


def read(consumer: Consumer, *, now: datetime) -> Everywhere:
    """What stands of the person's own choices that name no brand, topic or channel."""
    said = resolution.in_force(preferences.of_subject(consumer.subject_id))
    mine = [choice for choice in said if choice.maker == "person"]
    optional = Purpose.objects.exclude(regime=Regime.REQUIRED).order_by("position")
    switches = [Switch(each, stands(mine, Scope(purpose=each.code), now)) for each in optional]
    return Everywhere(
        stands(mine, Scope(), now),
        paused_until(mine, Scope(), now),
        [switch for switch in switches if switch.purpose.has_channels],
        [switch for switch in switches if not switch.purpose.has_channels],
    )


def stands(said: Sequence[Choice], scope: Scope, now: datetime) -> str:
    """The newest yes or no that was said on exactly *scope* and still counts; else nothing."""
    spoken = [c for c in said if c.scope == scope and (c.decision == "deny" or c.permits(now))]
    newest = max(spoken, key=lambda choice: choice.age, default=None)
    return newest.decision if newest else ""


def paused_until(said: Sequence[Choice], scope: Scope, now: datetime) -> datetime | None:
    """The end of the pause that runs on exactly *scope*."""
    pauses = (c.until for c in said if c.scope == scope and c.decision == "pause")
    return max((until for until in pauses if until and until > now), default=None)
