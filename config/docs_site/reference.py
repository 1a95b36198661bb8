"""Every call of the API, read out of its schema (OpenAPI 3.1)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from typing import Any

from drf_spectacular.generators import SchemaGenerator

Schema = dict[str, Any]
WHO = {
    "brandKey": "a brand's key",
    "consumerToken": "a consumer's token",
    "session": "a session",
}
#: The groups of calls, as a brand's developer meets them; then those of others.
ORDER = [
    "brand: checks",
    "brand: people",
    "brand: links",
    "brand: changes",
    "brand: webhooks",
    "brand: permission requests",
    "brand: what people answer",
    "brand: imports",
    "brand: exports",
    "brand: catalogue",
    "brand: campaigns",
    "brand: reports",
    "brand: keys",
    "brand: itself",
    "brand: test mode",
    "consumer",
    "consumer: sign-in",
    "receipts",
    "admin",
]
#: What fields of these names are wherever they stand, unless the schema says more.
MEANINGS = {
    "contact": "Whom it is about.",
    "purpose": "What for: a code of `GET brand/purposes`.",
    "channel": "Which way a message goes.",
    "topic": "One of the brand's own lists, by its code.",
    "scope": "What is said something about. A part that is left out, or null, is any.",
    "decision": "What is said: yes, no, not until, at most so often, or the last word taken back.",
    "maker": "Who said it: the person, or the brand on their account.",
    "made_at": "When it was said.",
    "next_cursor": "Where the next page begins; null on the last one.",
    "cursor": "The `next_cursor` of the page before.",
}
#: What a schema may say of a value beside its type, and how a reader is told.
BOUNDS = {
    "format": "{}",
    "minimum": "at least {}",
    "maximum": "at most {}",
    "minLength": "{} characters at least",
    "maxLength": "{} characters at most",
    "minItems": "{} at least",
    "maxItems": "{} at most",
    "pattern": "matches {}",
    "default": "{} if left out",
}


@dataclass(frozen=True, slots=True)
class Word:
    """A piece of what a type is called; *type* where it is one that the page explains."""

    text: str
    type: str = ""


@dataclass(frozen=True, slots=True)
class Field:
    name: str
    kind: list[Word]
    required: bool
    about: str
    bounds: list[str]
    place: str = ""


@dataclass(frozen=True, slots=True)
class Content:
    """What a body or an answer may be."""

    status: str
    about: str
    media: list[tuple[str, list[Word]]]


@dataclass(frozen=True, slots=True)
class Call:
    anchor: str
    method: str
    path: str
    about: list[str]
    callers: list[str]
    parameters: list[Field]
    body: Content | None
    fields: list[Field]
    answers: list[Content]

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(frozen=True, slots=True)
class Group:
    label: str
    anchor: str
    calls: list[Call]


@dataclass(frozen=True, slots=True)
class Type:
    name: str
    about: str
    fields: list[Field]
    kind: list[Word]


@cache
def schema() -> Schema:
    made: Schema = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return made


@cache
def groups() -> list[Group]:
    """The calls by what they are about."""
    operations = sorted(_operations(), key=lambda each: ORDER.index(each[0]))
    return [
        Group(label[0].upper() + label[1:], _anchor(label), [call for _, call in calls])
        for label, calls in groupby(operations, key=lambda each: each[0])
    ]


def _anchor(label: str) -> str:
    return "calls-" + label.replace(": ", "-").replace(" ", "-")


def _operations() -> Iterator[tuple[str, Call]]:
    for path, operations in schema()["paths"].items():
        for method, operation in operations.items():
            yield operation["tags"][0], _call(method.upper(), path, operation)


def _call(method: str, path: str, operation: Schema) -> Call:
    body = operation.get("requestBody")
    return Call(
        anchor=operation["operationId"],
        method=method,
        path=path,
        about=operation.get("description", "").split("\n\n"),
        callers=[_caller(each) for each in operation.get("security", [])],
        parameters=[_parameter(each) for each in operation.get("parameters", [])],
        body=_content("", body) if body else None,
        fields=_fields_of_body(body) if body else [],
        answers=[_content(status, each) for status, each in operation["responses"].items()],
    )


def _caller(requirement: Schema) -> str:
    if not requirement:
        return "anybody"
    [(scheme, scopes)] = requirement.items()
    allowed = f" with the scope `{'`, `'.join(scopes)}`" if scopes else ""
    return WHO[scheme] + allowed


def _parameter(said: Schema) -> Field:
    field = _field(said["name"], said["schema"], required=said.get("required", False))
    about = said.get("description", field.about)
    return Field(field.name, field.kind, field.required, about, field.bounds, said["in"])


def _content(status: str, said: Schema) -> Content:
    media = [
        (name, _kind(each.get("schema", {}))) for name, each in said.get("content", {}).items()
    ]
    return Content(status, said.get("description", ""), media)


def _fields_of_body(body: Schema) -> list[Field]:
    """Of the first form that it may have; the others hold the same."""
    said = next(iter(body["content"].values())).get("schema", {})
    named = said.get("$ref", "").rpartition("/")[2]
    return _fields(schema()["components"]["schemas"][named] if named else said)


@cache
def types() -> list[Type]:
    return [
        Type(
            name=name,
            about="" if "enum" in said else said.get("description", ""),
            fields=_fields(said),
            kind=[] if "properties" in said else _kind(said),
        )
        for name, said in sorted(schema()["components"]["schemas"].items())
    ]


def _fields(said: Schema) -> list[Field]:
    needed = said.get("required", [])
    properties = said.get("properties", {})
    return [_field(name, each, required=name in needed) for name, each in properties.items()]


def _field(name: str, said: Schema, *, required: bool) -> Field:
    bounds = [told.format(said[key]) for key, told in BOUNDS.items() if key in said]
    about = said.get("description") or MEANINGS.get(name, "")
    return Field(name, _kind(said), required, about, bounds)


def _kind(said: Schema) -> list[Word]:
    if "$ref" in said:
        name = said["$ref"].rpartition("/")[2]
        return [Word(name, type=name)]
    for choice in ("oneOf", "anyOf", "allOf"):
        if choice in said:
            return _alternatives([_kind(each) for each in said[choice]])
    if "enum" in said:
        return [Word(" | ".join(f"{each}" for each in said["enum"]))]
    if "items" in said:
        return [Word("list of "), *_kind(said["items"])]
    named = said.get("type", "anything")
    return [Word(" or ".join(named) if isinstance(named, list) else named)]


def _alternatives(kinds: list[list[Word]]) -> list[Word]:
    words = kinds[0][:]
    for kind in kinds[1:]:
        words += [Word(" or "), *kind]
    return words
