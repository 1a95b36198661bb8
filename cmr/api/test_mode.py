"""Test mode: a test brand acts for the synthetic people that it created.

In live mode only people themselves can do these things; a live key gets 403 `test_only`.
"""

from __future__ import annotations

import uuid
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from brands.api.access import BrandView, HasScope
from brands.api.idempotency import repeatable
from cmr import permission_requests, test_mode
from cmr.models import Answer, PermissionRequest, TestMail
from cmr.test_mode import DOOR
from consent import relationships
from consent.api import wire
from consent.ledger import Actor, NewChoice
from consent.models import LedgerEntry, Relationship
from core.api import Page, StrictSerializer, answer_page, describe_list
from core.problem_details import Problem

TAG = "brand: test mode"


class PersonSays(wire.ChoiceField):
    contact = wire.ContactField()


class PersonEnds(StrictSerializer):
    contact = wire.ContactField()


class PersonAnswers(StrictSerializer):
    answer = serializers.ChoiceField(Answer.choices)


class TestMailData(serializers.Serializer[object]):
    subject = serializers.CharField()
    text = serializers.CharField()
    made_at = serializers.DateTimeField()


TestMailList = describe_list(TestMailData)


class Tests(BasePermission):
    def has_permission(self, request: Request, view: APIView) -> bool:
        assert isinstance(view, BrandView)
        if not view.brand.test:
            raise Problem(
                403,
                "test_only",
                "Only available with a test key. In live mode people act themselves.",
            )
        return True


class TestView(BrandView):
    scope = "relationships"
    permission_classes = (HasScope, Tests)


class Choices(TestView):
    @repeatable()
    @extend_schema(
        operation_id="test_choices", request=PersonSays, responses={201: wire.EntryList}, tags=[TAG]
    )
    def post(self, request: Request) -> Response:
        """Record a choice as if the person made it in the portal.

        You receive the same events as in live mode.
        """
        now = timezone.now()
        body = PersonSays(data=request.data, context={"now": now})
        body.is_valid(raise_exception=True)
        entry, relationship = self._record_choice(body.validated_data, now)
        return Response({"data": [wire.event_entry_data(entry, relationship)]}, status=201)

    def _record_choice(self, data: dict[str, Any], now: Any) -> tuple[LedgerEntry, Relationship]:
        contact = wire.build_contact(data["contact"], self.brand.namespace)
        scope = wire.own_scope(data["scope"], data["decision"], self.brand)
        choice = NewChoice(scope, wire.read_terms(data))
        return test_mode.record_test_choice(self.brand, contact, choice, now=now)


class End(TestView):
    @repeatable()
    @extend_schema(
        operation_id="test_end_relationship", request=PersonEnds, responses={204: None}, tags=[TAG]
    )
    def post(self, request: Request) -> Response:
        """End the relationship as if the person did it."""
        body = PersonEnds(data=request.data)
        body.is_valid(raise_exception=True)
        contact = wire.build_contact(body.validated_data["contact"], self.brand.namespace)
        known = relationships.find_relationship(self.brand.pk, contact)
        relationships.end_relationship(known, by=Actor(DOOR), now=timezone.now())
        return Response(status=204)


class AnswerRequest(TestView):
    scope = "ask"

    @repeatable()
    @extend_schema(
        operation_id="test_answer", request=PersonAnswers, responses={204: None}, tags=[TAG]
    )
    def post(self, request: Request, request_id: uuid.UUID) -> Response:
        """Answer your permission request as if the person did it."""
        body = PersonAnswers(data=request.data)
        body.is_valid(raise_exception=True)
        mine = PermissionRequest.objects.filter(relationship__brand=self.brand, pk=request_id)
        asked = mine.select_related("relationship__brand").first()
        if asked is None:
            raise Problem(404, "not_found", "No permission request with this id.")
        answer = Answer(body.validated_data["answer"])
        permission_requests.answer_request(asked, answer, by=DOOR, now=timezone.now())
        return Response(status=204)


class Mails(TestView):
    scope = "ask"
    queries = {"GET": Page}

    @extend_schema(operation_id="test_mails", responses=TestMailList, tags=[TAG])
    def get(self, request: Request) -> Response:
        """List the mails that people would have received, newest first."""
        mine = TestMail.objects.filter(brand=self.brand)
        return answer_page(mine, self.query, by=["-pk"], write=_mail_data)


def _mail_data(mail: TestMail) -> dict[str, Any]:
    return {"subject": mail.subject, "text": mail.text, "made_at": mail.made_at}
