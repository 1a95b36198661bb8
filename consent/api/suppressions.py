"""Suppression list: the people whom a brand must not contact, all or since a sequence."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from brands.api.access import BrandView, demand
from brands.api.stream_slots import Streamed
from consent import checks, identity
from consent.api import lists, wire
from consent.api.batches import read_question
from consent.checks import Suppression

People = Iterator[list[Suppression]]
COLUMNS = ["id", "ref", "allowed", "rule", "valid_until"]


class SuppressionQuery(lists.SinceQuery, wire.Matter):
    contact = serializers.ChoiceField(
        ["email", "phone"],
        required=False,
        help_text="Identify people by the SHA-256 of their addresses of this kind, if you know "
        "them. Requires a key with the scope `exports`.",
    )


class Suppressions(BrandView):
    scope = "check"
    queries = {"GET": SuppressionQuery}

    @extend_schema(responses=lists.RESPONSES, tags=["brand: checks"])
    def get(self, request: Request) -> Streamed:
        """List everyone with a relationship whom you must not contact for this purpose and channel.

        With `since`, only people with a change are listed, whether you may contact them or not. The
        header `X-Through-Sequence` is the `since` of your next call.
        """
        given = dict(self.query)
        since, form, kind = (given.pop(name, None) for name in ("since", "form", "contact"))
        asked = read_question(self.brand, given)
        if kind:
            demand(request, "exports")
            identity.check_hash_key()
        through = lists.through(self.brand, since=since)
        people = checks.iterate_suppressions(asked, since=since, kind=kind, now=timezone.now())
        lines = _csv(people, kind, since) if form == "csv" else _ndjson(people, kind)
        answer = lists.streamed(lines, self.key, form=form, through=through)
        if kind and form == "csv":
            answer["X-Without-Hash"] = str(identity.count_people_without_hash(self.brand.pk, kind))
        return answer


def _ndjson(people: People, kind: str | None) -> Iterator[bytes]:
    return lists.ndjson(people, partial(_line, hashed=kind is not None))


def _line(standing: Suppression, *, hashed: bool) -> dict[str, Any]:
    decision = standing.decision
    return {
        "subject": {"id": standing.id, "ref": standing.ref},
        **({"sha256": standing.sha256} if hashed else {}),
        "allowed": decision.allowed,
        "rule": decision.rule,
        "valid_until": decision.valid_until,
    }


def _csv(people: People, kind: str | None, since: int | None) -> Iterator[bytes]:
    """Yield the list as CSV. With a *kind*, only hashes, with the heading that ad platforms use."""
    if kind is None:
        return lists.csv(COLUMNS, people, _row)
    if since is None:
        return lists.csv([kind.title()], people, lambda each: zip(each.sha256))
    return lists.csv([kind.title(), "allowed"], people, _changed)


def _row(standing: Suppression) -> Iterator[list[Any]]:
    decision = standing.decision
    allowed = decision.allowed, decision.rule, decision.valid_until
    yield [standing.id, standing.ref, *allowed]


def _changed(standing: Suppression) -> Iterator[list[Any]]:
    for sha256 in standing.sha256:
        yield [sha256, standing.decision.allowed]
