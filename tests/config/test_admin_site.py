"""Django's admin shows the models of its list, and one page signs in to it."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.admin.utils import quote
from django.test import Client

from brands.catalogue import topics
from brands.models import Brand, Topic
from cmr import mailbox
from cmr.models import MailProvider, User
from config.admin_site import MODELS, AdminSite
from tests.conftest import PASSWORD, Api

FORBIDDEN = ["account", "auth", "mfa", "sessions", "sites", "usersessions"]


def test_registry_is_the_list() -> None:
    assert isinstance(admin.site, AdminSite)
    assert {model._meta.label for model in admin.site._registry} == MODELS


def test_list_names_no_accounts_and_no_mailbox() -> None:
    assert not [label for label in MODELS if label.split(".")[0].lower() in FORBIDDEN]
    assert [label for label in MODELS if label.startswith("cmr.")] == ["cmr.MailProvider"]


def test_index_links_to_nothing_else(as_admin: Api) -> None:
    page = as_admin.client.get("/admin/").content.decode()
    assert 'href="/admin/brands/brand/"' in page
    assert not [label for label in FORBIDDEN if f"/admin/{label}/" in page]


@pytest.mark.parametrize("rest", ["", "add/", "1/change/", "1/delete/", "1/history/"])
def test_models_outside_the_list_have_no_pages(rest: str, as_admin: Api) -> None:
    """Of every model of every app that is installed."""
    others = [model for model in apps.get_models() if model._meta.label not in MODELS]
    assert User in others and len(others) > 20
    for model in others:
        path = f"/admin/{model._meta.app_label}/{model._meta.model_name}/{rest}"
        assert as_admin.client.get(path).status_code == 404, path


def test_a_person_s_address_is_not_to_be_added(as_admin: Api) -> None:
    form = {"user": 1, "email": "adminthief@evil.example", "verified": "on"}
    assert as_admin.client.post("/admin/account/emailaddress/add/", form).status_code == 404


@pytest.mark.parametrize("method", ["get", "post"])
def test_login_sends_on_to_the_one_sign_in_page(method: str, admin: User) -> None:
    form = {"username": admin.email, "password": PASSWORD, "next": "/admin/brands/brand/"}
    browser = Client()
    answer = getattr(browser, method)("/admin/login/", form)
    assert answer.headers["Location"] == "/account/login/?next=%2Fadmin%2Fbrands%2Fbrand%2F"
    assert browser.get("/admin/").status_code == 302


@pytest.mark.parametrize("away", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
def test_login_leads_to_no_other_host(away: str, as_admin: Api, db: None) -> None:
    assert as_admin.client.get("/admin/login/", {"next": away}).headers["Location"] == "/admin/"
    stranger = Client().get("/admin/login/", {"next": away})
    assert stranger.headers["Location"] == "/account/login/?next=%2Fadmin%2F"


def test_login_takes_somebody_signed_in_back(as_admin: Api) -> None:
    answer = as_admin.client.get("/admin/login/", {"next": "/admin/brands/"})
    assert answer.headers["Location"] == "/admin/brands/"


def test_login_refuses_somebody_who_is_no_administrator(as_ana_s_browser: Client) -> None:
    assert as_ana_s_browser.get("/admin/login/").status_code == 403


@pytest.fixture
def as_ana_s_browser(ana: object) -> Client:
    browser = Client()
    browser.force_login(ana.user)  # type: ignore[attr-defined]
    return browser


def test_password_is_changed_on_the_account_s_page(as_admin: Api) -> None:
    answer = as_admin.client.get("/admin/password_change/")
    assert answer.headers["Location"] == "/account/password/change/"


def test_an_administrator_still_edits_brands(as_admin: Api, acme: Brand) -> None:
    page = f"/admin/brands/brand/{acme.pk}/change/"
    assert as_admin.client.get(page).status_code == 200


# -- Mail providers -------------------------------------------------------------------------------

ADD_PROVIDER = "/admin/cmr/mailprovider/add/"


@pytest.mark.parametrize("typed", ["bulk-sender.example", " Bulk-Sender.Example. "])
def test_an_administrator_adds_a_mail_provider_in_lower_case(typed: str, as_admin: Api) -> None:
    form = {"domain": typed, "kind": "sending"}
    assert as_admin.client.post(ADD_PROVIDER, form).status_code == 302
    assert MailProvider.objects.get(domain="bulk-sender.example").kind == "sending"
    assert mailbox.load_providers().find_kind("m1.bulk-sender.example") == "sending"


@pytest.mark.parametrize("typed", ["co.uk", "localhost", "192.0.2.1", "a b.com", "", "x@y.com"])
def test_a_mail_provider_is_a_domain_that_is_owned(typed: str, as_admin: Api) -> None:
    before = MailProvider.objects.count()
    form = {"domain": typed, "kind": "sending"}
    assert as_admin.client.post(ADD_PROVIDER, form).status_code == 200  # the form again
    assert MailProvider.objects.count() == before


def test_a_mail_provider_is_known_once_and_its_kind_is_one_of_three(as_admin: Api) -> None:
    assert (
        as_admin.client.post(ADD_PROVIDER, {"domain": "new.example", "kind": "x"}).status_code
        == 200
    )
    known = {"domain": "Gmail.com", "kind": "sending"}
    assert as_admin.client.post(ADD_PROVIDER, known).status_code == 200
    assert MailProvider.objects.get(domain="gmail.com").kind == "mailbox"


def test_an_administrator_changes_and_deletes_a_mail_provider(as_admin: Api) -> None:
    MailProvider.objects.create(domain="new.example", kind="sending")
    page = f"/admin/cmr/mailprovider/{quote('new.example')}"
    assert as_admin.client.post(f"{page}/change/", {"kind": "group"}).status_code == 302
    assert MailProvider.objects.get(domain="new.example").kind == "group"
    assert as_admin.client.post(f"{page}/delete/", {"post": "yes"}).status_code == 302
    assert not MailProvider.objects.filter(domain="new.example").exists()


# -- Topics ---------------------------------------------------------------------------------------


def add_topic(as_admin: Api, brand: Brand, purpose: str) -> int:
    form = {"brand": brand.pk, "purpose": purpose, "code": "news", "name": "News"}
    return as_admin.client.post("/admin/brands/topic/add/", form).status_code


@pytest.mark.parametrize("purpose", ["profiling", "service"])
def test_a_topic_is_under_no_purpose_that_takes_none(
    purpose: str, as_admin: Api, acme: Brand
) -> None:
    assert add_topic(as_admin, acme, purpose) == 200  # the form again
    assert not Topic.objects.exists()
    assert add_topic(as_admin, acme, "marketing") == 302
    assert Topic.objects.get().purpose_id == "marketing"


def test_a_brand_has_so_many_topics_here_too(
    as_admin: Api, acme: Brand, offers: Topic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(topics, "MOST", 1)
    assert add_topic(as_admin, acme, "marketing") == 200
    page = f"/admin/brands/topic/{offers.pk}/change/"
    assert as_admin.client.post(page, {"name": "Other"}).status_code == 302
    assert Topic.objects.get().name == "Other"
