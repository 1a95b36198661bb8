"""Serializer of scopes for consumers' programs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any

from brands.models import Brand
from cmr.models import Consumer
from consent import preferences as standing
from consent.decision import Scope
from consent.models import LedgerEntry


class ScopeReader:
    """Serializer of scopes for a person: brands by slug, contact points by the ids they know."""

    def __init__(
        self,
        consumer: Consumer,
        brand_ids: Iterable[int | None],
        *,
        slugs: Mapping[int, str] | None = None,
    ) -> None:
        """Prepare to show scopes of these brands. Brands whose *slugs* are given cost no query."""
        self.slugs = dict(slugs or {})
        if unknown := {each for each in brand_ids if each is not None} - self.slugs.keys():
            found = Brand.objects.filter(pk__in=unknown)
            self.slugs.update(found.values_list("pk", "slug"))
        self.consumer = consumer

    @cached_property
    def points(self) -> dict[int, int]:
        """Contact points by identifier; loaded when a scope first names one."""
        return dict(self.consumer.contact_points.values_list("identifier_id", "pk"))

    def of_row(self, entry: LedgerEntry) -> dict[str, Any]:
        return self.of_scope(standing.read_scope(entry))

    def of_scope(self, scope: Scope) -> dict[str, Any]:
        named = scope.contact_point
        return {
            "brand": None if scope.brand is None else self.slugs[scope.brand],
            "purpose": scope.purpose,
            "channel": scope.channel,
            "topic": scope.topic,
            "contact_point": None if named is None else str(self.points.get(named, "removed")),
        }
