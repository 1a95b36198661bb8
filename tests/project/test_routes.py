"""Every address of the product: who may come in, and what a GET leaves as it was."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from io import StringIO
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from drf_spectacular.drainage import GENERATOR_STATS
from pytest_django import Settings

from brands.models import Brand
from cmr.accounts import FIRST_DAY
from cmr.models import Consumer
from consent.models import Relationship
from tests.conftest import Api

#: Who may open these without being known, and why.
PUBLIC = {
    "": "the welcome page",
    "u/no-such-link": "one-click unsubscribe (RFC 8058); the link itself gives the right",
    "u/no-such-link/": "the same, as some mail programs write it",
    "p/no-such-link": "one brand's preferences; the link itself gives the right",
    "p/no-such-link/": "the same, as some mail programs write it",
    "inbound/mail/postmark/no-such-inlet": "mail providers; the secret address gives the right",
    "inbound/sms/postmark/no-such-inlet": "gateways; the secret address gives the right",
    "inbound/mailbox/postmark/no-such-inlet": "our mail provider; the secret address gives it",
    "receipts/verify": "anybody may hold a receipt against our keys",
    "api/v1/receipts/verify": "anybody may hold a receipt against our keys",
    ".well-known/jwks.json": "public keys",
    ".well-known/gpc.json": "that Global Privacy Control is honoured",
    "link": "sends such links to whoever owns the address",
    "recover/no-such-link": "takes an account back; the link in the mail gives the right",
    "erased": "says that an account is gone, to whom it belonged",
    "language": "a choice of language",
    "account/login/": "where one becomes known",
    "account/login/code/": "where one becomes known",
    "account/login/code/confirm/": "where one becomes known",
    "account/signup/": "where one becomes known",
    "account/confirm-email/": "where one becomes known",
    "account/password/reset/": "where one becomes known again",
    "account/password/reset/confirm/": "where one becomes known again",
    "account/password/reset/complete/": "where one becomes known again",
    "account/password/reset/done/": "where one becomes known again",
    "account/inactive/": "says that an account is closed",
    "account/logout/": "ends a session; nobody's is none",
    "account/factors/webauthn/login/": "where one becomes known, by a passkey",
    "account/email/": "sends on to the page of addresses, which asks who it is",
    "reports/own": "sends on to where a brand opens it with its key",
    "reports/own/close": "ends what a key had opened; nobody's is nothing",
    "reports/own/key": "where a brand opens its reports, by its key",
    "healthz": "asked by whatever watches the process",
    "api/v1/event-types": "the contract is public",
    "metrics": "for who has METRICS_TOKEN; it has no account",
    "readyz": "asked by the load balancer",
    "api/v1/schema": "the contract is public",
    "api/docs": "so is its documentation",
    "docs/": "the documentation is public",
    "docs/reference": "sends on to the documentation of the API",
    "docs/cmr-client.zip": "so is the client's source",
    "docs/api": "the documentation is public",
    "api/v1/session": "where one becomes known",
    "api/v1/session/end": "ends a session; nobody being signed in is no mistake",
    "api/v1/tokens": "where a program becomes known, by a password",
    "api/v1/subscriptions/00000000-0000-0000-0000-000000000000/jwks.json": "public keys",
    "admin/logout/": "sends whoever is nobody on to the sign-in",
}
#: A plausible argument for each that a route takes.
ARGUMENTS = {
    "brand": "acme",
    "slug": "acme",
    "token": "no-such-link",
    "provider": "postmark",
    "secret": "no-such-inlet",
    "inlet_id": "00000000-0000-0000-0000-000000000000",
    "request_id": "00000000-0000-0000-0000-000000000000",
    "pending_id": "1",
    "point_id": "1",
    "removed_id": "1",
    "token_id": "1",
    "pk": "1",
    "subscription_id": "00000000-0000-0000-0000-000000000000",
    "entry_id": "00000000-0000-0000-0000-000000000000",
    "export_id": "00000000-0000-0000-0000-000000000000",
    "name": "overview",
    "organisation": "news.example",
    "code": "spring",
    "key_id": "1",
    "workspace": "acme",
    "mode": "test",
    "member_id": "1",
    "invitation_id": "1",
    "campaign_id": "1",
    "import_id": "00000000-0000-0000-0000-000000000000",
    "number": "1",
    "path": "api",
    "sequence": "1",
    "scan_id": "1",
    "send_id": "00000000-0000-0000-0000-000000000000",
    "app_label": "brands",
    "content_type_id": "1",
    "object_id": "1",
    "url": "no-such-page/",
}


def routes() -> list[str]:
    """The path of every URL pattern, arguments filled in."""
    return sorted(set(_walk(get_resolver().url_patterns)))


def _walk(patterns: Any, prefix: str = "") -> Iterator[str]:
    for each in patterns:
        if isinstance(each, URLResolver):
            yield from _walk(each.url_patterns, prefix + _filled(str(each.pattern)))
        elif isinstance(each, URLPattern):
            yield prefix + _filled(str(each.pattern))


def filled_route(pattern: URLPattern | URLResolver) -> str:
    """Return the path of one pattern, arguments filled in."""
    return _filled(str(pattern.pattern))


def _filled(pattern: str) -> str:
    groups = re.sub(r"\(\?P<(\w+)>[^)]*\)", r"<\1>", pattern).strip("^").removesuffix("$")
    return re.sub(r"<(?:\w+:)?(\w+)>", lambda m: ARGUMENTS[m[1]], groups)


def _filled_path(path: str) -> str:
    """The same for a path of the schema."""
    return re.sub(r"\{(\w+)\}", lambda m: ARGUMENTS.get(m[1], m[0]), path.strip("/"))


def table_states() -> dict[str, tuple[Any, ...]]:
    """Rows, and a digest of all that stands in them, of every table but the sessions'.

    A session is renewed by whoever looks at a page; that is no change of what anybody said.
    """
    states = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            if table == "django_session":
                continue
            cursor.execute(f'SELECT count(*), sum(hashtext(t::text)) FROM "{table}" t')
            states[table] = cursor.fetchone()
    return states


class Assets(HTMLParser):
    """What a page loads, and what it carries inline."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.inline: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        is_data = named.get("type") == "application/json"
        if tag == "style" or (tag == "script" and not named.get("src") and not is_data):
            self.inline.append(tag)
        self.inline += [name for name in named if name == "style" or name.startswith("on")]
        source = named.get("src") or (named.get("href") if tag == "link" else None)
        self.loads += [source] if source else []


