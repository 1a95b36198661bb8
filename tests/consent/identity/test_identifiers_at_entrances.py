"""Every spelling of an address means the same person, at every entrance."""

from __future__ import annotations

import re
from inspect import getmembers, isclass

import pytest
from allauth.account import fields, forms
from allauth.account.models import EmailAddress
from django.conf import settings
from django.core import mail
from django.core.management import CommandError, call_command
from django.forms import Form
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from brands.models import Brand, Workspace
from cmr import members
from cmr.accounts import ownership
from cmr.models import Consumer, ContactPoint, PendingContact, User
from consent.identity import identifiers
from consent.identity.identifiers import InvalidAddress, compute_identifier_digest, normalise_email
from consent.models import Relationship, Subject
from tests import mails
from tests.conftest import EMAIL, PASSWORD, Api

#: How people, keyboards and programs write the address of Ana.
SPELLINGS = [
    "ana@ｅxample.org",
    "ＡＮＡ＠ＥＸＡＭＰＬＥ．ＯＲＧ",
    "ANA@Example.ORG",
    "ana@example.org.",
    "ana@example。org",
    " \u3000ana@example.org ",
]
#: The same of an address with a Greek name and an internationalised domain.
GREEK = "οδοσ.γ@bücher.example"
GREEK_SPELLINGS = [
    "οδος.γ@bücher.example",
    "ΟΔΟΣ.Γ@BÜCHER.EXAMPLE",
    "οδος.γ@xn--bcher-kva.example",
    "ΟΔΟΣ.Γ@XN--BCHER-KVA.example.",
    "οδος.γ@bu\u0308cher.example",
]


def check_rows() -> None:
    """Every address that is kept stands in its one spelling, and its digest is of that."""
    for model in (User, EmailAddress):
        for address in model.objects.values_list("email", flat=True):
            assert address == normalise_email(address), model
    for kept in (PendingContact, ContactPoint):
        for kind, value in kept.objects.values_list("kind", "value"):
            assert value == ownership.normalise_contact(kind, value)
    for point in ContactPoint.objects.select_related("identifier"):
        assert bytes(point.identifier.digest) == compute_identifier_digest(point.value)


def code() -> str:
    """The code in the newest letter."""
    found = re.search(r"^([A-Z0-9]{4}-[A-Z0-9]{4}|\d{6})\b", str(mail.outbox[-1].body))
    assert found, mail.outbox[-1].body
    return found[1]


@pytest.mark.parametrize(
    ("spelling", "normal"),
    [(each, EMAIL) for each in SPELLINGS] + [(each, GREEK) for each in GREEK_SPELLINGS],
)
def test_normalise_email_spelling_becomes_the_one_form(spelling: str, normal: str) -> None:
    assert normalise_email(spelling) == normal


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("x@straße.de", "x@strasse.de"),  # two domains by IDNA 2008
        ("x@ας.gr", "x@ασ.gr"),
        ("straße@x.de", "strasse@x.de"),
    ],
)
def test_normalise_email_other_mailbox_stays_another(one: str, other: str) -> None:
    assert normalise_email(one) == one
    assert normalise_email(other) == other


@pytest.mark.parametrize("text", ["ana@example.org..", "ana@.", "@", "an a@example.org", "ana＠"])
def test_normalise_email_no_address_is_refused(text: str) -> None:
    with pytest.raises(InvalidAddress):
        normalise_email(text)


signs = st.text(st.characters(categories=["L", "N", "M"]), min_size=1, max_size=8)
domains = st.sampled_from(["example.org", "BÜCHER.example", "ｅxample.org.", "ΑΣ.gr", "例子。公司"])


@given(signs, domains)
def test_normalise_email_again_changes_nothing(local: str, domain: str) -> None:
    try:
        normal = normalise_email(f"{local}@{domain}")
    except InvalidAddress:
        return
    assert normalise_email(normal) == normal
    assert normalise_email(normal.upper()) == normalise_email(normal.upper().lower())


def test_every_form_with_an_address_takes_any_spelling() -> None:
    """A new form of allauth's must not be the one entrance that was forgotten."""
    named = {"SignupForm": "signup", "BaseSignupForm": "signup", "LoginForm": "login"}
    for name, form in getmembers(forms, isclass):
        declared = getattr(form, "base_fields", {}).values()
        if issubclass(form, Form) and any(isinstance(each, fields.EmailField) for each in declared):
            by_name = re.sub(r"(?<!^)([A-Z])", r"_\1", name.removesuffix("Form")).lower()
            assert named.get(name, by_name) in settings.ACCOUNT_FORMS, name
    assert "login" in settings.ACCOUNT_FORMS  # which makes its field as it is opened


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_login_by_password_comes_in_at_once(spelling: str, ana: Consumer) -> None:
    """It asked for another proof, and made a ghost of the address beside it."""
    page = Client().post("/account/login/", {"login": spelling, "password": PASSWORD})
    assert (page.status_code, page.headers["Location"]) == (302, "/")
    assert mail.outbox == []
    assert ContactPoint.objects.count() == EmailAddress.objects.count() == 1
    check_rows()


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_login_by_code_comes_in(spelling: str, ana: Consumer) -> None:
    browser = Client()
    browser.post("/account/login/code/", {"email": spelling})
    assert mail.outbox[-1].to == [EMAIL]
    browser.post("/account/login/code/confirm/", {"code": code()})
    assert browser.get("/you").status_code == 200
    assert ContactPoint.objects.count() == EmailAddress.objects.count() == 1
    check_rows()


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_password_reset_finds_the_account(spelling: str, ana: Consumer) -> None:
    Client().post("/account/password/reset/", {"email": spelling})
    assert mail.outbox[-1].to == [EMAIL]
    assert code()
    check_rows()


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_sign_up_taken_address_makes_no_second_account(spelling: str, ana: Consumer) -> None:
    Client().post("/account/signup/", {"email": spelling})
    assert mail.outbox[-1].to == [EMAIL]
    assert User.objects.count() == 1


