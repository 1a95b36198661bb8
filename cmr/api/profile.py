"""API for the consumer's own profile: address, place of residence, quiet hours, deletion."""

from __future__ import annotations

from datetime import time
from typing import Any

from django.conf import settings
from django.db import transaction
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from cmr import personal_data
from cmr.api.access import FRESH_SESSION, ConsumerView
from cmr.models import Consumer, TokenScope
from consent import ledger, relationships
from consent.models import Subject
from consent.relationships import SettingsChange
from core import api
from core.api import StrictSerializer

FORMAT = "%H:%M"
TAG = "consumer"


@extend_schema_field({"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$"})
class WallTime(serializers.TimeField):
    """Hours and minutes of a wall clock, without time zone."""

    def __init__(self) -> None:
        super().__init__(format=FORMAT, input_formats=[FORMAT])


class QuietHoursField(StrictSerializer):
    start = WallTime()
    end = WallTime()


class ProfileData(serializers.Serializer[object]):
    email = serializers.CharField()
    jurisdiction = serializers.CharField(
        allow_null=True, help_text="Your place of residence; null if you have not given one."
    )
    time_zone = serializers.CharField(allow_null=True, help_text="Null means unknown; UTC is used.")
    quiet_hours = QuietHoursField(allow_null=True)
    language = serializers.CharField(
        allow_null=True, help_text="Null means the language of the browser."
    )


class ProfileChange(StrictSerializer):
    jurisdiction = serializers.CharField(
        required=False, allow_null=True, max_length=40, help_text="Such as DE or US-CA (ISO 3166)."
    )
    time_zone = serializers.CharField(
        required=False, allow_null=True, max_length=40, help_text="Such as Europe/Berlin."
    )
    quiet_hours = QuietHoursField(
        required=False, allow_null=True, help_text="The end may be on the next day."
    )
    language = serializers.ChoiceField(settings.LANGUAGES, required=False, allow_null=True)


class ErasureQuery(StrictSerializer):
    brands = serializers.ChoiceField(
        ["keep", "stop"],
        default="keep",
        help_text="With `stop`, first say no to everything of every brand.",
    )


class Profile(ConsumerView):
    needs = {"GET": TokenScope.READ, "PATCH": TokenScope.FULL, "DELETE": FRESH_SESSION}
    queries = {"DELETE": ErasureQuery}

    @extend_schema(parameters=[api.IF_NONE_MATCH, api.ETAG], responses=ProfileData, tags=[TAG])
    def get(self, request: Request) -> Response:
        """Retrieve your profile."""
        return api.answer_unless_unchanged(request, _data(self.consumer, self.consumer.subject))

    @extend_schema(
        parameters=[api.IF_MATCH, api.ETAG],
        request=ProfileChange,
        responses=ProfileData,
        tags=[TAG],
    )
    def patch(self, request: Request) -> Response:
        """Change your profile.

        Fields that are left out keep their value. Null removes a value.
        """
        body = ProfileChange(data=request.data)
        body.is_valid(raise_exception=True)
        with transaction.atomic():
            consumer = self._unchanged(request)
            subject = relationships.change_settings(
                consumer.subject_id, _changes(body.validated_data), now=timezone.now()
            )
            if "language" in body.validated_data:
                consumer.language = body.validated_data["language"] or ""
                consumer.save(update_fields=["language"])
        data = _data(consumer, subject)
        return Response(data, headers={"ETag": api.compute_etag(data)})

    @extend_schema(parameters=[api.IF_MATCH], responses={204: None}, tags=[TAG])
    def delete(self, request: Request) -> Response:
        """Delete your account: addresses, tokens, and everything that identifies you.

        Your choices remain in force for every brand that still has your address. The only owner of
        a workspace cannot be deleted (409).
        """
        first_stop = self.query["brands"] == "stop"
        now = timezone.now()
        with transaction.atomic():
            consumer = self._unchanged(request)
            personal_data.erase_account(consumer, first_stop=first_stop, by="api", now=now)
        return Response(status=204)

    def _unchanged(self, request: Request) -> Consumer:
        """Lock and return the person, if they have not changed since the caller read them."""
        subject = ledger.lock_subject(self.consumer.subject_id)
        locked = Consumer.objects.select_for_update(of=("self",))
        consumer = get_object_or_404(locked, pk=self.consumer.pk)  # 404 if it was just erased
        api.check_if_match(request, _data(consumer, subject))
        return consumer


def _data(consumer: Consumer, subject: Subject) -> dict[str, Any]:
    return {
        "email": consumer.user.email,
        "jurisdiction": subject.jurisdiction,
        "time_zone": subject.time_zone or None,
        "quiet_hours": _hours(subject.quiet_start, subject.quiet_end),
        "language": consumer.language or None,
    }


def _changes(given: dict[str, Any]) -> SettingsChange:
    changes = SettingsChange()
    if "jurisdiction" in given:
        changes["jurisdiction"] = given["jurisdiction"]
    if "time_zone" in given:
        changes["time_zone"] = given["time_zone"] or ""
    if "quiet_hours" in given:
        hours = given["quiet_hours"]
        changes["quiet_hours"] = (hours["start"], hours["end"]) if hours else None
    return changes


def _hours(start: time | None, end: time | None) -> dict[str, str] | None:
    if start is None or end is None:
        return None
    return {"start": start.strftime(FORMAT), "end": end.strftime(FORMAT)}
