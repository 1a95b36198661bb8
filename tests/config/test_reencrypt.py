"""Every key is replaced without losing what the old one encrypted."""

from __future__ import annotations

from io import StringIO

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from brands import webhooks
from brands.models import Brand, Subscription
from brands.webhooks import signing_keys
from cmr import mailbox
from cmr.accounts import contact_points
from cmr.allauth_hooks.adapter import SecondFactorAdapter
from cmr.inbound import inlets
from cmr.models import AddressUse, Consumer, ForwardingAddress, Inlet, Sender
from consent.identity import contact_hashes
from consent.models import ContactHash, Relationship
from core import crypto
from tests.conftest import EMAIL, PASSWORD, Api

NOW = timezone.now()
SIGNING_KEY = "key-of-mailgun-0123456789abcdef"


@pytest.fixture
def subscription(acme: Brand) -> Subscription:
    """A webhook with the secret of today and the one before."""
    terms = webhooks.SubscriptionTerms(url="https://hooks.acme.example/")
    made, _ = webhooks.create_subscription(acme, terms, now=NOW)
    webhooks.rotate_secret(made, now=NOW)
    made.refresh_from_db()
    return made


@pytest.fixture
def factor(ana: Consumer) -> Authenticator:
    return TOTP.activate(ana.user, "JBSWY3DPEHPK3PXP").instance


def replace_keys(settings: Settings) -> None:
    for name in ("WEBHOOK_SECRETS", "CONTACT_HASHES"):
        old = getattr(settings, f"{name}_KEY")
        setattr(settings, f"{name}_OLD_KEYS", [old])
        setattr(settings, f"{name}_KEY", f"new {name}")


def drop_old_keys(settings: Settings) -> None:
    settings.WEBHOOK_SECRETS_OLD_KEYS = settings.CONTACT_HASHES_OLD_KEYS = []


def test_reencrypt_everything_is_read_with_the_new_key_alone(
    settings: Settings,
    as_acme: Api,
    subscription: Subscription,
    factor: Authenticator,
    met: Relationship,
) -> None:
    acme, secrets = met.brand, signing_keys.list_secrets(subscription, now=NOW)
    inlet, _ = inlets.open_inlet(acme, provider="mailgun", signing_key=SIGNING_KEY)
    as_acme.post("relationships", {"contact": {"email": EMAIL}, "note": "order"})
    known = contact_hashes.read_contact_hashes(acme.pk, [met.pk])
    replace_keys(settings)
    said = StringIO()
    call_command("reencrypt", stdout=said)
    drop_old_keys(settings)

    assert "2 secrets of webhooks" in said.getvalue()
    subscription.refresh_from_db()
    assert signing_keys.list_secrets(subscription, now=NOW) == secrets
    assert inlets.read_signing_key(Inlet.objects.get(pk=inlet.pk)) == SIGNING_KEY
    factor.refresh_from_db()
    assert SecondFactorAdapter().decrypt(factor.data["secret"]) == "JBSWY3DPEHPK3PXP"
    assert known and contact_hashes.read_contact_hashes(acme.pk, [met.pk]) == known


def test_reencrypt_covers_texts_of_mailboxes(settings: Settings, ana: Consumer) -> None:
    texts = {name: f"text of {name}" for name in ("unsubscribe", "address", "confirmation")}
    sealed = {name: crypto.encrypt_text(text) for name, text in texts.items()}
    Sender.objects.create(
        consumer=ana, organisation="acme.example", route="none", unsubscribe=sealed["unsubscribe"]
    )
    AddressUse.objects.create(
        consumer=ana, digest=b"d", address=sealed["address"], first_at=NOW, last_at=NOW
    )
    mailbox.replace_forwarding_address(ana)
    ForwardingAddress.objects.update(confirmation=sealed["confirmation"], confirmation_at=NOW)
    settings.MAILBOX_FORWARDING_DOMAIN = "in.cmr.example"
    before = mailbox.find_forwarding(ana, now=NOW)
    replace_keys(settings)
    said = StringIO()
    call_command("reencrypt", stdout=said)
    drop_old_keys(settings)
    assert "4 texts of people's mailboxes" in said.getvalue()
    assert mailbox.find_forwarding(ana, now=NOW) == before
    kept = (Sender.objects.get().unsubscribe, AddressUse.objects.get().address)
    assert [crypto.decrypt_text(bytes(each or b"")) for each in kept] == [
        texts["unsubscribe"],
        texts["address"],
    ]


def test_old_keys_are_read_before_reencrypt(
    settings: Settings, subscription: Subscription, factor: Authenticator, met: Relationship
) -> None:
    secrets = signing_keys.list_secrets(subscription, now=NOW)
    replace_keys(settings)
    assert signing_keys.list_secrets(subscription, now=NOW) == secrets
    assert SecondFactorAdapter().decrypt(factor.data["secret"]) == "JBSWY3DPEHPK3PXP"
    contact_hashes.check_hash_key()


def test_reencrypt_without_the_old_key_says_so(
    settings: Settings, subscription: Subscription
) -> None:
    replace_keys(settings)
    drop_old_keys(settings)
    with pytest.raises(CommandError, match="secrets of webhooks cannot be read"):
        call_command("reencrypt", stdout=StringIO())


def test_reencrypt_hash_that_both_keys_sealed_is_one_row(
    settings: Settings, as_acme: Api, acme: Brand, met: Relationship
) -> None:
    """The same address comes again, between the new key and the command."""
    order = {"contact": {"email": EMAIL}, "note": "order"}
    as_acme.post("relationships", order)
    before = ContactHash.objects.count()
    replace_keys(settings)
    as_acme.post("relationships", order)
    assert ContactHash.objects.count() == before + 1
    assert contact_hashes.reencrypt_hashes() == before
    assert contact_hashes.reencrypt_hashes() == 0
    assert ContactHash.objects.count() == before


def test_code_sent_before_the_key_was_replaced_is_taken(settings: Settings, ana: Consumer) -> None:
    pending = contact_points.begin_proof(ana, kind="email", text="second@example.org", now=NOW)
    code = str(mail.outbox[-1].body).split()[0]
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another"
    assert contact_points.prove_contact(pending, code, now=NOW).value == "second@example.org"


def test_code_is_worth_nothing_without_the_key_it_was_made_with(
    settings: Settings, ana: Consumer
) -> None:
    pending = contact_points.begin_proof(ana, kind="email", text="second@example.org", now=NOW)
    code = str(mail.outbox[-1].body).split()[0]
    settings.SECRET_KEY = "another"
    with pytest.raises(contact_points.WrongCode):
        contact_points.prove_contact(pending, code, now=NOW)


def test_session_goes_on_when_the_key_is_replaced(settings: Settings, ana: Consumer) -> None:
    browser = Client()
    browser.post("/account/login/", {"login": EMAIL, "password": PASSWORD})
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another"
    assert browser.get("/you").status_code == 200
