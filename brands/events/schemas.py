"""JSON Schema (2020-12) of every event, with an example of each. It needs no database.

Brands can validate received events against these schemas, which list every field and allow no
others. A new field is announced in the changelog before it is sent.
"""

from __future__ import annotations

from typing import Any

from brands.events.types import EVENT_TYPES, TYPES_OF_DECISIONS, TYPES_OF_ENDINGS
from brands.models import Channel

Schema = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
TIME: Schema = {"type": "string", "format": "date-time"}
ID: Schema = {"type": "string", "format": "uuid"}
TEXT: Schema = {"type": "string"}
COUNT: Schema = {"type": "integer", "minimum": 1}
CHANNEL: Schema = {"enum": [*Channel.values, None]}
MAKER: Schema = {"enum": ["person", "brand"]}


def require_all(**fields: Schema) -> Schema:
    """Return the schema of an object with all of these fields and no others."""
    return {
        "type": "object",
        "properties": fields,
        "required": list(fields),
        "additionalProperties": False,
    }


def make_nullable(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


SUBJECT = require_all(id=ID, ref=make_nullable(TEXT))
#: The brand is always the receiver's own slug, even if the choice was about all brands. The contact
#: point is always null.
SCOPE = require_all(
    brand=TEXT,
    purpose=make_nullable(TEXT),
    channel=CHANNEL,
    topic=make_nullable(TEXT),
    contact_point={"type": "null"},
)
LIMIT = require_all(max={"type": "integer", "minimum": 0}, per={"enum": ["day", "week", "month"]})
PERSON = {"subject": SUBJECT, "subject_seq": COUNT}
TURN = require_all(at=TIME, allowed=make_nullable({"type": "boolean"}))
PERMISSION = require_all(
    purpose=make_nullable(TEXT),
    channel=CHANNEL,
    topic=make_nullable(TEXT),
    allowed=make_nullable({"type": "boolean"}),
    then={"type": "array", "items": TURN},
)
#: Null if there are too many rows for an event.
PERMISSIONS = {"permissions": make_nullable({"type": "array", "items": PERMISSION})}
SAID = {"entry": ID, "scope": SCOPE}


def build_choice_schema(decision: str) -> Schema:
    return require_all(
        **PERSON,
        **SAID,
        decision={"const": decision},
        until=TIME if decision == "pause" else {"type": "null"},
        limit=LIMIT if decision == "limit" else {"type": "null"},
        expires_at=make_nullable(TIME) if decision == "grant" else {"type": "null"},
        reason=make_nullable(TEXT),
        campaign=make_nullable(TEXT),
        maker=MAKER,
        made_at=TIME,
        honour_by=make_nullable(TIME),
        **PERMISSIONS,
    )


def build_ending_schema(decision: str) -> Schema:
    stands = require_all(allowed={"type": "boolean"}, rule=TEXT)
    return require_all(
        **PERSON,
        **SAID,
        decision={"const": decision},
        ended_at=TIME,
        now=make_nullable(stands),
        **PERMISSIONS,
    )


EXPLAINED = require_all(**PERSON, **SAID, reason=TEXT, **PERMISSIONS)

STANDING = require_all(
    **SAID,
    decision={"enum": list(TYPES_OF_DECISIONS)},
    until=make_nullable(TIME),
    expires_at=make_nullable(TIME),
    limit=make_nullable(LIMIT),
    maker=MAKER,
    made_at=TIME,
)
CONTACT = require_all(kind={"enum": ["email", "phone"]}, sha256={"type": "string", "minLength": 64})
DATA: dict[str, Schema] = {
    **{kind: build_choice_schema(decision) for decision, kind in TYPES_OF_DECISIONS.items()},
    "preference.explained": EXPLAINED,
    **{kind: build_ending_schema(decision) for decision, kind in TYPES_OF_ENDINGS.items()},
    "relationship.started": require_all(
        **PERSON,
        origin=TEXT,
        contacts={"type": "array", "items": CONTACT},
        standing={"type": "array", "items": STANDING},
        **PERMISSIONS,
    ),
    "relationship.ended": require_all(**PERSON, ended_by=TEXT, honour_by=make_nullable(TIME)),
}
#: Messages that are sent as webhooks but are not events of the stream.
MESSAGES: dict[str, tuple[str, Schema]] = {
    "ping": ("You asked whether your endpoint is there.", require_all(subscription=ID)),
    "subscription.challenge": (
        "Answer with the challenge, and we know that you want to be told.",
        require_all(subscription=ID, challenge=TEXT),
    ),
}


def build_event_schema(kind: str) -> Schema:
    """Return the schema of a whole body of type *kind*. A batch contains events of any type."""
    if kind == "events.batch":
        events = {"type": "array", "minItems": 1, "maxItems": 100, "items": {"type": "object"}}
        body = require_all(type={"const": kind}, timestamp=TIME, data=events)
    elif kind in MESSAGES:
        body = require_all(type={"const": kind}, timestamp=TIME, data=MESSAGES[kind][1])
    else:
        body = require_all(type={"const": kind}, timestamp=TIME, sequence=COUNT, data=DATA[kind])
    return {"$schema": DIALECT, "title": kind, **body}


def build_event_catalogue() -> list[dict[str, Any]]:
    """Return the meaning, the schema and an example of every type."""
    meanings = {**EVENT_TYPES, **{kind: said for kind, (said, _) in MESSAGES.items()}}
    meanings["events.batch"] = "Several events in one request, for a subscription with `batch`."
    return [
        {
            "type": kind,
            "meaning": said,
            "schema": build_event_schema(kind),
            "example": build_event_example(kind),
        }
        for kind, said in meanings.items()
    ]


# -- Examples ------------------------------------------------------------------------------------

WHEN, LATER = "2026-11-22T02:02:36.218300Z", "2026-12-24T00:00:00Z"
FULL_HOUR = "2026-11-22T02:00:00Z"
ENTRY = "9b0d6e5c-1f7a-8c42-a6d3-52e80f6b1c97"
ANA = {"subject": {"id": "3e24474f-b113-4f44-a4a3-f0028ee72244", "ref": "C-1009"}, "subject_seq": 5}
WEEKLY = {
    "brand": "acme",
    "purpose": "marketing",
    "channel": "email",
    "topic": "weekly-offers",
    "contact_point": None,
}


def build_event_example(kind: str) -> dict[str, Any]:
    if kind == "events.batch":
        two = [build_event_example("preference.denied"), build_event_example("preference.granted")]
        two[1]["sequence"] += 1
        two[1]["data"]["subject_seq"] += 1
        return {"type": kind, "timestamp": WHEN, "data": two}
    if kind in MESSAGES:
        data = {"subscription": "019a0000-0000-7000-8000-000000000001"}
        if kind != "ping":
            data["challenge"] = "FJv3m0Qk2nB4nHkQ9y1bXw0a7d2ZrT5u"
        return {"type": kind, "timestamp": WHEN, "data": data}
    return {"type": kind, "timestamp": WHEN, "sequence": 44, "data": _example_data(kind)}


def _example_data(kind: str) -> dict[str, Any]:
    ended: dict[str, Any] = {"ended_at": LATER, "now": {"allowed": False, "rule": "default_opt_in"}}
    ended["permissions"] = []
    said = {"entry": ENTRY, "scope": WEEKLY}
    for decision, of_it in TYPES_OF_ENDINGS.items():
        if kind == of_it:
            return {**ANA, **said, "decision": decision, **ended}
    for decision, of_it in TYPES_OF_DECISIONS.items():
        if kind == of_it:
            stands = {"permissions": _example_permissions(decision)}
            return {**ANA, **_example_choice(decision), "honour_by": _due(decision), **stands}
    no = {"permissions": _example_permissions("deny")}
    if kind == "preference.explained":
        return {**ANA, **said, "reason": "not_relevant", **no}
    if kind == "relationship.started":
        unsaid = {"reason", "campaign"}
        standing = {k: v for k, v in _example_choice("deny").items() if k not in unsaid}
        standing["made_at"] = FULL_HOUR
        return {**ANA, "origin": "person", "contacts": [], "standing": [standing], **no}
    return {**ANA, "ended_by": "person", "honour_by": LATER}


def _example_choice(decision: str) -> dict[str, Any]:
    return {
        "entry": ENTRY,
        "scope": WEEKLY,
        "decision": decision,
        "until": LATER if decision == "pause" else None,
        "limit": {"max": 2, "per": "week"} if decision == "limit" else None,
        "expires_at": None,
        "reason": "too_many_from_brand" if decision == "deny" else None,
        "campaign": "spring-sale" if decision == "deny" else None,
        "maker": "person",
        "made_at": WHEN,
    }


def _example_permissions(decision: str) -> list[dict[str, Any]]:
    if decision in ("limit", "clear"):
        return []
    then = [{"at": LATER, "allowed": None}] if decision == "pause" else []
    about = {name: WEEKLY[name] for name in ("purpose", "channel", "topic")}
    return [{**about, "allowed": decision == "grant", "then": then}]


def _due(decision: str) -> str | None:
    return "2026-11-24T02:02:36.218300Z" if decision in {"deny", "pause", "limit"} else None
