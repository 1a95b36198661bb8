"""Headers of newsletters and receipts, as six kinds of senders write them.

Only signatures, Message-IDs, List-Ids and bounce addresses have domains of real providers. Nothing
that one could follow leads to them.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.header import Header
from email.utils import format_datetime

from devstack.demo.mailbox.companies import Company, MailingList, Provider

Fields = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Signer:
    """A domain that signs, and the name of its key."""

    domain: str
    selector: str


@dataclass(frozen=True, slots=True)
class Draft:
    """A mail before it is signed."""

    fields: Fields
    signers: tuple[Signer, ...]


@dataclass(frozen=True, slots=True)
class Variant:
    """What some senders do that makes them harder to recognise."""

    #: A different From address for each mail.
    has_varying_from: bool = False
    #: A List-Id for each campaign.
    has_campaign_ids: bool = False
    #: Only the provider signs.
    has_foreign_signature: bool = False
    #: From has another domain of the company than the signature.
    has_second_domain: bool = False
    #: The company's own signature is missing from every other mail.
    has_missing_signatures: bool = False


USUAL = Variant()


@dataclass(frozen=True, slots=True)
class Sending:
    """One mail that is sent: by whom, to whom, when."""

    company: Company
    to: str
    at: datetime
    variant: Variant
    #: A text that no other mail has.
    token: str
    campaign: int


def build_newsletter(
    company: Company,
    mailing_list: MailingList,
    *,
    to: str,
    at: datetime,
    chance: random.Random,
    variant: Variant = USUAL,
) -> Draft:
    """Return a newsletter of the company, as its provider writes it."""
    sending = _send(company, to, at, chance, variant)
    fields, signers = BUILDERS[company.provider](sending, mailing_list)
    if variant.has_campaign_ids:
        fields = [_number_campaign(name, value, sending) for name, value in fields]
    if variant.has_foreign_signature or (variant.has_missing_signatures and chance.random() < 0.5):
        signers = signers[1:]
    author = _author(sending, mailing_list)
    return Draft([("From", author), *_envelope(sending), *fields], signers)


def build_receipt(
    company: Company, *, to: str, at: datetime, chance: random.Random, variant: Variant = USUAL
) -> Draft:
    """Return a receipt: sent by a program of the company, without a list."""
    sending = _send(company, to, at, chance, variant)
    marks: Fields = [("Auto-Submitted", "auto-generated")]
    if chance.random() < 0.5:
        marks = [("Feedback-ID", f"{sending.campaign}:{company.receipts}:{company.number}:tx")]
    fields = [
        ("From", f"{encode(company.name)} <{company.receipts}@{company.domain}>"),
        ("Message-ID", f"<{sending.token}@app.{company.domain}>"),
        ("Return-Path", f"<bounce+{sending.token}@app.{company.domain}>"),
        *marks,
    ]
    return Draft([*fields, *_envelope(sending)], (Signer(company.domain, "app"),))


def encode(text: str) -> str:
    """Return a text as a header has it: with encoded words if need be (RFC 2047)."""
    return text if text.isascii() else Header(text, "utf-8").encode()


def _send(
    company: Company, to: str, at: datetime, chance: random.Random, variant: Variant
) -> Sending:
    token = f"{chance.getrandbits(80):020x}"
    return Sending(company, to, at, variant, token, campaign=chance.randint(100_000, 9_999_999))


def _envelope(sending: Sending) -> Fields:
    return [
        ("Delivered-To", sending.to),
        ("To", sending.to),
        ("Date", format_datetime(sending.at)),
        ("MIME-Version", "1.0"),
        ("Content-Type", "text/plain; charset=utf-8"),
    ]


def _author(sending: Sending, mailing_list: MailingList) -> str:
    company, variant = sending.company, sending.variant
    host = AUTHORS.get(company.provider, "") + company.domain
    if variant.has_second_domain:
        host = f"{company.slug}-mail.example"
    local = f"{mailing_list.code}"
    if variant.has_varying_from:
        local = f"{mailing_list.code}.{sending.token[:6]}"
    return f"{encode(mailing_list.name)} <{local}@{host}>"


def _number_campaign(name: str, value: str, sending: Sending) -> tuple[str, str]:
    if name != "List-Id":
        return name, value
    return name, f"<{sending.campaign}.{value.rpartition('<')[2]}"


def _unsubscribe(sending: Sending, host: str, path: str, *, mailto: str = "") -> Fields:
    link = f"<https://{host}.{sending.company.domain}/{path}>"
    links = f"{link}, <mailto:{mailto}@{sending.company.domain}>" if mailto else link
    return [("List-Unsubscribe", links), ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")]


def _bounce(sending: Sending) -> str:
    return sending.to.replace("@", "=")


def _build_own(sending: Sending, each: MailingList) -> tuple[Fields, tuple[Signer, ...]]:
    domain = sending.company.domain
    return [
        ("Return-Path", f"<bounce-{sending.campaign}@mail.{domain}>"),
        ("Message-ID", f"<{sending.token}@mail.{domain}>"),
        ("List-Id", f"{encode(each.name)} <{each.code}.{domain}>"),
        *_unsubscribe(
            sending, "www", f"unsubscribe?u={sending.token}&l={each.code}", mailto="unsubscribe"
        ),
        ("Precedence", "bulk"),
    ], (Signer(domain, "mail2024"),)


def _build_sendgrid(sending: Sending, _each: MailingList) -> tuple[Fields, tuple[Signer, ...]]:
    domain, number = sending.company.domain, sending.company.number
    bounce = f"bounces+{number}-{sending.token[:4]}-{_bounce(sending)}@em{number % 9_999}.{domain}"
    return [
        ("Return-Path", f"<{bounce}>"),
        ("Message-ID", f"<{sending.token}@geopod-ismtpd-{number % 40}>"),
        *_unsubscribe(sending, "links", f"asm/unsubscribe/?user_id={number}&data={sending.token}"),
        ("X-SG-EID", f"u001.{sending.token}"),
        ("Feedback-ID", f"{number}:SG"),
    ], (Signer(domain, "s1"), Signer("sendgrid.info", "smtpapi"))


def _build_mailchimp(sending: Sending, each: MailingList) -> tuple[Fields, tuple[Signer, ...]]:
    domain, number = sending.company.domain, sending.company.number
    list_id = f"{each.number:x}mc"
    return [
        (
            "Return-Path",
            f"<bounce-mc.us7_{number}.{sending.campaign}-{_bounce(sending)}@mail7.suw.mcsv.net>",
        ),
        ("Message-ID", f"<{list_id}.{sending.token}.mail7.suw.mcsv.net>"),
        ("List-Id", f"{list_id} list <{list_id}.{number}.list-id.mcsv.net>"),
        *_unsubscribe(
            sending,
            "us7",
            f"unsubscribe/post?u={number:x}&id={list_id}&c={sending.token}",
            mailto=f"unsubscribe-mc.us7_{sending.token[:12]}",
        ),
        ("Feedback-ID", f"{number}:{number}.{sending.campaign}:us7:mc"),
        ("X-MC-User", f"{number:x}"),
    ], (Signer(domain, "k2"), Signer("mailchimpapp.net", "k2"))


def _build_ses(sending: Sending, each: MailingList) -> tuple[Fields, tuple[Signer, ...]]:
    domain = sending.company.domain
    bounce = f"0102{sending.token}-000000@eu-west-1.amazonses.com"
    return [
        ("Return-Path", f"<{bounce}>"),
        ("Message-ID", f"<{bounce}>"),
        *_unsubscribe(sending, "prefs", f"{each.code}/stop/{sending.token}", mailto="stop"),
        ("Feedback-ID", f"1.eu-west-1.{sending.company.number:x}=:AmazonSES"),
        ("X-SES-Outgoing", f"{sending.at:%Y.%m.%d}-54.240.7.1"),
    ], (Signer(domain, "ses7"), Signer("amazonses.com", "uku4taia"))


def _build_salesforce(sending: Sending, each: MailingList) -> tuple[Fields, tuple[Signer, ...]]:
    domain, number = sending.company.domain, sending.company.number
    return [
        ("Return-Path", f"<bounce-{number}_HTML-{sending.campaign}@bounce.em.{domain}>"),
        ("Message-ID", f"<{sending.token}@xtinp1mta{number % 400}.xt.local>"),
        ("Reply-To", f"reply-fe{sending.token}-{number}@em.{domain}"),
        ("List-Id", f"<{each.number}.xt.local>"),
        *_unsubscribe(
            sending, "click.em", f"unsub_center.aspx?qs={sending.token}", mailto="leave-fd"
        ),
        ("Feedback-ID", f"{number}:{sending.campaign}:68.232.1.1:sfmktgcld"),
        ("X-SFMC-Stack", "10"),
    ], (Signer(f"em.{domain}", "10dkim1"), Signer("s10.exacttarget.com", "10dkim1"))


def _build_klaviyo(sending: Sending, each: MailingList) -> tuple[Fields, tuple[Signer, ...]]:
    domain, number = sending.company.domain, sending.company.number
    list_id = f"{each.number:X}"
    return [
        ("Return-Path", f"<bounces+{number}-{_bounce(sending)}@send.{domain}>"),
        ("Message-ID", f"<{sending.token}@ismtpd-{number % 40}>"),
        ("List-Id", f"{encode(each.name)} <{list_id}.{number:X}.klaviyomail.com>"),
        *_unsubscribe(sending, "manage", f"subscriptions/unsubscribed/v2/{sending.token}"),
        ("Feedback-ID", f"185.41.1.1:{number}_{sending.campaign}:{number}:Klaviyo"),
        ("X-Kmail-Message", sending.token),
        ("Precedence", "bulk"),
    ], (Signer(f"send.{domain}", "kl1"), Signer("klaviyomail.com", "km1"))


#: What stands before the company's domain in From.
AUTHORS = {Provider.OWN: "mail.", Provider.SALESFORCE: "em."}
BUILDERS: Mapping[Provider, Callable[[Sending, MailingList], tuple[Fields, tuple[Signer, ...]]]] = {
    Provider.OWN: _build_own,
    Provider.SENDGRID: _build_sendgrid,
    Provider.MAILCHIMP: _build_mailchimp,
    Provider.SES: _build_ses,
    Provider.SALESFORCE: _build_salesforce,
    Provider.KLAVIYO: _build_klaviyo,
}
