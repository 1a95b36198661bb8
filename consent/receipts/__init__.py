"""Signed receipts of choices, and consent records according to ISO/IEC TS 27560."""

from consent.receipts.iso27560 import WITHHELD_WORDS, Record
from consent.receipts.signed import (
    LONGEST_RECEIPT,
    NotAReceipt,
    UnknownKey,
    WrongSignature,
    build_record,
    is_record_in_ledger,
    issue_receipt,
    list_public_keys,
    verify_receipt,
)

__all__ = [
    "LONGEST_RECEIPT",
    "WITHHELD_WORDS",
    "NotAReceipt",
    "Record",
    "UnknownKey",
    "WrongSignature",
    "build_record",
    "is_record_in_ledger",
    "issue_receipt",
    "list_public_keys",
    "verify_receipt",
]
