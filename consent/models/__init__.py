"""The facts of this app, a noun a file."""

from consent.models.clock import HonourClock
from consent.models.ending import Ending
from consent.models.explanation import Explanation
from consent.models.ledger import Basis, DecisionKind, LedgerEntry, Maker, Reason, Source
from consent.models.metrics import DailyCount, MetricsCursor, RefusedLift
from consent.models.preference import Preference
from consent.models.propagation import Propagation
from consent.models.relationship import Origin, Relationship
from consent.models.send import Send
from consent.models.subject import Identifier, Subject
from consent.models.term import Ground, ImpliedTerm

__all__ = [
    "Basis",
    "DailyCount",
    "DecisionKind",
    "Ending",
    "Explanation",
    "Ground",
    "HonourClock",
    "Identifier",
    "ImpliedTerm",
    "LedgerEntry",
    "Maker",
    "MetricsCursor",
    "Origin",
    "Preference",
    "Propagation",
    "Reason",
    "RefusedLift",
    "Relationship",
    "Send",
    "Source",
    "Subject",
]
