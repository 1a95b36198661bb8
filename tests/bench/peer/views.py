"""Preferences for the person, permissions for the brand."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from rest_framework.decorators import action
from rest_framework.mixins import ListModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.viewsets import GenericViewSet, ModelViewSet

from tests.bench.peer import tasks
from tests.bench.peer.models import Preference, PreferenceChange, Webhook
from tests.bench.peer.serializers import (
    BatchSerializer,
    PermissionSerializer,
    PreferenceSerializer,
    QuestionSerializer,
)


class PreferenceViewSet(ModelViewSet):
    """A person's preferences. Each change has an audit row and tells the brand's webhooks."""

    serializer_class = PreferenceSerializer
    http_method_names = ["get", "post", "put", "patch", "head", "options"]

    def get_queryset(self) -> QuerySet[Preference]:
        mine = Preference.objects.filter(person__user=self.request.user.pk)
        return mine.select_related("brand")

    @transaction.atomic
    def perform_create(self, serializer: BaseSerializer) -> None:
        self._note_change(serializer.save(person=self.request.user.person))

    @transaction.atomic
    def perform_update(self, serializer: BaseSerializer) -> None:
        self._note_change(serializer.save())

    def _note_change(self, preference: Preference) -> None:
        PreferenceChange.objects.create(
            preference=preference, user=self.request.user, allowed=preference.allowed
        )
        body = self.get_serializer(preference).data
        for webhook in Webhook.objects.filter(brand=preference.brand_id, enabled=True):
            transaction.on_commit(partial(tasks.post_change.delay, webhook.url, body))


class PermissionViewSet(ListModelMixin, GenericViewSet):
    """What persons allow the brand that asks."""

    serializer_class = PermissionSerializer

    def get_queryset(self) -> QuerySet[Preference]:
        mine = Preference.objects.filter(brand__user=self.request.user.pk)
        return mine.select_related("person")

    def filter_queryset(self, queryset: QuerySet[Preference]) -> QuerySet[Preference]:
        asked = _validate(QuestionSerializer(data=self.request.query_params))
        return queryset.filter(
            person__address=asked["address"], purpose=asked["purpose"], channel=asked["channel"]
        )

    @action(detail=False, methods=["post"])
    def batch(self, request: Request) -> Response:
        """Answer about many addresses at once. Those without a preference are left out."""
        asked = _validate(BatchSerializer(data=request.data))
        found = self.get_queryset().filter(
            person__address__in=asked["addresses"],
            purpose=asked["purpose"],
            channel=asked["channel"],
        )
        return Response(self.get_serializer(found, many=True).data)


def _validate(serializer: BaseSerializer) -> dict[str, Any]:
    """Return the validated data. Raises ValidationError."""
    serializer.is_valid(raise_exception=True)
    return serializer.validated_data
