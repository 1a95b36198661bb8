"""Detection of e-mail addresses and phone numbers in free text.

A number without a leading `+` does not count as a phone number, because it may be a customer
number. The version of a notice, such as `newsletter@3`, does not count as an e-mail address.
"""

from __future__ import annotations

import re

EMAIL = (
    r"[^\s\"'<>(){}\[\],;:=/\\@]+\s*(?:@|%40|\\u0040|[(\[]\s*at\s*[)\]])\s*"
    r"(?:[^\s\"'<>(){}\[\],;:/\\@.]+\.)+[^\W\d_][\w-]+"
)
PHONE = r"\+\d(?:[ ().\-/]{0,2}\d){6,14}"
ADDRESS = re.compile(f"{EMAIL}|{PHONE}", re.IGNORECASE)
MASK = "[address]"


def holds_address(text: str) -> bool:
    """Return whether *text* contains an e-mail address or an international phone number."""
    return ADDRESS.search(text) is not None


def mask_addresses(text: str) -> str:
    """Return *text* with each address replaced by `MASK`, so that logs contain no addresses."""
    return ADDRESS.sub(MASK, text)
