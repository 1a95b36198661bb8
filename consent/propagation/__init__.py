"""Delivery of choices, expirations and late reasons to all brands' streams, with their status."""

from consent.propagation.brand_status import BrandStatus, list_brand_statuses
from consent.propagation.expirations import tell_due_endings
from consent.propagation.late_reasons import record_late_reason
from consent.propagation.propagate import list_waiting_subjects, propagate_choices

__all__ = [
    "BrandStatus",
    "list_brand_statuses",
    "list_waiting_subjects",
    "propagate_choices",
    "record_late_reason",
    "tell_due_endings",
]
