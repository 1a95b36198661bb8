"""What a name may hold, and which texts name a place on the web."""

from __future__ import annotations

import re
import unicodedata

from django.core.exceptions import ValidationError

#: Control characters, line breaks, and marks that turn the direction of what follows: a name with
#: them breaks a mail's head, or reads as something else. As a class for Python and PostgreSQL.
UNSEEN_CHARACTERS = (
    r"[\u0001-\u001f\u007f-\u009f\u00ad\u200b\u200e\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff]"
)
#: A scheme, a path after a name, or an IP address.
LINK = re.compile(r"://|\bhttps?:|\bwww\.|\w\.\w{2,}/|\b\d+(?:\.\d+){3}\b", re.IGNORECASE)
#: Labels with dots between them, of which the last looks as a top-level domain does. Mail programs
#: make links of such names.
HOST = re.compile(r"[^\W_](?:[\w-]*\w)?(?:\.[^\W_](?:[\w-]*\w)?)*\.(?:xn--[a-z0-9-]+|[^\W\d_]{2,})")
#: The other full stops that browsers read as one.
STOPS = str.maketrans("\u3002\uff61", "..")


def check_name(name: str) -> None:
    """Refuse a name that holds what cannot be seen.

    Raises:
        ValidationError
    """
    if re.search(UNSEEN_CHARACTERS, name):
        message = "A name has no line breaks and no control characters."
        raise ValidationError(message, code="control_characters")


def remove_unseen(name: str) -> str:
    """Put spaces in place of what `check_name` refuses, for a name that may be anything."""
    return re.sub(UNSEEN_CHARACTERS, " ", name.replace("\0", ""))


def has_address(text: str, *, own: str = "") -> bool:
    """Return whether *text* names a place on the web other than the host *own* or one below it.

    Nobody may use our mails to lead people away. A company that is called like its web site may
    say its name: pass its domain, once that is proven.
    """
    plain = unicodedata.normalize("NFKC", text).translate(STOPS).lower()
    plain = "".join(each for each in plain if unicodedata.category(each) != "Cf")  # no width
    if LINK.search(plain):
        return True
    return any(not _is_below(host, own.lower()) for host in HOST.findall(plain))


def _is_below(host: str, own: str) -> bool:
    return bool(own) and (host == own or host.endswith(f".{own}"))
