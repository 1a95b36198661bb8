"""Choices that people express away from our pages: at a mail provider, by text message, by mail."""

from cmr.inbound.inlets import (
    ProviderHasNoNumbers,
    TooManyInlets,
    build_inlet_url,
    close_inlet,
    count_outcomes,
    find_inlet,
    has_numbers,
    list_counts,
    list_inlets,
    open_inlet,
    read_signing_key,
    reencrypt_keys,
    set_country,
    set_signing_key,
    verifies_signatures,
)
from cmr.inbound.meaning import Meaning
from cmr.inbound.messages import record_message
from cmr.inbound.posts import NotSigned, UnreadablePost, read_request
from cmr.inbound.providers import PROVIDERS, BadKey, parse_post
from cmr.inbound.receiving import record_letter
from cmr.inbound.recording import resolve_message_scope
from cmr.inbound.replies import IgnoredReason, Reading, read_mail, read_sms
from cmr.inbound.senders import add_country_code, find_address
from cmr.inbound.signatures import SIGNATURES
from cmr.inbound.sns import NoCertificate

__all__ = [
    "PROVIDERS",
    "SIGNATURES",
    "BadKey",
    "IgnoredReason",
    "Meaning",
    "NoCertificate",
    "NotSigned",
    "ProviderHasNoNumbers",
    "Reading",
    "TooManyInlets",
    "UnreadablePost",
    "add_country_code",
    "build_inlet_url",
    "close_inlet",
    "count_outcomes",
    "find_address",
    "find_inlet",
    "has_numbers",
    "list_counts",
    "list_inlets",
    "open_inlet",
    "parse_post",
    "read_mail",
    "read_request",
    "read_signing_key",
    "read_sms",
    "record_letter",
    "record_message",
    "reencrypt_keys",
    "resolve_message_scope",
    "set_country",
    "set_signing_key",
    "verifies_signatures",
]
