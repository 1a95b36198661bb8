"""Validation of names that people read, and detection of addresses in texts."""

from core.text.contact_details import holds_address, mask_addresses
from core.text.names import UNSEEN_CHARACTERS, check_name, has_address, remove_unseen

__all__ = [
    "UNSEEN_CHARACTERS",
    "check_name",
    "has_address",
    "holds_address",
    "mask_addresses",
    "remove_unseen",
]
