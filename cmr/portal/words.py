"""Purposes, channels, choices and rules in words, in the reader's language."""

from __future__ import annotations

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from brands.models import Purpose
from cmr.personal_data import NamedEntry
from consent.models import LedgerEntry

CHANNELS = {
    "email": gettext_lazy("e-mail"),
    "sms": gettext_lazy("SMS"),
    "voice": gettext_lazy("phone calls"),
    "push": gettext_lazy("push notifications"),
    "post": gettext_lazy("letters"),
    "in_app": gettext_lazy("messages in the app"),
    "messaging": gettext_lazy("messengers"),
}
#: The purposes that every installation starts with. Others are shown by their own names.
PURPOSES = {
    "marketing": (gettext_lazy("marketing"), gettext_lazy("Offers and news.")),
    "service": (
        gettext_lazy("service"),
        gettext_lazy("Messages about what you ordered or use, and what the law requires."),
    ),
    "research": (gettext_lazy("research"), gettext_lazy("Surveys and market research.")),
    "personalised_ads": (
        gettext_lazy("personalised ads"),
        gettext_lazy("Advertising chosen by what is known of you."),
    ),
    "profiling": (
        gettext_lazy("profiling"),
        gettext_lazy("Conclusions drawn about you from your data."),
    ),
    "sale_or_sharing": (
        gettext_lazy("sale or sharing"),
        gettext_lazy("Selling your data, or giving it to others."),
    ),
    "ai_training": (
        gettext_lazy("AI training"),
        gettext_lazy("Training machine-learning models on your data."),
    ),
}
#: How hard it is to close an account (`brands.models.ClosingDifficulty`).
DIFFICULTIES = {
    "easy": gettext_lazy("easy"),
    "medium": gettext_lazy("takes some steps"),
    "hard": gettext_lazy("hard: you have to ask them"),
    "limited": gettext_lazy("only where the law gives you the right"),
    "impossible": gettext_lazy("not possible"),
}
#: Categories of the directory. Others are shown by their own names.
CATEGORIES = {
    "addresses": gettext_lazy("address trading"),
    "ads": gettext_lazy("advertising"),
    "church": gettext_lazy("church"),
    "collection agency": gettext_lazy("debt collection"),
    "commerce": gettext_lazy("shopping"),
    "credit agency": gettext_lazy("credit agency"),
    "entertainment": gettext_lazy("entertainment"),
    "finance": gettext_lazy("banking and finance"),
    "health": gettext_lazy("health"),
    "insurance": gettext_lazy("insurance"),
    "nonprofit": gettext_lazy("non-profit organisation"),
    "political party": gettext_lazy("political party"),
    "public body": gettext_lazy("public authority"),
    "school": gettext_lazy("school"),
    "social media": gettext_lazy("social media"),
    "telecommunication": gettext_lazy("telephone and internet"),
    "travel": gettext_lazy("travel"),
    "utility": gettext_lazy("energy and water"),
}
STATES = {
    "receiving": gettext_lazy("Allowed"),
    "paused": gettext_lazy("Paused"),
    "stopped": gettext_lazy("Stopped by you"),
    "silent": gettext_lazy("Not allowed"),
    "asking": gettext_lazy("Wants permission"),
}
ALREADY_SO = gettext_lazy("There was nothing to change: it is so already.")
BRAND_STATUSES = {
    "not_connected": gettext_lazy("stored here; the brand is not connected, so it is not notified"),
    "recorded": gettext_lazy("recorded, and on its way"),
    "delivered": gettext_lazy("delivered"),
    "applied": gettext_lazy("applied"),
    "overdue": gettext_lazy("overdue"),
}
SOURCES = {
    "portal": gettext_lazy("on these pages"),
    "api": gettext_lazy("by a program of yours"),
    "link": gettext_lazy("by a link in a message"),
    "merge": gettext_lazy("when two of your addresses were joined: the stricter choice applies"),
    "gpc": gettext_lazy("by your browser's Global Privacy Control signal"),
    "sms": gettext_lazy("by a text message to the brand"),
    "mail_reply": gettext_lazy("by a mail to the brand"),
    "mail_provider": gettext_lazy("by the unsubscribe or spam button of your mail program"),
    "brand_api": gettext_lazy("by the brand"),
}
REASONS = {
    "too_many_from_brand": gettext_lazy("Too many from this brand"),
    "too_many_in_general": gettext_lazy("Too many messages in general"),
    "not_relevant": gettext_lazy("Not relevant to me"),
    "never_signed_up": gettext_lazy("I never signed up"),
    "no_longer_customer": gettext_lazy("I am no longer a customer"),
    "content_changed": gettext_lazy("It is not what I signed up for"),
    "privacy": gettext_lazy("Privacy"),
    "profiling": gettext_lazy("I do not want to be profiled"),
    "bad_experience": gettext_lazy("A bad experience"),
    "other": gettext_lazy("Something else"),
}
RULES = {
    "no_relationship": gettext_lazy("it had no relationship with you"),
    "required": gettext_lazy("such messages cannot be refused"),
    "person_denied": gettext_lazy("you had said no"),
    "person_paused": gettext_lazy("you had paused it"),
    "brand_denied": gettext_lazy("it had recorded your no"),
    "brand_paused": gettext_lazy("it had recorded your pause"),
    "person_granted": gettext_lazy("you had said yes"),
    "brand_granted": gettext_lazy("it had recorded your yes"),
    "implied": gettext_lazy("you were its customer, or had asked it something"),
    "default_opt_in": gettext_lazy("you had not chosen, which counts as no"),
    "default_opt_out": gettext_lazy("you had not chosen, which counts as yes where you live"),
}


