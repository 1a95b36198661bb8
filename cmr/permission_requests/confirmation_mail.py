"""Permission requests with a confirmation mail (double opt-in)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from brands.models import Brand
from cmr import choices, messages
from cmr.choices import Link
from cmr.messages import NewMessage
from cmr.models import ContactKind, PermissionRequest, TestMail
from cmr.permission_requests import requests
from cmr.permission_requests.requests import RequestedPermission
from consent import identity, relationships, reporting
from consent.identity import Contact
from consent.models import Refusal


def ask_with_confirmation(
    brand: Brand, contact: Contact, question: RequestedPermission, *, language: str, now: datetime
) -> PermissionRequest:
    """Create a permission request for the person with this contact. Count refused requests.

    If there is evidence and the contact is an e-mail address, send a confirmation mail.

    Raises:
        relationships.NoRelationship, identity.InvalidAddress, messages.CannotReach,
        messages.CannotSendNow, and what `requests.ask_person` raises.
    """
    relationship = relationships.find_relationship(brand.pk, contact)
    address = _address_of_mail(brand, contact, question)
    try:
        with transaction.atomic():
            asked = requests.ask_person(relationship, question, now=now)
            if address:
                send_confirmation_mail(asked, address, language=language, now=now)
    except requests.MayNotAsk:
        reporting.count_refusal(brand, Refusal.Kind.ASK, now=now)
        raise
    return asked


def _address_of_mail(brand: Brand, contact: Contact, question: RequestedPermission) -> str:
    """Return the address for the mail; empty if no mail is sent.

    Raises:
        identity.InvalidAddress, messages.CannotReach, messages.CannotSendNow
    """
    if not contact.email or not question.evidence:
        return ""
    address = identity.normalise_email(contact.email)
    if not brand.test:
        messages.check_reachable(address)
    return address


def send_confirmation_mail(
    asked: PermissionRequest, address: str, *, language: str, now: datetime
) -> None:
    """Send the person's proven link to *address*, which is stored only until it is sent.

    A test brand's mail is not sent. It is stored without the address, so that the brand can read
    it.

    The mail is sent to people with and without an account, so that a brand cannot tell them apart.
    """
    relationship = asked.relationship
    link = Link(relationship, asked.purpose_id, asked.channel, asked.topic)
    words = {"brand": relationship.brand.name, "evidence": asked.evidence}
    with translation.override(language):
        lines = [
            _("%(brand)s says that you asked for this: %(evidence)s") % words,
            f"“{asked.text}”",
            _("Say yes, no, or never again here:"),
            choices.build_url("p", choices.build_proven_token(link, now=now)),
            _("If you do nothing, it stays a no."),
        ]
        subject, text = _("%(brand)s asks you to confirm") % words, "\n\n".join(lines)
    if relationship.brand.test:
        TestMail.objects.create(brand=relationship.brand, subject=subject, text=text, made_at=now)
    else:
        messages.add_messages([NewMessage(ContactKind.EMAIL, address, subject, text)], now=now)