# -- Who may come in ------------------------------------------------------------------------------


def test_every_public_route_exists() -> None:
    assert set(routes()) >= set(PUBLIC)


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("route", [each for each in routes() if each not in PUBLIC])
def test_nobody_is_let_in(route: str, method: str, nobody: Api, acme: Brand) -> None:
    answer = nobody.client.generic(method, f"/{route}", b"{}", "application/json")
    if route.startswith("api/"):
        assert answer.status_code == 401
        assert answer.headers["Content-Type"] == "application/problem+json"
    elif answer.status_code != 405:
        assert answer.status_code == 302
        assert urlsplit(answer.headers["Location"]).path in {"/account/login/", "/admin/login/"}


@pytest.mark.parametrize(
    "route", ["choose", "add", "undo", "explain", "you", "you/erase", "welcome/you"]
)
def test_a_page_takes_no_form_without_its_csrf_token(route: str, ana: Consumer) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(ana.user)
    assert browser.post(f"/{route}", {"brand": "acme", "say": "deny::::"}).status_code == 403


# -- A GET changes nothing ------------------------------------------------------------------------


@pytest.mark.usefixtures("met", "offers", "rival")
def test_no_get_changes_anything(
    as_ana: Api, as_acme: Api, as_admin: Api, ana: Consumer, nobody: Api
) -> None:
    person = Client(raise_request_exception=False)
    person.force_login(ana.user)
    as_acme.post("subscriptions", {"url": "https://acme.example/hook"})
    before = table_states()
    statuses = {
        (route, client.get(f"/{route}", headers=headers).status_code)
        for route in routes()
        for client, headers in [
            (person, {}),
            (as_admin.client, {}),
            (nobody.client, {"Authorization": f"Bearer {as_ana.bearer}"}),
            (nobody.client, {"Authorization": f"Bearer {as_acme.bearer}"}),
        ]
    }
    assert not {each for each in statuses if each[1] >= 500}
    assert ("api/v1/me/relationships/acme", 200) in statuses  # the arguments are plausible
    assert ("admin/brands/", 200) in statuses
    assert table_states() == before


