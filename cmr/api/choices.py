"""API for consumers' choices: record them, list those in force, and read the history."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import get_language
from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from brands import catalogue
from brands.api.idempotency import repeatable
from brands.catalogue import NoticeRef
from cmr import choices, personal_data
from cmr.api.access import ConsumerView
from cmr.api.my_permission_requests import ShownData, notice_data
from cmr.api.scopes import ScopeReader
from cmr.choices import ChoiceRequest
from cmr.models import AccessToken, TokenScope
from cmr.personal_data import HistoryCursor
from consent import brand_events
from consent import preferences as standing
from consent.api import wire
from consent.decision import Choice, select_in_force
from consent.models import LedgerEntry
from core.api import Page, check_moment, cut_list, describe_list, read_cursor, write_cursor
from core.problem_details import Problem
from core.time import read_moment

MAX_CHOICES = 100
TAG = "consumer"


class HistoryEntry(wire.EntryData):
    before = serializers.CharField(
        allow_null=True, help_text="The previous decision with exactly this scope."
    )
    notice = ShownData(allow_null=True, help_text="The notice that you were shown.")
    evidence = serializers.CharField(
        allow_null=True, help_text="The brand's evidence, in its own words."
    )
    campaign = serializers.CharField(
        allow_null=True, help_text="The brand's campaign that this choice responds to, if known."
    )


HistoryList = describe_list(HistoryEntry)


class StandingData(serializers.Serializer[object]):
    entry = serializers.UUIDField()
    scope = wire.ScopeData()
    decision = serializers.CharField()
    until = serializers.DateTimeField(allow_null=True)
    limit = wire.LimitData(allow_null=True)
    expires_at = serializers.DateTimeField(allow_null=True)
    maker = serializers.CharField()
    made_at = serializers.DateTimeField()


StandingList = describe_list(StandingData)


ONE_OR_MANY = PolymorphicProxySerializer(
    component_name="ChoiceOrChoices",
    serializers=[wire.ChoiceField(), wire.ChoiceField(many=True)],
    resource_type_field_name=None,
    many=False,
)


class Choices(ConsumerView):
    needs = {"POST": TokenScope.LESS}

    @repeatable()
    @extend_schema(request=ONE_OR_MANY, responses={201: wire.EntryList}, tags=[TAG])
    def post(self, request: Request) -> Response:
        """Record one choice, or a list of up to 100.

        Either all choices are recorded or none. A token with the scope `less` may deny, pause and
        limit, but cannot shorten or loosen a restriction.
        """
        now = timezone.now()
        plain = wire.read_plain_choice(request.data)
        wishes = [_build_request(each) for each in ([plain] if plain else _validate(request, now))]
        entries = self._choose(wishes, now)
        shown = ScopeReader(
            self.consumer,
            [entry.brand_id for entry in entries],
            slugs={
                entry.brand_id: wish.names.brand
                for entry, wish in zip(entries, wishes, strict=True)
                if entry.brand_id is not None and wish.names.brand is not None
            },
        )
        return Response({"data": [wire.entry_data(e, shown.of_row) for e in entries]}, status=201)

    def _choose(self, wishes: list[ChoiceRequest], now: datetime) -> list[LedgerEntry]:
        token = self.request.auth
        may_all = not isinstance(token, AccessToken) or token.scope == TokenScope.FULL
        choose = choices.record_choices if may_all else choices.record_restrictions
        return choose(self.consumer, wishes, by="api", now=now)


def _validate(request: Request, now: datetime) -> Any:
    """Return the validated data of each choice in the body.

    Raises:
        ValidationError
    """
    many = isinstance(request.data, list)
    body = wire.ChoiceField(
        data=request.data if many else [request.data],
        many=True,
        allow_empty=False,
        max_length=MAX_CHOICES,  # type: ignore[call-arg]
        context={"now": now},
    )
    if not body.is_valid():
        errors = body.errors if many or not isinstance(body.errors, list) else body.errors[0]
        raise serializers.ValidationError(errors)
    return body.validated_data


def _build_request(data: Mapping[str, Any]) -> ChoiceRequest:
    return ChoiceRequest(wire.read_scope_names(data["scope"]), wire.read_terms(data))


class Preferences(ConsumerView):
    needs = {"GET": TokenScope.READ}
    queries = {"GET": Page}

    @extend_schema(responses=StandingList, tags=[TAG])
    def get(self, request: Request) -> Response:
        """List the choices in force, newest first: your own, and those that brands recorded."""
        now = timezone.now()
        said = select_in_force(standing.list_preferences(self.consumer.subject_id))
        current = (choice for choice in said if _is_current(choice, now))
        page, cursor = cut_list(current, self.query, key=_by_age, reverse=True)
        shown = ScopeReader(self.consumer, [choice.scope.brand for choice in page])
        return Response({"data": [standing_data(c, shown) for c in page], "next_cursor": cursor})


def _by_age(choice: Choice) -> str:
    """Return a text that sorts as `Choice.age` does."""
    made_at = choice.made_at.astimezone(UTC).isoformat(timespec="microseconds")
    return f"{made_at} {choice.seq:020}"


def _is_current(choice: Choice, now: Any) -> bool:
    return choice.decision == "limit" or choice.refuses(now) or choice.permits(now)


def standing_data(choice: Choice, shown: ScopeReader) -> dict[str, Any]:
    """Describe a choice in force to the person."""
    return {
        "entry": choice.entry,
        "scope": shown.of_scope(choice.scope),
        "decision": choice.decision,
        "until": choice.until,
        "limit": brand_events.describe_limit(choice.limit.max, choice.limit.per)
        if choice.limit
        else None,
        "expires_at": choice.expires_at,
        "maker": choice.maker,
        "made_at": choice.made_at,
    }


class History(ConsumerView):
    needs = {"GET": TokenScope.READ}
    queries = {"GET": Page}

    @extend_schema(responses=HistoryList, tags=[TAG])
    def get(self, request: Request) -> Response:
        """List all entries of your history, newest first, each with the previous decision."""
        limit, before = self.query["limit"], _place(self.query.get("cursor"))
        found = personal_data.list_changes(self.consumer.subject_id, before=before, limit=limit + 1)
        page = found[:limit]
        shown = ScopeReader(self.consumer, [each.brand_id for each in page])
        proofs = _read_proofs(page)
        data = [
            wire.entry_data(each, shown.of_row) | {"before": each.before or None} | proof
            for each, proof in zip(page, proofs, strict=True)
        ]
        more = len(found) > limit
        return Response({"data": data, "next_cursor": _cursor_of(page[-1]) if more else None})


def _read_proofs(page: Sequence[LedgerEntry]) -> list[dict[str, Any]]:
    """Return the notice, evidence and campaign that are kept for each entry."""
    named = [NoticeRef(each.brand_id, each.notice, each.recorded_at) for each in page]
    texts = catalogue.read_notices(named, language=get_language() or catalogue.COMMON_LANGUAGE)
    return [
        {
            "notice": notice_data(each.notice, texts.get(name)),
            "evidence": each.evidence or None,
            "campaign": each.campaign or None,
        }
        for each, name in zip(page, named, strict=True)
    ]


def _cursor_of(last: LedgerEntry) -> str:
    recorded_at, entry = HistoryCursor.from_entry(last)
    return write_cursor([recorded_at.isoformat(), entry])


def _place(cursor: str | None) -> HistoryCursor | None:
    if cursor is None:
        return None
    recorded_at, entry = read_cursor(cursor, 2)
    try:
        return HistoryCursor(check_moment(read_moment(recorded_at)), uuid.UUID(entry))
    except ValueError as error:
        raise Problem(
            422,
            "invalid_cursor",
            "Unknown cursor. Use `next_cursor` of the previous page.",
            "cursor",
        ) from error
