"""The decision rule as pure functions: choices and a question in, a decision out."""

from consent.decision.permission_tables import (
    MOST_PERMISSION_ROWS,
    NO_REGIONAL_DEFAULTS,
    PermissionRow,
    RegionalDefaults,
    TooManyPermissionRows,
    build_permission_table,
)
from consent.decision.quiet_hours import QuietHours, StartIsEnd, UnknownTimeZone, list_time_zones
from consent.decision.resolution import (
    Basis,
    Choice,
    Decision,
    DecisionKind,
    Limit,
    Maker,
    Question,
    Regime,
    Scope,
    decide_by_choices,
    decide_without_relationship,
    find_standing_refusal,
    fold_choices,
    select_in_force,
)

__all__ = [
    "MOST_PERMISSION_ROWS",
    "NO_REGIONAL_DEFAULTS",
    "Basis",
    "Choice",
    "Decision",
    "DecisionKind",
    "Limit",
    "Maker",
    "PermissionRow",
    "Question",
    "QuietHours",
    "Regime",
    "RegionalDefaults",
    "Scope",
    "StartIsEnd",
    "TooManyPermissionRows",
    "UnknownTimeZone",
    "build_permission_table",
    "decide_by_choices",
    "decide_without_relationship",
    "find_standing_refusal",
    "fold_choices",
    "list_time_zones",
    "select_in_force",
]
