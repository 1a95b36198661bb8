"""A choice as a consent record: JSON-LD after ISO/IEC TS 27560:2023, in the words of W3C DPV 2.3.

Pure. It says only what follows from the entry, what came before it in the person's chain, and the
notice that it names, which never changes. So the same entry always gives the same record, and what
nobody declared is said to be so: `NOT_DECLARED`.
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

#: The status of a choice, by its decision, and whether the person's yes had stood before.
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
#: A brand that takes a yes back revokes it.
BY_BRAND = {"ConsentWithdrawn": "ConsentRevoked"}
MADE_BY = {"person": "dpv:DataSubject", "brand": "dpv:DataController"}
CONTEXT = {
    "dpv": "https://w3id.org/dpv#",
    "dct": "http://purl.org/dc/terms/",
    "cmr": "urn:cmr:",
}
CONFORMS_TO = "https://w3id.org/dpv/schema/dpv-27560#receipt"
VERSION = "2"
#: Of parts that the standard has, and that no brand tells the service.
NOT_DECLARED = {"@id": "cmr:not-declared"}
UNDECLARED = ("PersonalData", "Processing", "Recipient", "StorageCondition", "Jurisdiction")
#: In the place of evidence that may name an address, which no receipt does.
WITHHELD_WORDS = "cmr:withheld"


def build_consent_record(
    entry: LedgerEntry,
    *,
    earlier: Iterable[LedgerEntry],
    texts: Mapping[str, str],
    principal: str,
    controls_at: str,
) -> Record:
    """The record of *entry*, which came after *earlier* entries of the same chain.

    *texts* are those of its notice by language. *principal* names the person without saying who it
    is; at *controls_at* they change their mind.
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
    """Only a yes is a consent; on what else the brand relies nobody told the service."""
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
    """Say whether a choice is about one address; name it as the ledger knows it, never itself."""
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
    """Whether there is anything that both are about; null is any."""
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
    """What pins the record to its place in the person's chain."""
    return {
        "cmr:sequence": entry.subject_seq,
        "cmr:hash": bytes(entry.hash).hex(),
        "cmr:previousHash": bytes(entry.previous_hash).hex(),
    }


def _time(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z") if moment else None
