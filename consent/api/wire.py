"""Serializers of contacts, scopes and choices, shared by the APIs of brands and consumers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import orjson
from rest_framework import serializers

from brands import events
from brands.models import Brand, Channel
from consent import brand_events, rules
from consent.decision import Limit, Scope
from consent.identity import Contact
from consent.ledger import ChoiceTerms
from consent.models import Ground, Relationship
from consent.models.ledger import DecisionKind, LedgerEntry, LimitPer, Reason
from consent.rules import ScopeNames
from core.api import Moment, StrictSerializer, describe_list
from core.problem_details import Problem

#: The ways to identify a person, and the maximum length of each.
WAYS = {"email": 320, "phone": 40, "sha256": 64, "ref": 200}
#: A contact, or the reason why it is invalid.
Read = Contact | Problem


class ContactField(StrictSerializer):
    """Exactly one way to identify a person."""

    email = serializers.CharField(required=False, max_length=WAYS["email"])
    phone = serializers.CharField(required=False, max_length=WAYS["phone"])
    sha256 = serializers.CharField(
        required=False,
        max_length=WAYS["sha256"],
        help_text="SHA-256 of the normalised address, in hexadecimal.",
    )
    ref = serializers.CharField(
        required=False, max_length=WAYS["ref"], help_text="Your own reference."
    )

    default_error_messages = {"one": "Give exactly one of email, phone, sha256 and ref."}

    def validate(self, attrs: dict[str, str]) -> dict[str, str]:
        if len(attrs) != 1:
            self.fail("one")
        return attrs


class AddressField(ContactField):
    """A contact that may be new to us, so a reference alone is not enough."""

    ref = None  # type: ignore[assignment]


class Matter(StrictSerializer):
    """What a brand asks about, without the person."""

    purpose = serializers.CharField(max_length=40)
    channel = serializers.CharField(max_length=10, required=False, allow_null=True)
    topic = serializers.CharField(max_length=60, required=False, allow_null=True)


def build_contact(data: Mapping[str, str], namespace: bytes) -> Contact:
    return Contact(**data, namespace=namespace)


def read_contact(given: Any, namespace: bytes) -> Read:
    """Return a contact as `ContactField` does, without the cost of a serializer for each."""
    if not isinstance(given, dict) or len(given) != 1:
        return Problem(422, "one", "Give exactly one of email, phone, sha256 and ref.")
    ((way, value),) = given.items()
    if way not in WAYS:
        return Problem(422, "unknown_field", "Give exactly one of email, phone, sha256 and ref.")
    if not isinstance(value, str) or not value.strip() or len(value) > WAYS[way] or "\0" in value:
        return Problem(422, "invalid", f"{way} must be a text of up to {WAYS[way]} characters.")
    return Contact(**{way: value.strip()}, namespace=namespace)


class ScopeField(StrictSerializer):
    """A part that is left out or null means *any*."""

    brand = serializers.CharField(required=False, allow_null=True, max_length=100)
    purpose = serializers.CharField(required=False, allow_null=True, max_length=40)
    channel = serializers.CharField(required=False, allow_null=True, max_length=10)
    topic = serializers.CharField(required=False, allow_null=True, max_length=60)
    contact_point = serializers.IntegerField(
        required=False, allow_null=True, min_value=1, max_value=2**63 - 1
    )


class LimitField(StrictSerializer):
    max = serializers.IntegerField(min_value=1, max_value=1_000)
    per = serializers.ChoiceField(LimitPer.choices)


class ChoiceField(StrictSerializer):
    scope = ScopeField()
    decision = serializers.ChoiceField(DecisionKind.choices)
    until = Moment(required=False, allow_null=True, help_text="When the pause ends.")
    limit = LimitField(required=False, allow_null=True)
    expires_at = Moment(required=False, allow_null=True, help_text="When the yes expires.")
    reason = serializers.ChoiceField(Reason.choices, required=False, allow_null=True)

    #: The field that each decision requires; other decisions must not have it.
    PARTS = {"until": "pause", "limit": "limit"}

    default_error_messages = {
        "needed": "This decision requires this field.",
        "not_here": "This decision does not allow this field.",
        "past": "This must be in the future.",
    }

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        for part, decision in self.PARTS.items():
            given, wanted = attrs.get(part) is not None, attrs["decision"] == decision
            if wanted and not given:
                self.refuse(part, "needed")
            if given and not wanted:
                self.refuse(part, "not_here")
        if attrs.get("expires_at") is not None and attrs["decision"] != "grant":
            self.refuse("expires_at", "not_here")
        self._refuse_past(attrs)
        return attrs

    def _refuse_past(self, attrs: dict[str, Any]) -> None:
        for part in ("until", "expires_at"):
            if attrs.get(part) is not None and attrs[part] <= self.context["now"]:
                self.refuse(part, "past")


#: The maximum length of each part of a scope that is a text, as in `ScopeField`.
PLAIN_PARTS = {"brand": 100, "purpose": 40, "channel": 10, "topic": 60, "contact_point": 0}
#: The decisions that need no more than themselves.
PLAIN_DECISIONS = {"grant", "deny", "clear"}
PLAIN_FIELDS = {"scope", "decision", "reason"}
REASONS = frozenset(Reason.values)


def read_plain_choice(body: Any) -> dict[str, Any] | None:
    """Return the data of a plain valid choice, as `ChoiceField` does, at a tenth of the cost.

    Return None for every other body: `ChoiceField` reads it, or says what is wrong with it.
    """
    if type(body) is not dict or body.keys() - PLAIN_FIELDS:
        return None
    scope, decision, reason = body.get("scope"), body.get("decision"), body.get("reason")
    if type(scope) is not dict or type(decision) is not str or decision not in PLAIN_DECISIONS:
        return None
    if reason is not None and (type(reason) is not str or reason not in REASONS):
        return None
    if not all(_is_plain_part(name, value) for name, value in scope.items()):
        return None
    return body


def _is_plain_part(name: str, value: object) -> bool:
    """Return whether a part of a scope is valid, and is what `ScopeField` would make of it."""
    if (most := PLAIN_PARTS.get(name)) is None or value is None:
        return most is not None
    return (
        type(value) is str
        and 0 < len(value) <= most
        and value.isascii()
        and value.isprintable()
        and value[0] != " " != value[-1]
    )


def read_terms(data: Mapping[str, Any], **more: Any) -> ChoiceTerms:
    """Return the terms of the choice in a validated body."""
    limit = data.get("limit")
    return ChoiceTerms(
        decision=data["decision"],
        reason=data.get("reason") or "",
        until=data.get("until"),
        limit=Limit(limit["max"], limit["per"]) if limit else None,
        expires_at=data.get("expires_at"),
        **more,
    )


def own_scope(given: Mapping[str, Any], decision: str, brand: Brand) -> Scope:
    """Return the scope of a brand's choice; other brands' slugs are unknown to it.

    A brand that is left out or null is the brand itself. Raises as `scopes.resolve` does.
    """
    names = read_scope_names({**given, "brand": given.get("brand") or brand.slug})
    if names.brand != brand.slug or names.contact_point is not None:
        field = "contact_point" if names.brand == brand.slug else "brand"
        raise rules.UnknownName(field, str(getattr(names, field)))
    return rules.resolve_scope_names(names, decision=decision)


def read_scope_names(data: Mapping[str, Any]) -> ScopeNames:
    return ScopeNames(**data)


# -- Answers -----------------------------------------------------------------------------------


class SubjectData(serializers.Serializer[object]):
    id = serializers.UUIDField(help_text="As in your events.")
    ref = serializers.CharField(allow_null=True, help_text="Your own reference.")


class ScopeData(serializers.Serializer[object]):
    brand = serializers.CharField(allow_null=True)
    purpose = serializers.CharField(allow_null=True)
    channel = serializers.ChoiceField(Channel.choices, allow_null=True)
    topic = serializers.CharField(allow_null=True)
    contact_point = serializers.CharField(allow_null=True)


class LimitData(serializers.Serializer[object]):
    max = serializers.IntegerField()
    per = serializers.ChoiceField(LimitPer.choices)


class EntryData(serializers.Serializer[object]):
    entry = serializers.UUIDField()
    subject_seq = serializers.IntegerField(
        help_text="Number of the entry: 1, 2, 3, … in your record, or in the brand's events "
        "about the person."
    )
    scope = ScopeData()
    decision = serializers.ChoiceField(DecisionKind.choices)
    until = serializers.DateTimeField(allow_null=True)
    limit = LimitData(allow_null=True)
    expires_at = serializers.DateTimeField(allow_null=True)
    maker = serializers.CharField()
    basis = serializers.CharField()
    ground = serializers.ChoiceField(
        Ground.choices, allow_null=True, help_text="What implies the consent."
    )
    source = serializers.CharField()  # type: ignore[assignment]
    reason = serializers.CharField(allow_null=True)
    made_at = serializers.DateTimeField()
    recorded_at = serializers.DateTimeField()


EntryList = describe_list(EntryData, paged=False)


def event_entry_data(entry: LedgerEntry, relationship: Relationship) -> dict[str, Any]:
    """Describe an entry for the brand of *relationship*, with the id and number of its event."""
    told = events.find_event(relationship.brand_id, brand_events.build_cause(entry, relationship))
    data: dict[str, Any] = orjson.loads(bytes(told.body))["data"]
    numbers = {"entry": data["entry"], "subject_seq": data["subject_seq"]}
    return entry_data(entry, lambda _: data["scope"]) | numbers


def entry_data(
    entry: LedgerEntry, scope_data: Callable[[LedgerEntry], dict[str, Any]]
) -> dict[str, Any]:
    """Describe an entry. The caller decides how its scope is shown."""
    return {
        "entry": entry.id,
        "subject_seq": entry.subject_seq,
        "scope": scope_data(entry),
        "decision": entry.decision,
        "until": entry.until,
        "limit": brand_events.describe_limit(entry.limit_max, entry.limit_per),
        "expires_at": entry.expires_at,
        "maker": entry.maker,
        "basis": entry.basis,
        "ground": entry.ground,
        "source": entry.source,
        "reason": entry.reason or None,
        "made_at": entry.made_at,
        "recorded_at": entry.recorded_at,
    }
