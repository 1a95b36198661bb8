"""What a mailbox shows of a company, in words: kinds of mail, ways to unsubscribe, how often."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from cmr.mailbox import Company
from cmr.models import Sender, SignatureResult
from mailbox_reader import Route

#: A newsletter, by how its newest mail says that one unsubscribes.
NEWSLETTERS = {
    Route.ONE_CLICK: gettext_lazy("newsletter, unsubscribe by one click"),
    Route.MAILTO: gettext_lazy("newsletter, unsubscribe by e-mail"),
    Route.WEB: gettext_lazy("newsletter, unsubscribe on a web page"),
    Route.NONE: gettext_lazy("newsletter that names no way to unsubscribe"),
}
GROUP = gettext_lazy("mailing list of a group")
RECEIPTS = gettext_lazy("looks like receipts")
#: A failed or missing check is no proof of forgery: keys of old mail are removed, and forwarders
#: change mail.
SIGNATURES = {
    SignatureResult.NONE: gettext_lazy("not checked"),
    SignatureResult.PASSED: gettext_lazy("valid: the mail comes from the domain that signed it"),
    SignatureResult.NO_KEY: gettext_lazy(
        "could not be verified, because its key is no longer public. That is usual for old mail."
    ),
    SignatureResult.FAILED: gettext_lazy(
        "does not match. The mail was changed on its way, or is not from them."
    ),
}
KINDS = {
    "": gettext_lazy("All"),
    "connected": gettext_lazy("Connected"),
    "listed": gettext_lazy("Listed"),
    "mailbox": gettext_lazy("Only in my mailbox"),
    "receipts": gettext_lazy("Looks like receipts"),
}
#: From this share on, a page says how much of the mail was marked as junk.
HIGH_JUNK = 0.1
MOST_KINDS = 3


def describe_sender(sender: Sender) -> str:
    """Return the kind of a sender's mails, for use within a sentence."""
    if sender.is_group:
        return str(GROUP)
    if sender.is_transactional:
        return str(RECEIPTS)
    route = Route(sender.route)
    if route is Route.ONE_CLICK and not sender.is_one_click_verified:
        route = Route.WEB  # anybody can write such a header: only a verified link may be posted to
    return str(NEWSLETTERS[route])


def describe_kinds(companies: Iterable[Company]) -> str:
    """Return the kinds of mail of a company, each once, with a capital letter."""
    kinds = dict.fromkeys(
        describe_sender(each) for company in companies for each in company.senders
    )
    text = "; ".join(list(kinds)[:MOST_KINDS])
    if len(kinds) > MOST_KINDS:
        text = _("%(kinds)s; and more") % {"kinds": text}
    return text[:1].upper() + text[1:]


def describe_rate(mails: float) -> str:
    """Return how often mails come, of so many a month."""
    if not mails:
        return _("none in the last year")
    if (number := round(mails)) < 1:
        return _("less than one mail a month")
    text = ngettext("%(number)s mail a month", "%(number)s mails a month", number)
    return text % {"number": number}


def describe_receipts(mails: float) -> str:
    """Return how often mails that look like receipts come, of so many a month."""
    if (number := round(mails)) < 1:
        return _("now and then one that looks like a receipt")
    text = ngettext(
        "%(number)s a month looks like a receipt",
        "%(number)s a month look like receipts",
        number,
    )
    return text % {"number": number}


def describe_junk(share: float) -> str:
    """Return how much was marked as junk, if it is much; else an empty text."""
    if share < HIGH_JUNK:
        return ""
    return _("%(percent)s %% marked as junk") % {"percent": round(100 * share)}
