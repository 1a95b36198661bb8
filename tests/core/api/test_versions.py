"""Which version answers, and what says that it is on its way out."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar

import pytest
from django.urls import path
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import extend_schema
from pytest_django import Settings
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from brands.api.brand import OwnBrandData
from consent.models import Relationship
from core.api import versions
from core.api.versions import API_VERSIONS, VERSION_HEADER, VersionEnding
from tests.conftest import EMAIL, Api
from tests.project.test_routes import routes

ASKED = {"contact": {"email": EMAIL}, "purpose": "marketing", "channel": "email"}
ENDING = VersionEnding(
    since=datetime(2027, 1, 1, tzinfo=UTC),
    gone=datetime(2028, 1, 1, tzinfo=UTC),
    path="/docs/api#versions",
)
SAID = {
    "Deprecation": "@1798761600",
    "Sunset": "Sat, 01 Jan 2028 00:00:00 GMT",
    "Link": '<https://cmr.example/docs/api#versions>; rel="deprecation"; type="text/html"',
}


class New(APIView):
    permission_classes = ()

    @extend_schema(responses=OwnBrandData, auth=[])
    def get(self, request: Request) -> Response:
        """What is to be used."""
        return Response({})


class Old(New):
    ending: ClassVar = ENDING


urlpatterns = [path("api/v1/new", New.as_view()), path("api/v1/old", Old.as_view())]


@pytest.fixture(autouse=True)
def _public_url(settings: Settings) -> None:
    settings.PUBLIC_URL = "https://cmr.example"


# -- Versions ----------------------------------------------------------------------------------


@pytest.mark.parametrize("route", [each for each in routes() if each.startswith("api/v1/")])
def test_api_answer_has_version_header(route: str, nobody: Api) -> None:
    assert nobody.client.get(f"/{route}").headers[VERSION_HEADER] == API_VERSIONS[0]


def test_page_has_no_version_header(nobody: Api) -> None:
    answer = nobody.client.get("/", headers={VERSION_HEADER: "yesterday"})
    assert answer.status_code == 200
    assert VERSION_HEADER not in answer.headers


def test_call_with_known_version_is_answered(as_acme: Api, met: Relationship) -> None:
    for version in API_VERSIONS:
        answer = as_acme.post("check", ASKED, CMR_Version=version)
        assert (answer.status_code, answer.headers[VERSION_HEADER]) == (200, version)


@pytest.mark.parametrize("given", ["2026-11-28", "2026-11-29 ", "latest", "", "2026-11-29,x"])
def test_call_with_unknown_version_is_refused(given: str, as_acme: Api, met: Relationship) -> None:
    for answer in (
        as_acme.post("check", ASKED, CMR_Version=given),
        as_acme.post("campaigns", {"code": "spring"}, CMR_Version=given),
        Api().post("session", {"email": EMAIL, "password": "x"}, CMR_Version=given),
    ):
        assert (answer.status_code, answer.json()["code"]) == (400, "unknown_version")
        assert API_VERSIONS[0] in answer.json()["detail"]
        assert answer.headers[VERSION_HEADER] == API_VERSIONS[0]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_api_versions_are_sorted_dates() -> None:
    assert list(API_VERSIONS) == sorted(API_VERSIONS)
    assert [datetime.fromisoformat(each).date().isoformat() for each in API_VERSIONS] == list(
        API_VERSIONS
    )


# -- Endings -----------------------------------------------------------------------------------


@pytest.mark.urls(__name__)
def test_deprecated_call_has_sunset_headers(nobody: Api) -> None:
    assert nobody.client.get("/api/v1/old").headers.items() >= SAID.items()
    assert not nobody.client.get("/api/v1/new").headers.keys() & SAID.keys()


def test_deprecated_version_has_sunset_headers(
    nobody: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(versions.VERSION_ENDINGS, API_VERSIONS[0], ENDING)
    assert nobody.get("events").headers.items() >= SAID.items()


def test_schema_marks_deprecated_call() -> None:
    generator: Any = SchemaGenerator
    paths = generator(patterns=urlpatterns).get_schema(public=True)["paths"]
    old, new = paths["/api/v1/old"]["get"], paths["/api/v1/new"]["get"]
    assert (old["deprecated"], new.get("deprecated")) == (True, None)
    assert old["responses"]["200"]["headers"].keys() >= SAID.keys()
    assert not new["responses"]["200"]["headers"].keys() & SAID.keys()
