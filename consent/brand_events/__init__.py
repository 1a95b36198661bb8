"""Events about choices for brands: contents, recipients, times and ids."""

from consent.brand_events.entry_ids import build_entry_id
from consent.brand_events.event_times import EventTimes
from consent.brand_events.payloads import (
    TAKES_AWAY,
    CurrentState,
    Permissions,
    build_cause,
    build_choice_event,
    build_ending_cause,
    build_ending_event,
    build_facts,
    build_reason_event,
    build_relationship_ended,
    build_relationship_started,
    compute_event_deadline,
    describe_choice,
    describe_limit,
    describe_permission_rows,
    is_concerned,
    read_current_state,
    round_choice_time,
    select_current_choices,
)
from consent.brand_events.recipients import (
    Recipient,
    build_recipient,
    find_active_recipients,
    find_contact_point,
)
from consent.brand_events.time_rounding import ceil_to_hour, floor_to_hour, floor_to_minute

__all__ = [
    "TAKES_AWAY",
    "CurrentState",
    "EventTimes",
    "Permissions",
    "Recipient",
    "build_cause",
    "build_choice_event",
    "build_ending_cause",
    "build_ending_event",
    "build_entry_id",
    "build_facts",
    "build_reason_event",
    "build_recipient",
    "build_relationship_ended",
    "build_relationship_started",
    "ceil_to_hour",
    "compute_event_deadline",
    "describe_choice",
    "describe_limit",
    "describe_permission_rows",
    "find_active_recipients",
    "find_contact_point",
    "floor_to_hour",
    "floor_to_minute",
    "is_concerned",
    "read_current_state",
    "round_choice_time",
    "select_current_choices",
]
