"""The organisation that sends a mail, by its domain; and the domains that name no organisation."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache, lru_cache

from publicsuffixlist import PublicSuffixList

DOMAIN = re.compile(r"[a-z0-9_](?:[a-z0-9_.-]{0,251}[a-z0-9])?\.[a-z0-9-]{2,63}")

#: Domains whose kind is remembered at most.
MOST_KNOWN = 16_384


class ProviderKind(StrEnum):
    """What a domain is used for by others than its owner."""

    SENDING = "sending"  # sends the mails of many companies
    MAILBOX = "mailbox"  # gives addresses to many people
    GROUP = "group"  # runs mailing lists of many groups


DEFAULT_PROVIDERS: Mapping[ProviderKind, tuple[str, ...]] = {
    ProviderKind.SENDING: (
        *("sendgrid.net", "sendgrid.info", "mailgun.org", "mailgun.net", "amazonses.com"),
        *("mcsv.net", "mcdlv.net", "rsgsv.net", "mandrillapp.com", "mailchimpapp.net"),
        *("mktomail.com", "mktdns.com", "exacttarget.com", "salesforce.com", "s10.exacttarget.com"),
        *("klaviyomail.com", "hubspotemail.net", "hubspot.com", "hs-send.com"),
        *("createsend.com", "cmail19.com", "cmail20.com", "createsend1.com", "createsend5.com"),
        *("brevo.com", "sendinblue.com", "sender-sib.com", "brevosend.com", "mailin.fr"),
        *("substack.com", "beehiiv.com", "ghost.io", "convertkit-mail.com", "convertkit-mail2.com"),
        *("sparkpostmail.com", "sparkpostmail2.com", "postmarkapp.com", "mtasv.net"),
        *("mailjet.com", "mailersend.net", "mlsend.com", "mailerlite.com", "resend.dev"),
        *("getresponse.com", "getresponse-mail.com", "activehosted.com", "acems1.com"),
        *("constantcontact.com", "ccsend.com", "in.constantcontact.com", "icontact.com"),
        *("emarsys.net", "responsys.net", "rsys1.net", "bronto.com", "listrak.com"),
        *("customeriomail.com", "customer.io", "iterable.com", "braze.com", "braze.eu"),
        *("cheetahmail.com", "selligent.com", "optivo.net", "episerver.net", "inxmail.com"),
        *("inxserver.com", "cleverreach.com", "crsend.com", "rapidmail.com", "emailsys.net"),
        *("emailsys1a.net", "agnitas.de", "evalanche.com", "mailingwork.de", "newsletter2go.com"),
        *("moosend.com", "omnisend.com", "dripemail2.com", "aweber.com", "smtp2go.com"),
        *("elasticemail.com", "zohocampaigns.com", "zcsend.net", "pardot.com", "sailthru.com"),
        *("mailtrap.io", "mailup.com", "dotdigital-email.com", "dotmailer.com", "zendesk.com"),
        *("gappssmtp.com", "onmicrosoft.com", "pphosted.com", "mimecast.com"),
        # Domains of their links.
        *("list-manage.com", "kmail-lists.com", "klaviyo.com", "hubspotlinks.com"),
        *("hubspotemail.com", "exct.net", "sendibt2.com", "sendibt3.com", "sendibm1.com"),
        *("sendibm3.com", "mjt.lu", "emlnk.com", "acemlna.com", "getdrip.com", "soundestlink.com"),
        *("appboy.com", "mktoweb.com", "emarsys.com", "convertkit.com", "ck.page", "iterable.net"),
        *("sparkpost.com", "cmail1.com"),
    ),
    ProviderKind.MAILBOX: (
        *("gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "live.com", "msn.com"),
        *("yahoo.com", "yahoo.de", "yahoo.co.uk", "yahoo.fr", "ymail.com", "aol.com", "icloud.com"),
        *("me.com", "mac.com", "gmx.de", "gmx.net", "gmx.com", "gmx.at", "gmx.ch", "web.de"),
        *("t-online.de", "freenet.de", "posteo.de", "mailbox.org", "proton.me", "protonmail.com"),
        *("pm.me", "tutanota.com", "tuta.com", "fastmail.com", "fastmail.fm", "zoho.com"),
        *("mail.ru", "yandex.ru", "yandex.com", "qq.com", "163.com", "126.com", "naver.com"),
        *("orange.fr", "wanadoo.fr", "free.fr", "laposte.net", "libero.it", "virgilio.it"),
        *("comcast.net", "verizon.net", "att.net", "btinternet.com", "hotmail.co.uk", "bluewin.ch"),
    ),
    ProviderKind.GROUP: (
        *("googlegroups.com", "groups.io", "yahoogroups.com", "yahoogroups.de", "freelists.org"),
        *("listserv.net", "simplelists.com", "topica.com", "egroups.com", "framalistes.org"),
    ),
}


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()  # some 100 ms and 5 MB, only where mail is read


@lru_cache(16_384)
def find_organisational_domain(domain: str) -> str:
    """Return the domain below its public suffix: `example.co.uk` of `mail.example.co.uk`.

    Empty if there is none, such as for `localhost`, an IP address or `co.uk` itself.
    """
    name = _encode_domain(domain.lower().strip("."))
    if not DOMAIN.fullmatch(name) or ".." in name:
        return ""
    return _suffixes().privatesuffix(name) or ""


def _encode_domain(name: str) -> str:
    """Return an international domain as DNS writes it (IDNA); empty if it cannot be one."""
    if name.isascii():
        return name
    try:
        return name.encode("idna").decode()
    except UnicodeError:
        return ""


@dataclass(frozen=True)
class MailProviders:
    """The domains of providers, by their kind. A subdomain of one counts as well."""

    kinds: Mapping[str, ProviderKind]
    #: Answers for domains that were asked before: a mailbox has few.
    _known: dict[str, ProviderKind | None] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def from_lists(cls, lists: Mapping[ProviderKind, Iterable[str]]) -> MailProviders:
        """Return the providers of lists of domains, one list for each kind."""
        return cls({domain: kind for kind, domains in lists.items() for domain in domains})

    def find_kind(self, domain: str) -> ProviderKind | None:
        """Return the kind of provider that *domain* belongs to; None for an organisation's own."""
        if domain not in self._known:
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            self._known[domain] = self._look_up(domain.lower())
        return self._known[domain]

    def _look_up(self, name: str) -> ProviderKind | None:
        while name:
            if (kind := self.kinds.get(name)) is not None:
                return kind
            name = name.partition(".")[2]
        return None

    def is_own(self, domain: str) -> bool:
        """Return whether *domain* can name an organisation, because it is no provider's."""
        return bool(domain) and self.find_kind(domain) is None
