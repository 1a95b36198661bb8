"""The facts of this app, a noun a file."""

from consent.models.clock import HonourClock
from consent.models.ending import Ending
from consent.models.ledger import Basis, DecisionKind, LedgerEntry, Maker, Source
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
    "RefusedLift",
    "Relationship",
    "Send",
    "Source",
    "Subject",
]
