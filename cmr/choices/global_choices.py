"""A person's choices about all brands at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from brands.models import Purpose, Regime
from cmr.models import Consumer
from consent import decision, preferences
from consent.decision import Choice, Scope


@dataclass(frozen=True, slots=True)
class Switch:
    """A purpose with the person's choice about it for all brands: "grant", "deny" or empty."""

    purpose: Purpose
    said: str


@dataclass(frozen=True, slots=True)
class GlobalChoices:
    """The choice about everything (`said`), and one switch for each optional purpose.

    `messages` are purposes with channels, `uses` those without.
    """

    said: str
    paused_until: datetime | None
    messages: Sequence[Switch]
    uses: Sequence[Switch]

    @property
    def all_uses_refused(self) -> bool:
        return all(switch.said == "deny" for switch in self.uses)


def read_global_choices(consumer: Consumer, *, now: datetime) -> GlobalChoices:
    """Return the person's own choices in force that name no brand, topic or channel."""
    said = decision.select_in_force(preferences.list_preferences(consumer.subject_id))
    mine = [choice for choice in said if choice.maker == "person"]
    optional = Purpose.objects.exclude(regime=Regime.REQUIRED).order_by("position")
    switches = [
        Switch(each, read_current_decision(mine, Scope(purpose=each.code), now))
        for each in optional
    ]
    return GlobalChoices(
        read_current_decision(mine, Scope(), now),
        find_pause_end(mine, Scope(), now),
        [switch for switch in switches if switch.purpose.has_channels],
        [switch for switch in switches if not switch.purpose.has_channels],
    )


def read_current_decision(said: Sequence[Choice], scope: Scope, now: datetime) -> str:
    """Return the newest grant or refusal in force on exactly *scope*; empty if there is none."""
    spoken = [c for c in said if c.scope == scope and (c.decision == "deny" or c.permits(now))]
    newest = max(spoken, key=lambda choice: choice.age, default=None)
    return newest.decision if newest else ""


def find_pause_end(said: Sequence[Choice], scope: Scope, now: datetime) -> datetime | None:
    """Return the end of the running pause on exactly *scope*; None if there is none."""
    pauses = (c.until for c in said if c.scope == scope and c.decision == "pause")
    return max((until for until in pauses if until and until > now), default=None)
