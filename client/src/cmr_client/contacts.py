"""Contacts: how a call identifies a person."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TypeAlias


@dataclass(frozen=True, kw_only=True)
class Contact:
    """Exactly one of an e-mail address, a phone number, the SHA-256 of one, and your own `ref`."""

    email: str | None = None
    phone: str | None = None
    sha256: str | None = None
    ref: str | None = None

    def __post_init__(self) -> None:
        if len(self.to_json()) != 1:
            raise ValueError("a contact is exactly one of email, phone, sha256 and ref")

    def to_json(self) -> dict[str, str]:
        """Return the contact as JSON for the service."""
        return {name: value for name, value in asdict(self).items() if value is not None}


#: A text is an e-mail address, or a phone number that begins with +.
Whom: TypeAlias = Contact | str


def contact_json(whom: Whom) -> dict[str, str]:
    """Return a contact or a list of contacts as JSON for the service."""
    if isinstance(whom, Contact):
        return whom.to_json()
    return {"phone": whom} if whom.startswith("+") else {"email": whom}
