"""Catalogue of a brand: purposes with their regimes, topics, and privacy notices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from brands import catalogue
from brands.api.access import BrandView
from brands.api.idempotency import repeatable
from brands.catalogue import NoticeVersion
from brands.models import Channel, Purpose, Regime, Topic
from core.api import Page, StrictSerializer, answer_page, cut_list, describe_list
from core.problem_details import Problem
from core.text import check_name

TAG = "brand: catalogue"


class JurisdictionRegimeData(serializers.Serializer[object]):
    jurisdiction = serializers.CharField(help_text="ISO 3166-1 alpha-2 or ISO 3166-2.")
    channel = serializers.ChoiceField(
        Channel.choices, allow_null=True, help_text="Null means any channel."
    )
    regime = serializers.ChoiceField(Regime.choices)
    law = serializers.CharField()


class PurposeData(serializers.Serializer[object]):
    code = serializers.CharField()
    name = serializers.CharField()
    description = serializers.CharField()
    regime = serializers.ChoiceField(Regime.choices)
    regimes = JurisdictionRegimeData(
        many=True,
        help_text="Exceptions to `regime` by jurisdiction and channel. The most specific one "
        "applies; jurisdiction outranks channel.",
    )
    dpv = serializers.CharField(help_text="Term of the W3C Data Privacy Vocabulary.")
    channels = serializers.ListField(child=serializers.ChoiceField(Channel.choices))


PurposeList = describe_list(PurposeData)


class TopicData(serializers.Serializer[object]):
    code = serializers.CharField()
    name = serializers.CharField()
    purpose = serializers.CharField()
    retired_at = serializers.DateTimeField(allow_null=True)


class TopicRequest(StrictSerializer):
    code = serializers.SlugField(
        max_length=60, help_text="Your own code. Choices and checks refer to the topic by it."
    )
    name = serializers.CharField(
        max_length=100, help_text="The name that people see.", validators=[check_name]
    )
    purpose = serializers.CharField(max_length=40)


class TopicName(StrictSerializer):
    name = serializers.CharField(
        max_length=100, help_text="The name that people see.", validators=[check_name]
    )


class NoticeData(serializers.Serializer[object]):
    code = serializers.CharField()
    version = serializers.IntegerField(help_text="The current version: 1, 2, 3, …")
    languages = serializers.ListField(child=serializers.CharField())
    created_at = serializers.DateTimeField()


class NoticeTexts(serializers.Serializer[object]):
    code = serializers.CharField()
    version = serializers.IntegerField()
    texts = serializers.DictField(child=serializers.CharField(), help_text="Texts by language.")
    created_at = serializers.DateTimeField()


class NoticeHistory(serializers.Serializer[object]):
    code = serializers.CharField()
    versions = NoticeTexts(many=True, help_text="All versions, newest first.")


class NoticeRequest(StrictSerializer):
    texts = serializers.DictField(
        child=serializers.CharField(max_length=catalogue.LONGEST_NOTICE),
        allow_empty=False,
        help_text="Texts by language tag, such as `en` or `pt-BR`.",
    )


TopicList, NoticeList = describe_list(TopicData), describe_list(NoticeData)


class Purposes(BrandView):
    scope = "check"
    queries = {"GET": Page}

    @extend_schema(responses=PurposeList, tags=[TAG])
    def get(self, request: Request) -> Response:
        """List all purposes, with their regimes.

        The regime is what applies while a person has made no choice.
        """
        return answer_purposes(self.query)


def answer_purposes(query: Mapping[str, Any]) -> Response:
    """Return a page of all purposes, as brands and people see them."""
    rows = Purpose.objects.prefetch_related("regimes")
    return answer_page(rows, query, by=["position", "pk"], write=_purpose)


def _purpose(purpose: Purpose) -> dict[str, Any]:
    return {
        "code": purpose.code,
        "name": purpose.name,
        "description": purpose.description,
        "regime": purpose.regime,
        "regimes": _list_regimes(purpose),
        "dpv": purpose.dpv,
        "channels": Channel.values if purpose.has_channels else [],
    }


def _list_regimes(purpose: Purpose) -> list[dict[str, Any]]:
    """Return the regimes that differ by jurisdiction. A required purpose has none."""
    if purpose.regime == Regime.REQUIRED:
        return []
    rows = sorted(purpose.regimes.all(), key=lambda row: (row.jurisdiction, row.channel or ""))
    return [
        {
            "jurisdiction": row.jurisdiction,
            "channel": row.channel,
            "regime": row.regime,
            "law": row.law,
        }
        for row in rows
    ]


class Topics(BrandView):
    scope, scope_to_write = "check", "catalogue"
    queries = {"GET": Page}

    @extend_schema(operation_id="brand_topics_list", responses=TopicList, tags=[TAG])
    def get(self, request: Request) -> Response:
        """List your topics, including retired ones."""
        rows = Topic.objects.filter(brand=self.brand)
        return answer_page(rows, self.query, by=["code"], write=_topic)

    @repeatable()
    @extend_schema(request=TopicRequest, responses={200: TopicData, 201: TopicData}, tags=[TAG])
    def post(self, request: Request) -> Response:
        """Create a topic.

        Creating the same topic again returns it (200) and restores it if it was retired.
        """
        body = TopicRequest(data=request.data)
        body.is_valid(raise_exception=True)
        topic, is_new = catalogue.create_topic(self.brand, **body.validated_data)
        return Response(_topic(topic), status=201 if is_new else 200)


class OneTopic(BrandView):
    scope = "catalogue"

    def topic(self, code: str) -> Topic:
        topic = Topic.objects.filter(brand=self.brand, code=code).first()
        if topic is None:
            raise Problem(404, "not_found", "No topic with this code.")
        return topic

    @extend_schema(request=TopicName, responses=TopicData, tags=[TAG])
    def put(self, request: Request, code: str) -> Response:
        """Rename a topic.

        Its purpose cannot change, because people's choices refer to it.
        """
        body = TopicName(data=request.data)
        body.is_valid(raise_exception=True)
        topic = self.topic(code)
        catalogue.rename_topic(topic, body.validated_data["name"])
        return Response(_topic(topic))

    @extend_schema(responses={204: None}, tags=[TAG])
    def delete(self, request: Request, code: str) -> Response:
        """Retire a topic.

        It is no longer offered to people. Choices about it remain in force.
        """
        catalogue.withdraw_topic(self.topic(code), now=timezone.now())
        return Response(status=204)


class Notices(BrandView):
    scope = "check"
    queries = {"GET": Page}

    @extend_schema(operation_id="brand_notices_list", responses=NoticeList, tags=[TAG])
    def get(self, request: Request) -> Response:
        """List the current version of each of your privacy notices."""
        page, cursor = cut_list(
            catalogue.find_current_notices(self.brand), self.query, key=lambda each: each.code
        )
        data = [
            {
                "code": each.code,
                "version": each.version,
                "languages": list(each.texts),
                "created_at": each.created_at,
            }
            for each in page
        ]
        return Response({"data": data, "next_cursor": cursor})


class OneNotice(BrandView):
    scope, scope_to_write = "check", "catalogue"

    @extend_schema(operation_id="brand_notices_retrieve", responses=NoticeHistory, tags=[TAG])
    def get(self, request: Request, code: str) -> Response:
        """Retrieve all versions of a privacy notice, in all languages."""
        versions = catalogue.list_notice_versions(self.brand, code)
        if not versions:
            raise Problem(404, "not_found", "No notice with this code.")
        return Response({"code": code, "versions": [_notice(each) for each in versions]})

    @extend_schema(
        request=NoticeRequest, responses={200: NoticeTexts, 201: NoticeTexts}, tags=[TAG]
    )
    def put(self, request: Request, code: str) -> Response:
        """Publish a privacy notice.

        If any text differs from the current version, a new version is created (201).
        """
        body = NoticeRequest(data=request.data)
        body.is_valid(raise_exception=True)
        texts = body.validated_data["texts"]
        version, is_new = catalogue.write_notice(
            self.brand, code=code, texts=texts, now=timezone.now()
        )
        return Response(_notice(version), status=201 if is_new else 200)


def _topic(topic: Topic) -> dict[str, Any]:
    return {
        "code": topic.code,
        "name": topic.name,
        "purpose": topic.purpose_id,
        "retired_at": topic.retired_at,
    }


def _notice(version: NoticeVersion) -> dict[str, Any]:
    return {
        "code": version.code,
        "version": version.version,
        "texts": dict(version.texts),
        "created_at": version.created_at,
    }
