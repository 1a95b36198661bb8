"""Absolute links are made of PUBLIC_URL, never of what a caller says is our name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from cmr import members
from cmr.models import Consumer
from consent.decision.resolution import Scope
from consent.models import LedgerEntry, Relationship
from tests import mails
from tests.conftest import EMAIL, PASSWORD, ROOT, Api
from tests.factories import record_choice

FORBIDDEN = re.compile(
    r"build_absolute_uri|get_host\b|get_current_site|get_port\b|request\.(scheme|site|is_secure)"
    r"|HTTP_HOST|SERVER_NAME|HTTP_X_FORWARDED_HOST|getRequestURL"
)
#: Where it is not about a link, and why.
EXCEPTIONS = {
    "config/web/environ.py": "hands on what the server said, for Django to look at",
    "config/requests.py": "refuses names that are not ours, for calls past Django's middleware",
}
#: Django takes any port of a name that it knows.
POISONED = {"HTTP_HOST": "testserver:1234", "HTTP_X_FORWARDED_PROTO": "http"}
PUBLIC = "https://choices.example"


def sources() -> list[Path]:
    apps = ("core", "brands", "consent", "cmr", "config", "devstack")
    return [
        f for app in apps for end in ("py", "html", "txt") for f in (ROOT / app).rglob(f"*.{end}")
    ]


def test_source_takes_no_name_from_the_request() -> None:
    files = {str(f.relative_to(ROOT)) for f in sources() if FORBIDDEN.search(f.read_text())}
    assert files == set(EXCEPTIONS)


@pytest.fixture(autouse=True)
def _public(settings: Settings) -> None:
    settings.PUBLIC_URL = PUBLIC


@pytest.fixture
def browser(ana: Consumer) -> Client:
    client = Client(**POISONED)  # type: ignore[arg-type]
    client.force_login(ana.user)
    return client


def urls_in(text: str) -> list[str]:
    """The origin of each; a full stop after one is the sentence's."""
    return [each.rstrip(".") for each in re.findall(r"https?://[^/\s\"'<]+", text)]


@pytest.mark.parametrize(
    ("path", "field", "address"),
    [
        ("/link", "email", EMAIL),
        ("/link", "email", "nobody@example.org"),
        ("/account/signup/", "email", EMAIL),
        ("/account/signup/", "email", "new@example.org"),
        ("/account/login/code/", "email", EMAIL),
        ("/account/login/code/", "email", "nobody@example.org"),
        ("/account/password/reset/", "email", EMAIL),
        ("/account/password/reset/", "email", "nobody@example.org"),
    ],
)
def test_mail_of_a_form_leads_to_us(path: str, field: str, address: str, met: Relationship) -> None:
    Client(**POISONED).post(path, {field: address})  # type: ignore[arg-type]
    (letter,) = mails.sent()
    text = f"{letter.subject}\n{letter.body}"
    assert "1234" not in text and "testserver" not in text
    assert set(urls_in(text)) <= {PUBLIC}


def test_invitation_leads_to_us(browser: Client, ana: Consumer) -> None:
    place = members.begin_workspace_as_owner(
        ana.user, name="Ana", domain="ana.example", now=timezone.now()
    )
    browser.post(f"/console/{place.slug}/team", {"address": "dev@x.example", "role": "viewer"})
    assert urls_in(str(mails.sent()[0].body)) == [PUBLIC]


def test_console_names_us(browser: Client, ana: Consumer) -> None:
    place = members.begin_workspace_as_owner(
        ana.user, name="Ana", domain="ana.example", now=timezone.now()
    )
    page = browser.get(f"/console/{place.slug}/test/").content.decode()
    assert f"{PUBLIC}/api/v1" in page and ":1234" not in page
    made = browser.post(f"/console/{place.slug}/test/keys/new", {"name": "x", "scopes": ["check"]})
    assert f"export CMR_URL={PUBLIC}\n" in made.content.decode()


def test_receipt_names_us(browser: Client, met: Relationship, as_ana: Api) -> None:
    record_choice(met, "deny", Scope(met.brand_id))
    entry = LedgerEntry.objects.get().pk
    api = as_ana.client.get(
        f"/api/v1/me/history/{entry}/receipt",
        headers={"Authorization": f"Bearer {as_ana.bearer}", "Host": "testserver:1234"},
    )
    assert api.json()["jwks_url"] == f"{PUBLIC}/.well-known/jwks.json"
    assert "1234" not in api.content.decode()
    assert browser.get(f"/history/{entry}/receipt.jws").content.decode() == api.json()["receipt"]


@pytest.mark.django_db
def test_schema_and_problems_name_no_host() -> None:
    caller = Client(**POISONED)  # type: ignore[arg-type]
    for path in ("/api/v1/openapi.json", "/api/v1/check", "/docs/", "/.well-known/security.txt"):
        assert ":1234" not in caller.get(path).content.decode(), path


def test_sign_in_stays_here(ana: Consumer) -> None:
    """A redirect is no link for others: it names no host at all."""
    page = Client(**POISONED).post(  # type: ignore[arg-type]
        "/account/login/", {"login": EMAIL, "password": PASSWORD}
    )
    assert page.headers["Location"] == "/"
