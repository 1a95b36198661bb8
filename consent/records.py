"""A choice as a consent record: JSON-LD after ISO/IEC TS 27560:2023, in the words of W3C DPV 2.3.

Pure. It says only what follows from the entry and what came before it in the person's chain, so
the same entry always gives the same record.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from brands.models import Brand, Purpose
from consent.models import Identifier, LedgerEntry

Record = dict[str, Any]

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
VERSION = "1"


def of_entry(
    entry: LedgerEntry, *, earlier: Iterable[LedgerEntry], principal: str, controls_at: str
) -> Record:
    """The record of *entry*, which came after *earlier* entries of the same chain.

    *principal* names the person without saying who it is; at *controls_at* they change their mind.
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
        "dpv:hasNotice": entry.notice or None,
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
        **_contact_point(entry.contact_point),
    }


def _contact_point(point: Identifier | None) -> Record:
    """Name the one address that a choice is about, as the ledger knows it; {} is any address."""
    return {} if point is None else {"cmr:contactPoint": f"urn:uuid:{point.subject_id}"}


def _status(entry: LedgerEntry, earlier: Iterable[LedgerEntry]) -> list[Record]:
    had_yes = any(_concerns_the_same(each, entry) for each in earlier if each.decision == "grant")
    status = STATUS[entry.decision, had_yes]
    if entry.maker == "brand":
        status = BY_BRAND.get(status, status)
    kinds = [status, "ImpliedConsent"] if entry.basis == "implied" else [status]
    return [{"@id": f"dpv:{kind}"} for kind in kinds]


def _concerns_the_same(one: LedgerEntry, other: LedgerEntry) -> bool:
    """Whether there is anything that both are about; null is any."""
    parts = ("brand_id", "purpose_id", "channel", "topic", "contact_point_id")
    return all(
        None in (mine := getattr(one, part), theirs := getattr(other, part)) or mine == theirs
        for part in parts
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