@pytest.mark.parametrize("route", ["choose", "add", "undo", "explain", "brands/acme/end"])
def test_what_changes_something_is_no_get(route: str, ana: Consumer, met: Relationship) -> None:
    browser = Client()
    browser.force_login(ana.user)
    assert browser.get(f"/{route}?brand=acme&say=deny::::").status_code == 405


# -- Headers and errors ---------------------------------------------------------------------------


@pytest.mark.usefixtures("met")
def test_every_page_has_a_strict_content_security_policy(as_admin: Api, ana: Consumer) -> None:
    person = Client()
    person.force_login(ana.user)
    pages = 0
    for client in (Client(), person, as_admin.client):
        for route in routes():
            answer = client.get(f"/{route}")
            if not answer.headers.get("Content-Type", "").startswith("text/html"):
                continue
            pages += answer.status_code == 200
            policy = answer.headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy and "script-src 'self'" in policy, route
            assert "unsafe" not in policy and "*" not in policy, route
            assert answer.headers["X-Frame-Options"] == "DENY"
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert pages > 8


@pytest.mark.usefixtures("met", "documentation")
def test_no_page_needs_what_its_policy_forbids(as_admin: Api, ana: Consumer) -> None:
    person = Client()
    person.force_login(ana.user)
    pages = ["", "brands", "brands/acme", "asked", "history", "reported", "you", "you/addresses"]
    pages += ["you/security", "you/data", "brands/acme/contacted", "account/factors/"]
    pages += ["companies/passed-on", *(f"welcome/{step}" for step in FIRST_DAY)]
    opened = [(Client(), each) for each in ("account/login/", "account/signup/", "link")]
    opened += [
        (Client(), "api/docs"),
        (Client(), "docs/"),
        *((person, each) for each in pages),
    ]
    opened += [(as_admin.client, each) for each in ("reports/", "admin/", "admin/brands/")]
    for client, route in opened:
        answer = client.get(f"/{route}")
        assert answer.status_code == 200
        assets = Assets(answer.content.decode())
        assert assets.inline == [], route
        assert all(not urlsplit(each).netloc for each in assets.loads), route


def test_the_docs_page_finds_all_it_loads(nobody: Api) -> None:
    assets = Assets(nobody.client.get("/api/docs").content.decode())
    assert any(each.endswith("swagger-ui-bundle.js") for each in assets.loads)
    for each in assets.loads:
        assert nobody.client.get(each).status_code == 200, each


def test_the_caller_s_request_id_is_echoed(nobody: Api) -> None:
    for path in ("/healthz", "/api/v1/me/history", "/", "/no-such-page"):
        answer = nobody.client.get(path, headers={"X-Request-Id": "call-7:a.b_c"})
        assert answer.headers["X-Request-Id"] == "call-7:a.b_c"
    problem = nobody.client.get("/api/v1/events", headers={"X-Request-Id": "call-7"}).json()
    assert problem["request_id"] == "call-7"


#: A call that is answered so, by acme's key.
PROBLEMS: dict[int, Callable[[Api], Any]] = {
    400: lambda api: api.send("GET", "brand", CMR_Version="none"),
    401: lambda api: Api("cmr_live_none").get("brand"),
    404: lambda api: api.get("campaigns/none"),
    405: lambda api: api.patch("check", {}),
    409: lambda api: [api.post("campaigns", {"code": "c", "name": name}) for name in "ab"][1],
    411: lambda api: api.send("POST", "campaigns", Transfer_Encoding="chunked"),
    412: lambda api: api.put("brand", {"operations_email": ""}, If_Match='"x"'),
    413: lambda api: api.send("POST", "campaigns", b" " * 1_000_001),
    415: lambda api: api.send("POST", "campaigns", b"<a/>", "text/xml"),
    422: lambda api: api.post("check", {}),
}


@pytest.mark.parametrize("status", PROBLEMS)
def test_every_problem_has_its_id_and_leads_to_its_remedy(
    status: int, as_acme: Api, settings: Settings
) -> None:
    answer = PROBLEMS[status](as_acme)
    problem = answer.json()
    assert (answer.status_code, problem["status"]) == (status, status)
    assert problem["request_id"] == answer.headers["X-Request-Id"]
    assert problem["type"] == f"{settings.PUBLIC_URL}/docs/errors#{problem['code']}"


@pytest.mark.parametrize("given", ["a b", "a\nb", "<script>", "é", "a" * 129, "", "a;b", "\x00"])
def test_a_hostile_request_id_is_replaced(given: str, nobody: Api) -> None:
    got = nobody.client.get("/healthz", headers={"X-Request-Id": given}).headers["X-Request-Id"]
    assert re.fullmatch("[0-9a-f]{32}", got)