@pytest.mark.parametrize("spelling", [*SPELLINGS, *GREEK_SPELLINGS])
@pytest.mark.django_db
def test_sign_up_keeps_the_one_spelling(spelling: str) -> None:
    browser = Client()
    browser.post("/account/signup/", {"email": spelling})
    browser.post("/account/confirm-email/", {"code": code()})
    assert ContactPoint.objects.get().value == normalise_email(spelling)
    check_rows()


@pytest.mark.parametrize("path", ["session", "tokens"])
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_api_sign_in_comes_in(path: str, spelling: str, nobody: Api, ana: Consumer) -> None:
    answer = nobody.post(path, {"email": spelling, "password": PASSWORD})
    assert answer.status_code in (200, 201)


@pytest.mark.parametrize("spelling", ["ＡＤＭＩＮ@example.org", "Admin@EXAMPLE.org."])
def test_admin_sign_in_comes_in(spelling: str, admin: User) -> None:
    assert User.objects.get_by_natural_key(spelling) == admin


@pytest.mark.parametrize("spelling", [*SPELLINGS, *GREEK_SPELLINGS])
@pytest.mark.django_db
def test_create_superuser_keeps_the_one_spelling(spelling: str) -> None:
    call_command("createsuperuser", interactive=False, email=spelling, verbosity=0)
    assert User.objects.get().email == normalise_email(spelling)
    with pytest.raises(CommandError):
        call_command(
            "createsuperuser", interactive=False, email=normalise_email(spelling), verbosity=0
        )


@pytest.mark.django_db
def test_create_superuser_what_is_no_address_is_refused() -> None:
    with pytest.raises(CommandError, match="not an e-mail address"):
        call_command("createsuperuser", interactive=False, email="admin", verbosity=0)


@pytest.mark.parametrize("spelling", GREEK_SPELLINGS)
def test_contact_point_is_kept_in_the_one_spelling(
    spelling: str, as_ana_signed_in: Api, ana: Consumer
) -> None:
    new = {"kind": "email", "value": spelling}
    pending = as_ana_signed_in.post("me/contact-points", new).json()
    sent = re.search(r"[A-Z]{4}-[A-Z]{4}", str(mail.outbox[-1].body))
    assert pending["value"] == GREEK and sent
    path = f"me/contact-points/{pending['id']}/verify"
    assert as_ana_signed_in.post(path, {"code": sent[0]}).status_code == 201
    check_rows()


def test_add_contact_other_spelling_is_the_same_contact_point(ana: Consumer) -> None:
    for spelling in SPELLINGS:
        ownership.add_contact(ana, kind="email", value=spelling, now=timezone.now())
    assert ana.contact_points.get().value == EMAIL
    check_rows()


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_link_goes_to_the_one_address(spelling: str, met: Relationship) -> None:
    Client().post("/link", {"email": spelling})
    assert mails.sent()[-1].to == [EMAIL]
    assert "Acme" in str(mails.sent()[-1].body)


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_invitation_goes_to_the_one_address(spelling: str, ana: Consumer) -> None:
    workspace = members.begin_workspace_as_owner(
        ana.user, name="Ana", domain="ana.example", now=timezone.now()
    )
    browser = Client()
    browser.force_login(ana.user)
    browser.post(f"/console/{workspace.slug}/team", {"address": spelling, "role": "viewer"})
    assert mails.sent()[-1].to == [EMAIL]
    assert Workspace.objects.get().invitations.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("spellings", [[EMAIL, *SPELLINGS], GREEK_SPELLINGS])
def test_brand_entrances_know_one_person(spellings: list[str], acme: Brand, as_acme: Api) -> None:
    """Registered, recorded, asked and mailed in by any spelling, they are one subject."""
    about = {"purpose": "marketing", "channel": "email"}
    for spelling in spellings:
        contact = {"contact": {"email": spelling}}
        assert as_acme.post("relationships", {**contact, "note": "order"}).status_code < 300
        mailed = {"from": spelling, "subject": "unsubscribe", "text": "", "id": spelling}
        assert as_acme.post("inbound/mail", mailed).status_code < 300
        answer = as_acme.post("check", {**contact, **about}).json()
        assert (answer["allowed"], answer["rule"]) == (False, "person_denied")
    assert Subject.objects.count() == 1


def test_sha256_of_a_spelling_is_of_the_one_form() -> None:
    found = {
        identifiers.compute_contact_sha256(identifiers.Contact(email=each))
        for each in GREEK_SPELLINGS
    }
    assert len(found) == 1
