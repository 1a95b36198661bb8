"""What a brand sent, and what came of it."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any

from cmr_client.answers import Campaign, Day, Report, ReportedDay
from cmr_client.calls import Call, Step, get, given, json, pages, post, put
from cmr_client.transports import Group, Items, K, Operation, Steps


@dataclass(frozen=True, kw_only=True)
class _Changed:
    changed: int


class Campaigns(Group[K]):
    """Campaigns by your own codes, and the numbers of each day (docs/reports.md)."""

    @Operation
    def name(
        self,
        code: str,
        *,
        name: str | None = None,
        purpose: str | None = None,
        topic: str | None = None,
    ) -> Call[Campaign]:
        """Name one; the same again is no mistake."""
        said = given({"code": code, "name": name, "purpose": purpose, "topic": topic})
        return post("campaigns", Campaign, said, again=True)

    @Operation
    def get(self, code: str) -> Call[Campaign]:
        """One of yours."""
        return get(f"campaigns/{code}", Campaign)

    def list(self) -> Items[Campaign, K]:
        """All of yours, newest first."""
        return Items(self._transport, pages("campaigns", Campaign))

    @Operation
    def report(self, code: str, days: Sequence[Day]) -> Steps[int]:
        """Report days, or correct them: all or none. How many said anything new."""
        return _changed(put(f"campaigns/{code}/stats", _Changed, {"days": days}))

    @Operation
    def report_csv(self, content: bytes) -> Steps[int]:
        """The same of many campaigns: campaign, channel, day, sends, deliveries, responses,
        complaints."""
        return _changed(
            Call(
                method="PUT",
                path="campaigns/stats",
                read=json(_Changed),
                content=content,
                media="text/csv",
                again=True,
            )
        )

    def stats(self, code: str) -> Items[ReportedDay, K]:
        """What you reported, newest day first."""
        return Items(self._transport, pages(f"campaigns/{code}/stats", ReportedDay))


def _changed(call: Call[_Changed]) -> Generator[Step, Any, int]:
    answer = yield from call
    return answer.changed


class Reports(Group[K]):
    """A brand's own numbers."""

    @Operation
    def own(self, *, weeks: int | None = None) -> Call[Report]:
        """Whole weeks, beside the sector's."""
        return get("reports/own", Report, weeks=weeks)
