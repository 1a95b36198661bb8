"""Answer whether a brand may reach a person: now, in bulk, at a past time, with frequency caps."""

from consent.checks.as_of import (
    NotYet,
    check_contact_as_of,
    check_contacts_as_of,
    check_not_in_future,
    check_relationships_as_of,
)
from consent.checks.bulk import Answer, build_bulk_question, check_contacts
from consent.checks.frequency_caps import count_sends
from consent.checks.permissions import (
    Permission,
    join_address_permissions,
    list_brand_permissions,
    list_relationship_permissions,
    list_topic_permissions,
)
from consent.checks.preference_export import ExportedPerson, iterate_preferences
from consent.checks.sends import KeyReused, NoSuchSend, cancel_send, reserve_send
from consent.checks.single import (
    CHECK_BY_KEY,
    Asked,
    ChannelNeeded,
    build_query_values,
    check_questions,
    check_relationship,
    decide_known_contact,
    parse_known_contact,
)
from consent.checks.suppressions import Suppression, iterate_suppressions

__all__ = [
    "CHECK_BY_KEY",
    "Answer",
    "Asked",
    "ChannelNeeded",
    "ExportedPerson",
    "KeyReused",
    "NoSuchSend",
    "NotYet",
    "Permission",
    "Suppression",
    "build_bulk_question",
    "build_query_values",
    "cancel_send",
    "check_contact_as_of",
    "check_contacts",
    "check_contacts_as_of",
    "check_not_in_future",
    "check_questions",
    "check_relationship",
    "check_relationships_as_of",
    "count_sends",
    "decide_known_contact",
    "iterate_preferences",
    "iterate_suppressions",
    "join_address_permissions",
    "list_brand_permissions",
    "list_relationship_permissions",
    "list_topic_permissions",
    "parse_known_contact",
    "reserve_send",
]
