"""The mail with the links to a person's preference pages, sent to the address that asks for it."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from cmr import choices, messages, rate_limits
from cmr.choices import Link
from cmr.messages import NewMessage
from cmr.models import ContactKind
from consent import identity
from consent.models import Identifier, Relationship

#: The maximum number of links in one mail.
MOST = 100


def send_links(address: str, *, now: datetime) -> None:
    """Mail the links to *address*, known or not; only its owner learns which.

    Raises:
        identity.InvalidAddress, smtp.CannotReach, smtp.CannotSendNow
        rate_limits.LimitsUnavailable
    """
    normalised = identity.normalise_email(address)
    messages.check_reachable(normalised)
    known = list(_relationships(normalised))
    lines = [f"{each.brand.name}\n{_page_of(each, now)}\n" for each in known]
    if lines:
        said = _("With these links you decide what each brand may send you, without an account:")
    else:
        said = _("No brand here knows this address.")
    account = _("With an account you see all brands at once: %s") % _url("account_signup")
    why = _("Somebody typed your address at %s. If it was not you, do nothing.")
    ends = [_("Each link can say yes once, within a week. It can say no at any time."), ""]
    ends = ends if lines else []
    letter = "\n".join([said, "", *lines, *ends, account, "", why % settings.PUBLIC_URL, ""])
    if rate_limits.count_attempt_quietly("mail", address=normalised):  # the page is the same
        message = NewMessage(ContactKind.EMAIL, normalised, _("Your preference pages"), letter)
        messages.add_messages([message], now=now)


def _relationships(normalised: str) -> list[Relationship]:
    subjects = Identifier.objects.filter(
        digest=identity.compute_identifier_digest(normalised)
    ).values("subject")
    active = Relationship.objects.active().filter(subject__in=subjects)
    return list(active.select_related("brand").order_by("brand__name", "pk")[:MOST])


def _page_of(relationship: Relationship, now: datetime) -> str:
    return choices.build_url("p", choices.build_proven_token(Link(relationship), now=now))


def _url(name: str) -> str:
    return f"{settings.PUBLIC_URL}{reverse(name)}"
