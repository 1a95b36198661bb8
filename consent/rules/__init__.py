"""Rules that an administrator maintains: regimes, deadlines, implied consent, names of scopes."""

from consent.rules.deadlines import (
    Clock,
    build_clocks_call,
    compute_honour_by,
    install_clocks,
)
from consent.rules.implied_consent import (
    BeyondTerm,
    NoTerm,
    TermOver,
    compute_expiry,
    install_terms,
)
from consent.rules.regimes import (
    REGIME_SQL,
    Regimes,
    read_past_regimes,
    read_regimes,
    read_regimes_by_place,
    read_regional_defaults,
)
from consent.rules.residence import (
    JURISDICTION_SQL,
    find_residence,
    find_residence_for_brand,
    find_stated_residence,
)
from consent.rules.scope_names import (
    CannotBeLimited,
    CannotBeRefused,
    ChannelNotUsed,
    ScopeNames,
    TopicWithoutBrand,
    UnknownName,
    describe_scope_for_brand,
    resolve_scope_names,
)

__all__ = [
    "JURISDICTION_SQL",
    "REGIME_SQL",
    "BeyondTerm",
    "CannotBeLimited",
    "CannotBeRefused",
    "ChannelNotUsed",
    "Clock",
    "NoTerm",
    "Regimes",
    "ScopeNames",
    "TermOver",
    "TopicWithoutBrand",
    "UnknownName",
    "build_clocks_call",
    "compute_expiry",
    "compute_honour_by",
    "describe_scope_for_brand",
    "find_residence",
    "find_residence_for_brand",
    "find_stated_residence",
    "install_clocks",
    "install_terms",
    "read_past_regimes",
    "read_regimes",
    "read_regimes_by_place",
    "read_regional_defaults",
    "resolve_scope_names",
]
