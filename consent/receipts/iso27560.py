"""Consent records of choices: JSON-LD after ISO/IEC TS 27560:2023, with the terms of W3C DPV 2.3.

Pure. A record depends on the entry, the earlier entries in the person's chain, the notice that the
entry names, and the brand's name and contacts. The same entry gives the same record until the
brand changes these. Parts that nobody declared are marked with `NOT_DECLARED`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from brands.models import Brand, Purpose
from consent.models import Identifier, LedgerEntry
from core.text import holds_address

Record = dict[str, Any]

#: The parts of a scope.
PARTS = (
    *("brand_id", "purpose_id", "channel", "topic", "contact_point_id"),
    *("trait_kind", "trait_category", "trait"),
)

#: The status of a choice, by its decision and whether the person had consented before.
STATUS = {
    ("grant", False): "ConsentGiven",
    ("grant", True): "ConsentGiven",
    ("deny", False): "ConsentRefused",
    ("deny", True): "ConsentWithdrawn",
    ("pause", False): "ConsentRefused",
    ("pause", True): "ConsentWithdrawn",
    ("limit", False): "ConsentUnknown",
    ("limit", True): "ConsentGiven",
    ("clear", False): "ConsentUnknown",
    ("clear", True): "ConsentUnknown",
}
#: A brand that withdraws a consent revokes it.
BY_BRAND = {"ConsentWithdrawn": "ConsentRevoked"}
MADE_BY = {"person": "dpv:DataSubject", "brand": "dpv:DataController"}
CONTEXT = {
    "dpv": "https://w3id.org/dpv#",
    "dct": "http://purl.org/dc/terms/",
    "cmr": "urn:cmr:",
}
CONFORMS_TO = "https://w3id.org/dpv/schema/dpv-27560#receipt"
VERSION = "2"
#: The value of parts that the standard has, but that no brand tells the service.
NOT_DECLARED = {"@id": "cmr:not-declared"}
UNDECLARED = ("PersonalData", "Processing", "Recipient", "StorageCondition", "Jurisdiction")
#: Replaces evidence that may contain an address, because no receipt contains one.
WITHHELD_WORDS = "cmr:withheld"


def build_consent_record(
    entry: LedgerEntry,
    *,
    earlier: Iterable[LedgerEntry],
    texts: Mapping[str, str],
    principal: str,
    controls_at: str,
) -> Record:
    """Return the record of *entry*. *earlier* are the entries before it in the same chain.

    *texts* are the texts of its notice, by language. *principal* identifies the person without
    revealing who it is. *controls_at* is where the person can change the choice.
    """
    purpose = entry.purpose
    return {
        "@context": CONTEXT,
        "@id": f"urn:uuid:{entry.pk}",
        "@type": "dpv:ConsentRecord",
        "dct:conformsTo": {"@id": CONFORMS_TO},
        "cmr:schemaVersion": VERSION,
        "dct:identifier": str(entry.pk),
        "dct:created": _time(entry.recorded_at),
        "dpv:hasDataSubject": {"@id": principal, "@type": "dpv:DataSubject"},
        "dpv:hasDataController": _controller(entry.brand),
        "dpv:hasProcess": _process(entry, purpose),
        "dpv:hasConsentStatus": _status(entry, earlier),
        "dpv:hasConsentControl": {"@id": controls_at, "@type": "dpv:WithdrawConsent"},
        "dpv:hasRight": _rights(controls_at),
        "dpv:hasNotice": entry.notice or None,
        "dct:language": sorted(texts) or NOT_DECLARED,
        "cmr:noticeTexts": {name: _digest(text) for name, text in texts.items()} or None,
        "dpv:hasIndicationMethod": entry.source,
        "dpv:isIndicatedBy": {"@id": MADE_BY[entry.maker]},
        "dpv:isIndicatedAtTime": _time(entry.made_at),
        "cmr:validUntil": _time(entry.ends_at),
        "cmr:choice": _choice(entry),
        "cmr:ledger": _place(entry),
    }


def _controller(brand: Brand | None) -> Record:
    if brand is None:
        return {
            "@id": "cmr:every-brand",
            "dct:description": "Every brand that has a relationship with the person.",
        }
    return {
        "@id": f"urn:cmr:brand:{brand.slug}",
        "@type": "dpv:DataController",
        "dct:title": brand.name,
        "dpv:hasAddress": brand.privacy_address or None,
        "dpv:hasContact": brand.privacy_email or brand.website or None,
    }


def _process(entry: LedgerEntry, purpose: Purpose | None) -> Record:
    return {
        "@type": "dpv:Process",
        "dpv:hasPurpose": {"@id": purpose.dpv if purpose else "https://w3id.org/dpv#Purpose"},
        "cmr:purpose": entry.purpose_id,
        "cmr:channel": entry.channel,
        "cmr:topic": entry.topic,
        "cmr:defaultRegime": purpose.regime if purpose else None,
        "dpv:hasLegalBasis": _legal_basis(entry),
        **{f"dpv:has{part}": NOT_DECLARED for part in UNDECLARED},
        **_contact_point(entry.contact_point),
    }


def _legal_basis(entry: LedgerEntry) -> Record:
    """Return the legal basis.

    Only a yes is a consent; any other basis of a brand is unknown to us.
    """
    return {"@id": "dpv:Consent"} if entry.decision == "grant" else NOT_DECLARED


def _rights(controls_at: str) -> Record:
    return {
        "@type": "dpv:DataSubjectRight",
        "dct:description": "Change or take back this choice, get all that is kept, have it erased.",
        "dpv:isExercisedAt": {"@id": controls_at},
    }


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _contact_point(point: Identifier | None) -> Record:
    """Return whether the choice is about one address, and that address's id in the ledger.

    The record never contains the address itself.
    """
    return {
        "cmr:addresses": "any" if point is None else "one",
        "cmr:contactPoint": None if point is None else f"urn:uuid:{point.subject_id}",
    }


def _status(entry: LedgerEntry, earlier: Iterable[LedgerEntry]) -> list[Record]:
    had_yes = any(_concerns_the_same(each, entry) for each in earlier if each.decision == "grant")
    status = STATUS[entry.decision, had_yes]
    if entry.maker == "brand":
        status = BY_BRAND.get(status, status)
    kinds = [status, "ImpliedConsent"] if entry.basis == "implied" else [status]
    return [{"@id": f"dpv:{kind}"} for kind in kinds]


def _concerns_the_same(one: LedgerEntry, other: LedgerEntry) -> bool:
    """Return whether the two scopes overlap; null means any."""
    return all(
        None in (mine := getattr(one, part), theirs := getattr(other, part)) or mine == theirs
        for part in PARTS
    )


def _choice(entry: LedgerEntry) -> Record:
    limited = entry.limit_max is not None
    return {
        "cmr:decision": entry.decision,
        "cmr:until": _time(entry.until),
        "cmr:limit": {"max": entry.limit_max, "per": entry.limit_per} if limited else None,
        "cmr:expiresAt": _time(entry.expires_at),
        "cmr:reason": entry.reason or None,
        "cmr:basis": entry.basis,
        "cmr:ground": entry.ground,
        "cmr:evidence": WITHHELD_WORDS if holds_address(entry.evidence) else entry.evidence or None,
        "cmr:campaign": entry.campaign or None,
        "cmr:maker": entry.maker,
        "cmr:source": entry.source,
    }


def _place(entry: LedgerEntry) -> Record:
    """Return what ties the record to its position in the person's chain."""
    return {
        "cmr:sequence": entry.subject_seq,
        "cmr:hash": bytes(entry.hash).hex(),
        "cmr:previousHash": bytes(entry.previous_hash).hex(),
    }


def _time(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z") if moment else None