@pytest.mark.parametrize(
    "path", ["/api/", "/api/v1", "/api/v1/no-such", "/api/v1/check/", "/api/v2/check", "/api/%00"]
)
def test_an_unknown_path_of_the_api_is_a_problem(path: str, nobody: Api) -> None:
    answer = nobody.client.get(path)
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert (answer.status_code, problem["status"], problem["code"]) == (404, 404, "not_found")
    assert problem["request_id"] == answer.headers["X-Request-Id"]


def test_a_wrong_method_is_a_problem(as_acme: Api) -> None:
    answer = as_acme.send("PATCH", "check", b"{}")
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert "POST" in answer.headers["Allow"] and "POST" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda api: Api().get("brand"), "Authorization: Bearer"),
        (lambda api: Api(" ").get("brand"), "key after `Bearer`"),
        (lambda api: api.send("POST", "check", b"a=1", "text/plain"), "application/json"),
        (lambda api: api.get("brand/"), "no trailing slash"),
        (lambda api: api.get("me"), "a brand's key"),
        (lambda api: api.post("check", "Ana"), "must be an object"),
        (
            lambda api: api.post(
                "check", {"contact": {"ref": "7"}, "purpose": "marketing", "channel": "fax"}
            ),
            "email, sms",
        ),
    ],
)
def test_a_problem_says_what_to_do(call: Callable[[Api], Any], says: str, as_acme: Api) -> None:
    problem = call(as_acme).json()
    assert says in problem["detail"] and says in problem["errors"][0]["detail"]


def test_a_host_that_is_not_ours_is_refused(nobody: Api) -> None:
    answer = nobody.client.get("/api/v1/events", headers={"Host": "evil.example"})
    assert answer.status_code == 400
    assert b"evil" not in answer.content


def test_a_crash_tells_no_stranger_why(as_acme: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("the pepper is x")

    monkeypatch.setattr("brands.api.events.read_events", crash)
    answer = as_acme.get("events")
    assert (answer.status_code, answer.json()["code"]) == (500, "error")
    assert answer.json()["request_id"] == answer.headers["X-Request-Id"]
    assert b"pepper" not in answer.content


# -- The contract ---------------------------------------------------------------------------------


def test_the_schema_generates_without_a_warning(db: None) -> None:
    GENERATOR_STATS.reset()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        call_command("spectacular", stdout=StringIO(), validate=True, fail_on_warn=True)
    assert not GENERATOR_STATS


def test_the_schema_is_served_as_openapi_3_1(nobody: Api) -> None:
    answer = nobody.client.get("/api/v1/schema")
    assert answer.status_code == 200
    schema = yaml.safe_load(answer.content)
    assert schema["openapi"].startswith("3.1")
    served = {path.strip("/").replace("{", "<").replace("}", ">") for path in schema["paths"]}
    assert len(served) == len([each for each in routes() if each.startswith("api/v1/")]) - 1


def test_the_schema_has_what_every_call_answers_with(nobody: Api) -> None:
    schema = yaml.safe_load(nobody.client.get("/api/v1/schema").content)
    for path, operations in schema["paths"].items():
        for name, operation in operations.items():
            asked = {each["name"] for each in operation["parameters"] if each["in"] == "header"}
            answers = operation["responses"]
            done = next(answer for status, answer in answers.items() if status[0] == "2")
            assert "CMR-Version" in asked, path
            assert {"X-Request-Id", "CMR-Version"} <= done["headers"].keys(), path
            is_brand_s = {"brandKey": []} in operation.get("security", [])
            assert ("429" in answers and "RateLimit" in done["headers"]) == is_brand_s, path
            assert ("412" in answers) == ("If-Match" in asked), path
            assert ("304" in answers) == ("If-None-Match" in asked), path
            assert name != "get" or "If-None-Match" not in asked or "ETag" in done["headers"]


def test_every_operation_says_who_may_call_it(nobody: Api) -> None:
    schema = yaml.safe_load(nobody.client.get("/api/v1/schema").content)
    for path, operations in schema["paths"].items():
        for name, operation in operations.items():
            open_to_all = _filled_path(path) in PUBLIC
            assert bool(operation.get("security")) != open_to_all, (path, name)
