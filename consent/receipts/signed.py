"""Receipts: signed records of choices, so that nobody can dispute what was recorded.

A receipt is a compact JWS (RFC 7515) with the algorithm `Ed25519` (RFC 9864) over the record as
canonical JSON (RFC 8785). For our values, sorted keys and no white space give that form: text,
whole numbers, true, false and null under keys of plain letters. Ed25519 is deterministic, so the
same record with the same key has the same receipt. Our keys are at `/.well-known/jwks.json`.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import orjson
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from brands import catalogue
from brands.catalogue import NoticeRef
from consent.models import LedgerEntry, Relationship
from consent.receipts import iso27560
from consent.receipts.iso27560 import Record
from core.errors import DomainError

ALGORITHM = "Ed25519"
TYPE = "consent-receipt+jws"
INFO = b"cmr consent receipts 1"
#: The maximum length of a receipt, in characters.
LONGEST_RECEIPT = 40_000


class NotAReceipt(DomainError):
    """A text that does not have the format of a receipt."""

    code = "invalid_receipt"
    field = "receipt"


class UnknownKey(DomainError):
    """A receipt signed with a key that is not ours."""

    code = "invalid_receipt"
    field = "receipt"


class WrongSignature(DomainError):
    """A receipt that was altered after it was signed, or signed by somebody else."""

    code = "invalid_receipt"
    field = "receipt"


def issue_receipt(entry: LedgerEntry, *, controls_at: str) -> str:
    """Return the receipt of *entry*. The same entry always has the same receipt."""
    key = _keys()[0]
    header = {"alg": ALGORITHM, "kid": key.kid, "typ": TYPE}
    record = build_record(entry, controls_at=controls_at)
    return jws.serialize_compact(header, serialise_record(record), key, algorithms=[ALGORITHM])


def build_record(entry: LedgerEntry, *, controls_at: str) -> Record:
    earlier = LedgerEntry.objects.filter(
        subject=entry.subject_id, subject_seq__lt=entry.subject_seq
    )
    named = NoticeRef(entry.brand_id, entry.notice, entry.recorded_at)
    return iso27560.build_consent_record(
        entry,
        earlier=earlier,
        texts=catalogue.read_notice_texts(named),
        principal=_principal(entry),
        controls_at=controls_at,
    )


def serialise_record(record: Record) -> bytes:
    """Return the signed bytes of a record (RFC 8785)."""
    return orjson.dumps(record, option=orjson.OPT_SORT_KEYS)


def verify_receipt(text: str) -> Record:
    """Return the record in a receipt, if we signed it and it is unaltered.

    Raises:
        NotAReceipt: the text does not have the format of a receipt.
        UnknownKey: it was signed with a key that is not ours.
        WrongSignature: the signature does not match the content.
    """
    text = text.strip()
    try:
        header = jws.extract_compact(text[:LONGEST_RECEIPT].encode()).headers()
    except (JoseError, ValueError) as error:
        raise NotAReceipt("this is not a receipt") from error
    if header.get("alg") != ALGORITHM or header.get("typ") != TYPE:
        raise NotAReceipt("this is not a receipt")
    key = next((each for each in _keys() if each.kid == header.get("kid")), None)
    if key is None:
        raise UnknownKey("this was not signed with one of our keys")
    try:
        signed = jws.deserialize_compact(text, key, algorithms=[ALGORITHM])
    except (JoseError, ValueError) as error:
        raise WrongSignature("this was altered, or signed by somebody else") from error
    record: Record = orjson.loads(signed.payload)
    return record


def is_record_in_ledger(record: Record) -> bool:
    """Return whether the ledger still has the entry of *record*, unchanged."""
    place = record.get("cmr:ledger") or {}
    entry = LedgerEntry.objects.filter(pk=str(record.get("dct:identifier"))).first()
    return entry is not None and bytes(entry.hash).hex() == place.get("cmr:hash")


def list_public_keys() -> dict[str, Any]:
    """Return the public keys, the current one first (RFC 7517)."""
    return {"keys": [_public(key) for key in _keys()]}


def _public(key: OKPKey) -> dict[str, Any]:
    return {**key.as_dict(private=False), "alg": ALGORITHM, "use": "sig", "kid": key.kid}


def _keys() -> list[OKPKey]:
    return [_key(text) for text in (settings.RECEIPT_KEY, *settings.RECEIPT_OLD_KEYS)]


@cache
def _key(text: str) -> OKPKey:
    seed = HKDF(hashes.SHA256(), 32, None, INFO).derive(text.encode())
    raw = Ed25519PrivateKey.from_private_bytes(seed)
    key = OKPKey.import_key(raw)
    key.ensure_kid()  # sets its thumbprint (RFC 7638) as the id
    return key


def _principal(entry: LedgerEntry) -> str:
    """Return the id by which the brand knows the person.

    For a choice about any brand, return the ledger's id. A choice about one address has the id by
    which the brand knows the person at this address, never the id for another address.
    """
    point = entry.contact_point
    subject_id = entry.subject_id if point is None else point.subject_id
    known = Relationship.objects.filter(subject=subject_id, brand=entry.brand_id).first()
    return f"urn:uuid:{known.pk if known else subject_id}"
