"""Campaigns of a brand, and reports."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any

from cmr_client.answers import Campaign, Day, Report, ReportedDay
from cmr_client.calls import Call, Step, drop_missing, get, json, pages, post, put
from cmr_client.transports import Group, Items, K, Operation, Steps


@dataclass(frozen=True, kw_only=True)
class _Changed:
    changed: int


class Campaigns(Group[K]):
    """Campaigns by your own codes, with daily statistics (docs/reports.md)."""

    @Operation
    def name(
        self,
        code: str,
        *,
        name: str | None = None,
        purpose: str | None = None,
        topic: str | None = None,
    ) -> Call[Campaign]:
        """Create a campaign. Creating it again has no effect."""
        said = drop_missing({"code": code, "name": name, "purpose": purpose, "topic": topic})
        return post("campaigns", Campaign, said, again=True)

    @Operation
    def get(self, code: str) -> Call[Campaign]:
        """Return one of your campaigns."""
        return get(f"campaigns/{code}", Campaign)

    def list(self) -> Items[Campaign, K]:
        """List your campaigns, newest first."""
        return Items(self._transport, pages("campaigns", Campaign))

    @Operation
    def report(self, code: str, days: Sequence[Day]) -> Steps[int]:
        """Report or correct days, all or none. Return how many changed."""
        return _changed(put(f"campaigns/{code}/stats", _Changed, {"days": days}))

    @Operation
    def report_csv(self, content: bytes) -> Steps[int]:
        """Report days of many campaigns as CSV.

        The headings are campaign, channel, day, sends, deliveries, responses and complaints.
        """
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
        """Return the daily statistics that you reported, newest day first."""
        return Items(self._transport, pages(f"campaigns/{code}/stats", ReportedDay))


def _changed(call: Call[_Changed]) -> Generator[Step, Any, int]:
    answer = yield from call
    return answer.changed


class Reports(Group[K]):
    """Reports with a brand's own numbers."""

    @Operation
    def own(self, *, weeks: int | None = None) -> Call[Report]:
        """Return your numbers in whole weeks, beside those of your sector."""
        return get("reports/own", Report, weeks=weeks)
