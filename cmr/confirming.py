"""The mail in which a person is asked to confirm what they asked a brand for (double opt-in)."""

from __future__ import annotations

from datetime import datetime

from django.core.mail import send_mail
from django.utils import translation
from django.utils.translation import gettext as _

from cmr import links
from cmr.links import Link
from cmr.models import PermissionRequest, TestMail


def send(asked: PermissionRequest, address: str, *, language: str, now: datetime) -> None:
    """Write to *address*, which is kept nowhere, with the person's own link to the question.

    What a test brand writes is kept without the address, for the brand to see, and goes nowhere.

    A mail goes out whether they have an account or not, so a brand cannot tell.
    """
    relationship = asked.relationship
    link = Link(relationship, asked.purpose_id, asked.channel, asked.topic, proven=True)
    words = {"brand": relationship.brand.name, "evidence": asked.evidence}
    with translation.override(language):
        lines = [
            _("%(brand)s says that you asked for this: %(evidence)s") % words,
            f"“{asked.text}”",
            _("Say yes, no, or never again here:"),
            links.address_of("p", links.mint(link)),
            _("If you do nothing, it stays a no."),
        ]
        subject, text = _("%(brand)s asks you to confirm") % words, "\n\n".join(lines)
    if relationship.brand.test:
        TestMail.objects.create(brand=relationship.brand, subject=subject, text=text, made_at=now)
    else:
        send_mail(subject, text, None, [address])
