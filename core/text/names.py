"""Checks of displayed names: invisible characters, links and host names."""

from __future__ import annotations

import re
import unicodedata

from django.core.exceptions import ValidationError

#: Control characters, line breaks, and marks that change the direction of text. In a name they
#: could break a mail header, or make the name look like another one. The character class is valid
#: in regular expressions of both Python and PostgreSQL.
UNSEEN_CHARACTERS = (
    r"[\u0001-\u001f\u007f-\u009f\u00ad\u200b\u200e\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff]"
)
#: A URL scheme, a path after a host name, or an IPv4 address.
LINK = re.compile(r"://|\bhttps?:|\bwww\.|\w\.\w{2,}/|\b\d+(?:\.\d+){3}\b", re.IGNORECASE)
#: Labels separated by dots, where the last looks like a top-level domain. Mail programs turn such
#: names into links.
HOST = re.compile(r"[^\W_](?:[\w-]*\w)?(?:\.[^\W_](?:[\w-]*\w)?)*\.(?:xn--[a-z0-9-]+|[^\W\d_]{2,})")
#: Other full stops that browsers treat as a dot in a host name.
STOPS = str.maketrans("\u3002\uff61", "..")


def check_name(name: str) -> None:
    """Refuse a name that contains invisible characters.

    Raises:
        ValidationError: code `control_characters`.
    """
    if re.search(UNSEEN_CHARACTERS, name):
        message = "A name cannot contain line breaks or control characters."
        raise ValidationError(message, code="control_characters")


def remove_unseen(name: str) -> str:
    """Return *name* with a space for each character that `check_name` would refuse.

    NUL characters are removed. Use it for names from outside, which may contain anything.
    """
    return re.sub(UNSEEN_CHARACTERS, " ", name.replace("\0", ""))


def has_address(text: str, *, own: str = "") -> bool:
    """Return whether *text* contains a link or host name other than *own* or its subdomains.

    Otherwise somebody could use our mails to send people to other web sites. A company whose name
    is its web site may use that name: pass its domain as *own*, once the domain is proven.
    """
    plain = unicodedata.normalize("NFKC", text).translate(STOPS).lower()
    # Zero-width characters could hide a host name from the pattern.
    plain = "".join(each for each in plain if unicodedata.category(each) != "Cf")
    if LINK.search(plain):
        return True
    return any(not _is_below(host, own.lower()) for host in HOST.findall(plain))


def _is_below(host: str, own: str) -> bool:
    return bool(own) and (host == own or host.endswith(f".{own}"))
