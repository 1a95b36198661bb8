"""The list of those who may not be reached, whole or since a sequence."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from brands import stream
from brands.api.access import BrandView
from brands.api.places import Streamed
from consent import suppressions
from consent.api import wire
from consent.api.batches import OPTIONS, look_at_connection_again, question_of
from consent.suppressions import Standing


class SuppressionQuery(wire.Matter):
    since = serializers.IntegerField(
        required=False,
        min_value=0,
        max_value=2**63 - 1,
        help_text="Only those about whom you were told anything after this sequence.",
    )


class Suppressions(BrandView):
    scope = "check"

    @extend_schema(
        parameters=[SuppressionQuery],
        responses={
            (200, "application/x-ndjson"): OpenApiResponse(OpenApiTypes.STR, "A person a line")
        },
        tags=["brand: checks"],
    )
    def get(self, request: Request) -> Streamed:
        """Everyone with a relationship whom you may not reach for this purpose and channel.

        With `since`, those who changed, whether they may be reached or not. The header
        `X-Through-Sequence` says what to give as `since` the next time.
        """
        query = SuppressionQuery(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        since = query.validated_data.pop("since", None)
        question = question_of(self.brand, query.validated_data)
        now = timezone.now()
        # Read before the list: what comes in meanwhile is in the next delta, rather than in none.
        through = stream.last_sequence(self.brand.pk)
        batches = (
            suppressions.everyone(question, now=now)
            if since is None
            else suppressions.changed(question, since=since, now=now)
        )
        answer = Streamed(_written(batches), self.brand)
        answer["X-Through-Sequence"] = str(through)
        return answer


def _written(batches: Iterator[list[Standing]]) -> Iterator[bytes]:
    for batch in batches:
        look_at_connection_again()
        yield b"".join(orjson.dumps(_line(each), option=OPTIONS) for each in batch)


def _line(standing: Standing) -> dict[str, Any]:
    decision = standing.decision
    return {
        "subject": {"id": standing.id, "ref": standing.ref},
        "allowed": decision.allowed,
        "rule": decision.rule,
        "valid_until": decision.valid_until,
    }
