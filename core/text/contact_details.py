"""Finding e-mail addresses and phone numbers in what somebody wrote.

A number without its `+` cannot be told from a customer number, so it is no address here; neither is
the version of a notice, as `newsletter@3`.
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
    """Return whether *text* holds an e-mail address or an international phone number."""
    return ADDRESS.search(text) is not None


def mask_addresses(text: str) -> str:
    """Return *text* with a mark in place of each address: a log needs none."""
    return ADDRESS.sub(MASK, text)
