"""A brand asks a person for a yes, by mail too where they asked for it (double opt-in)."""

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
    """Ask whoever *contact* is; what may not be asked is counted.

    With evidence, and an e-mail address as the contact, they get a mail to confirm.

    Raises:
        people.NoRelationship, identifiers.InvalidAddress, smtp.CannotReach, smtp.CannotSendNow,
        and what `asking.ask` raises.
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
    """Return the address that the mail goes to; empty where there is none to send.

    Raises:
        identifiers.InvalidAddress, smtp.CannotReach, smtp.CannotSendNow
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
    """Write to *address*, which is kept only until then, with the person's own link to it.

    What a test brand writes is kept without the address, for the brand to see, and goes nowhere.

    A mail goes out whether they have an account or not, so a brand cannot tell.
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
