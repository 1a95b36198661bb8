"""The database models of this app, one noun a file."""

from consent.models.clock import HonourClock
from consent.models.contact_hash import ContactHash, HashKind
from consent.models.contact_report import ContactReport
from consent.models.ending import Ending
from consent.models.entry_text import EntryText
from consent.models.explanation import Explanation
from consent.models.imports import (
    Import,
    ImportFile,
    ImportFilePiece,
    ImportPart,
    ImportProblem,
    ImportRow,
    ImportShard,
)
from consent.models.ledger import Basis, DecisionKind, LedgerEntry, Maker, Reason, Source
from consent.models.metrics import (
    BrandCount,
    CampaignCount,
    DailyCount,
    Decided,
    MetricsCursor,
    PeopleCount,
    Refusal,
    TotalCount,
    Unsubscribed,
)
from consent.models.past import PastMerge, PastProfile, PastRelationship
from consent.models.preference import Preference
from consent.models.propagation import Propagation
from consent.models.relationship import BrandReference, Origin, Relationship
from consent.models.report import ExportPart, ReportExport, SummaryMail
from consent.models.send import Send
from consent.models.snapshot import (
    Anomaly,
    HonourSnapshot,
    HonourTime,
    YesLife,
    YesSnapshot,
)
from consent.models.subject import Identifier, Subject
from consent.models.term import Ground, ImpliedTerm

__all__ = [
    "Anomaly",
    "Basis",
    "BrandCount",
    "BrandReference",
    "CampaignCount",
    "ContactHash",
    "ContactReport",
    "DailyCount",
    "Decided",
    "DecisionKind",
    "Ending",
    "EntryText",
    "Explanation",
    "ExportPart",
    "Ground",
    "HashKind",
    "HonourClock",
    "HonourSnapshot",
    "HonourTime",
    "Identifier",
    "ImpliedTerm",
    "Import",
    "ImportFile",
    "ImportFilePiece",
    "ImportPart",
    "ImportProblem",
    "ImportRow",
    "ImportShard",
    "LedgerEntry",
    "Maker",
    "MetricsCursor",
    "Origin",
    "PastMerge",
    "PastProfile",
    "PastRelationship",
    "PeopleCount",
    "Preference",
    "Propagation",
    "Reason",
    "Refusal",
    "Relationship",
    "ReportExport",
    "Send",
    "Source",
    "Subject",
    "SummaryMail",
    "TotalCount",
    "Unsubscribed",
    "YesLife",
    "YesSnapshot",
]
