"""Relationships between people and brands: find, start, end, merge."""

from consent.relationships.iteration import (
    find_pending_relationships,
    iterate_relationships,
    split_ids,
)
from consent.relationships.lifecycle import (
    EndedByPerson,
    RefTaken,
    end_relationship,
    register_relationship,
    start_relationship,
)
from consent.relationships.lookup import (
    Found,
    NoRelationship,
    find_any_relationship,
    find_any_relationships,
    find_relationship,
    find_relationships,
)
from consent.relationships.merging import merge_subjects
from consent.relationships.person_settings import SettingsChange, change_settings

__all__ = [
    "EndedByPerson",
    "Found",
    "NoRelationship",
    "RefTaken",
    "SettingsChange",
    "change_settings",
    "end_relationship",
    "find_any_relationship",
    "find_any_relationships",
    "find_pending_relationships",
    "find_relationship",
    "find_relationships",
    "iterate_relationships",
    "merge_subjects",
    "register_relationship",
    "split_ids",
    "start_relationship",
]
