"""Reading a message's sender, in the forms that mail programs and gateways write it."""

from __future__ import annotations

import re
from email.utils import parseaddr

import phonenumbers

QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
#: One address in angle brackets, after any name.
NAMED = re.compile(r"[^<>]*<([^<>]*)>\s*")
#: A `From` of more characters is not searched.
LONGEST = 1_000


def find_address(sender: str) -> str:
    """Return the address of a `From`, even if its name was decoded and is no longer quoted.

    Programs send `Gómez, Ana <ana@example.org>` and `[Ext] Ana <ana@example.org>`, which are no
    mailboxes of RFC 5322. Text without a single address is returned unchanged.
    """
    if len(sender) <= LONGEST and (named := NAMED.fullmatch(QUOTED.sub("", sender))):
        return named[1].strip()
    is_single = "<" not in sender and sender.count("@") == 1
    return parseaddr(sender)[1] or sender if is_single else sender


def add_country_code(sender: str, country: str = "") -> str:
    """Return a number with `+` and its country code, which some gateways leave out.

    With a *country* (ISO 3166-1), read the number as one of that country, with or without its
    code: 415 555 0100 of the US is not Swiss. A number that has a possible length there but is not
    valid is returned unchanged: read as another country's, it would belong to a stranger. Any other
    number begins with its country code.
    """
    bare = sender.strip()
    if country and not bare.startswith("+"):
        code = str(phonenumbers.country_code_for_region(country))
        if bare.startswith(code) and (number := _read_number(f"+{bare}")):
            return number
        if number := _read_number(bare, country):
            return number
        if _is_possible(bare, country):
            return sender
    is_bare = bare.isascii() and bare.isdigit() and not bare.startswith("0") and len(bare) > 7
    return f"+{bare}" if is_bare else sender


def _is_possible(bare: str, country: str) -> bool:
    """Return whether a number has a length that numbers of *country* have."""
    try:
        return phonenumbers.is_possible_number(phonenumbers.parse(bare, country))
    except phonenumbers.NumberParseException:
        return False


def _read_number(bare: str, country: str | None = None) -> str:
    """Return a valid number in E.164; empty for any other text."""
    try:
        number = phonenumbers.parse(bare, country)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_valid_number(number) or number.extension:
        return ""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
