"""API keys of brands, and the keys that seal their links: issue, verify, rotate and revoke them."""

from brands.credentials.bearer import generate_credential, matches_digest, read_credential_prefix
from brands.credentials.brand_keys import (
    KEY_BRAND_QUERY,
    KEY_SCOPES,
    LIVE_KEY,
    KeyNotUsable,
    UnknownScope,
    is_key_still_usable,
    is_key_usable,
    issue_key,
    read_key_prefix,
    recognise_key,
    record_key_use,
    revoke_key,
    rotate_key,
)
from brands.credentials.link_keys import (
    TooManyLinkKeys,
    derive_keys,
    derive_link_key,
    list_accepted_link_keys,
    rotate_link_key,
)

__all__ = [
    "KEY_BRAND_QUERY",
    "KEY_SCOPES",
    "LIVE_KEY",
    "KeyNotUsable",
    "TooManyLinkKeys",
    "UnknownScope",
    "derive_keys",
    "derive_link_key",
    "generate_credential",
    "is_key_still_usable",
    "is_key_usable",
    "issue_key",
    "list_accepted_link_keys",
    "matches_digest",
    "read_credential_prefix",
    "read_key_prefix",
    "recognise_key",
    "record_key_use",
    "revoke_key",
    "rotate_key",
    "rotate_link_key",
]