def purpose(code: str | None) -> str:
    """Return a purpose's name for use within a sentence."""
    if not code:
        return _("everything")
    return str(PURPOSES[code][0]) if code in PURPOSES else code.replace("_", " ")


def title(one: Purpose) -> str:
    """Return a purpose's name for use as a title."""
    name = str(PURPOSES[one.code][0]) if one.code in PURPOSES else one.name
    return name[:1].upper() + name[1:]


def description(one: Purpose) -> str:
    return str(PURPOSES[one.code][1]) if one.code in PURPOSES else one.description


def channel(code: str | None) -> str:
    return str(CHANNELS[code]) if code in CHANNELS else (code or "")


def scope(named: NamedEntry) -> str:
    """Return what a choice is about, without the brand: "marketing by e-mail"."""
    entry = named.entry
    what = purpose(entry.purpose_id)
    if entry.topic:
        what = _("“%(topic)s”") % {"topic": named.topic}
    if entry.channel:
        what = _("%(what)s by %(channel)s") % {"what": what, "channel": channel(entry.channel)}
    if entry.maker == "brand":
        return what  # it is about the address that the brand uses, which need not be named
    if named.address:
        what = _("%(what)s to %(address)s") % {"what": what, "address": named.address}
    elif entry.contact_point_id:
        what = _("%(what)s to one of your addresses") % {"what": what}
    return what


def describe_decision(named: NamedEntry) -> str:
    """Return a choice as one sentence, without the brand that it is about."""
    entry, what = named.entry, scope(named)
    if entry.decision == "grant":
        return _("Yes to %(what)s") % {"what": what}
    if entry.decision == "deny":
        return _("No to %(what)s") % {"what": what}
    if entry.decision == "pause":
        return _("Paused until %(until)s: %(what)s") % {"what": what, "until": day(entry.until)}
    if entry.decision == "limit":
        return _("%(limit)s: %(what)s") % {"limit": limit(entry), "what": what}
    ended = {
        "grant": _("Removed your yes to %(what)s"),
        "deny": _("Removed your no to %(what)s"),
        "pause": _("Ended your pause of %(what)s"),
        "limit": _("Ended your limit on %(what)s"),
    }
    return ended.get(entry.before, _("Removed your choice about %(what)s")) % {"what": what}


def limit(entry: LedgerEntry) -> str:
    return at_most(entry.limit_max or 0, entry.limit_per or "")


def at_most(number: int, per: str) -> str:
    text = {
        "day": ngettext("At most %(n)s a day", "At most %(n)s a day", number),
        "week": ngettext("At most %(n)s a week", "At most %(n)s a week", number),
        "month": ngettext("At most %(n)s a month", "At most %(n)s a month", number),
    }
    return text[per] % {"n": number}


def before(decision: str | None) -> str:
    """Return the decision that was in force on the same scope before a choice."""
    words = {
        "grant": _("yes"),
        "deny": _("no"),
        "pause": _("a pause"),
        "limit": _("a limit"),
        "clear": _("no choice of yours"),
    }
    return words.get(decision or "clear", "")


def day(moment: object) -> str:
    return date_format(localtime(moment), "DATE_FORMAT") if moment else ""  # type: ignore[arg-type]
