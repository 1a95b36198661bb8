"""Generate `cmr_client/schema_models.py` from the service's OpenAPI document.

`make client-models` runs it: the document on standard input, the module on standard output.
"""

from __future__ import annotations

import json
import sys
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Schema = Mapping[str, Any]

HEADER = '''\
"""Answers of the service, generated from its OpenAPI document. Do not edit: `make client-models`.

Fields that a later service adds are ignored. A code that has a fixed set of values today is a
`str`, so that a new value does not break an older client.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
'''
#: Python's type for each JSON type, and for formats of strings that are read as more than text.
TYPES = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"}
FORMATS = {"date-time": "datetime", "date": "date"}
#: Fields that are left out of `repr`, so that they do not appear in logs.
SECRETS = {"secret", "key"}


@dataclass(frozen=True)
class Model:
    """A class of the client, and the components of the document that it reads.

    A field that is not in each component, or not always there, is optional.
    """

    name: str
    components: tuple[str, ...]
    doc: str = ""
    base: str = ""
    optional: Mapping[str, str] = field(default_factory=dict)


def model(name: str, *components: str, **more: Any) -> Model:
    """Return the model *name* of *components*."""
    return Model(name, components, **more)


MODELS = (
    model("Limit", "LimitData", doc="How many messages at most in a period."),
    model(
        "Scope",
        "ScopeData",
        doc="What a choice is about; None is any. In what a brand reads, `brand` is its own slug, "
        "also where the person meant every brand, and `contact_point` is None.",
        optional=dict.fromkeys(["brand", "purpose", "channel", "topic", "contact_point"], "None"),
    ),
    model("Because", "Because", doc="The choice that decided."),
    model(
        "Decision",
        "DecisionData",
        doc="Whether the person may be contacted: now, only if `allowed` and `not_before` is "
        "None. Do not keep it longer than `valid_until`, or than the next event about the person. "
        "Of a yes, `not_before` and `remaining` hold at `as_of` only.",
    ),
    model("Answered", "Answered", doc="A decision with its question.", base="Decision"),
    model(
        "Reservation",
        "ReservationData",
        doc="A decision and, where `reserved`, the id of the `send` that was counted.",
        base="Decision",
    ),
    model("ItemError", "ItemError", doc="Why an item of a list has no answer."),
    model(
        "Subject",
        "SubjectData",
        doc="A person, by an id that only this brand sees, and by the brand's own reference. "
        "A person with two addresses at the brand is two subjects.",
    ),
    model("RegimeElsewhere", "JurisdictionRegimeData", doc="An exception to a purpose's regime."),
    model("Purpose", "PurposeData", doc="A purpose that a question can name."),
    model("Topic", "TopicData", doc="One of the brand's own lists under a purpose."),
    model("Relationship", "RegistrationData", doc="A person who is registered with the brand."),
    model(
        "Entry",
        "EntryData",
        "RecordedData",
        doc="A recorded choice. `evidence` and `notice` are those of the brand's own entries.",
    ),
    model("LinkKey", "LinkKeyData", doc="What it takes to make links yourself (docs/links.md)."),
    model("NewLinkKey", "NewLinkKeyData", doc="A link key after its rotation.", base="LinkKey"),
    model("PermissionRequest", "AskedData", doc="A request; `answer` is None while it waits."),
    model("EventData", "EventData", doc="A change that concerns the brand."),
    model("Gap", "Gap", doc="Sequences without an event: the service was restored to a backup."),
    model("EventType", "EventTypeData", doc="A type of event, with its schema."),
    model(
        "Subscription",
        "SubscriptionData",
        "NewSubscription",
        doc="A webhook. Only the answer to its creation has the `secret` or the `public_key`.",
    ),
    model("SigningKey", "Key", doc="A new secret, or the public half of a new key pair."),
    model("Ping", "PingResult", doc="What the endpoint answered to a ping."),
    model("Attempt", "AttemptData", doc="One try to deliver one event."),
    model("Parked", "ParkedData", doc="A quarantined event."),
    model("ImportData", "ImportData", doc="An import and its counts so far."),
    model("Part", "PartData", doc="A part of an import's file."),
    model("BadRow", "ExceptionData", doc="A row of an import that was not taken."),
    model("Campaign", "CampaignData", doc="A campaign by the brand's own code."),
    model("Day", "DayRequest", doc="What a campaign sent on one day over one channel."),
    model("ReportedDay", "DayData", doc="A day as it was reported last.", base="Day"),
    model("Card", "CardData", doc="One rate beside that of the period before; None is unknown."),
    model("Column", "ColumnData", doc="A column of a figure."),
    model("Withheld", "WithheldData", doc="A cell that is withheld, being about too few people."),
    model("Figure", "FigureData", doc="A table of a report."),
    model("Report", "ReportData", doc="A report with its rates and tables."),
    model(
        "Brand", "OwnBrandData", "BrandName", doc="A brand.", optional={"operations_email": '""'}
    ),
    model("Mail", "TestMailData", doc="A mail to a person of test mode, which is not sent."),
    model(
        "Key",
        "KeyData",
        "NewKeyData",
        "CurrentKeyData",
        doc="An API key. Only the answer that creates one has the `key` itself, and only the "
        "current one names its `brand`.",
    ),
)
#: The class that reads each component.
CLASSES = {component: each.name for each in MODELS for component in each.components}


def build_module(document: Schema) -> str:
    """Return the text of the module for an OpenAPI *document*."""
    writer = _Writer(document["components"]["schemas"])
    names = "".join(f'    "{name}",\n' for name in sorted(each.name for each in MODELS))
    classes = ["\n".join(writer.write_class(each)) for each in MODELS]
    return "\n\n".join([f"{HEADER}\n__all__ = [\n{names}]\n", *classes])


@dataclass(frozen=True)
class _Writer:
    schemas: Mapping[str, Schema]

    def write_class(self, each: Model) -> Iterator[str]:
        yield "@dataclass(frozen=True, kw_only=True)"
        yield f"class {each.name}({each.base}):" if each.base else f"class {each.name}:"
        yield from write_docstring(each.doc)
        yield ""
        inherited = {name for one in MODELS if one.name == each.base for name in self.merge(one)}
        for name, (schema, required) in self.merge(each).items():
            if name not in inherited:
                default = each.optional.get(name, None if required else "None")
                yield from self.write_field(name, schema, default)
        yield ""

    def merge(self, each: Model) -> dict[str, tuple[Schema, bool]]:
        """Return each property's schema, and whether every component always has it."""
        components = [self.schemas[name] for name in each.components]
        needed = set.intersection(*(set(one.get("required", ())) for one in components))
        properties = {
            name: found for one in components for name, found in one["properties"].items()
        }
        return {name: (found, name in needed) for name, found in properties.items()}

    def write_field(self, name: str, schema: Schema, default: str | None) -> Iterator[str]:
        for line in textwrap.wrap(self.describe(schema), 93):
            yield f"    #: {line}"
        kind = self.name_type(schema)
        if default == "None" and not kind.endswith("| None"):
            kind += " | None"
        if name in SECRETS:
            options = "repr=False" if default is None else f"default={default}, repr=False"
            default = f"field({options})"
        yield f"    {name}: {kind}" + (f" = {default}" if default else "")

    def describe(self, schema: Schema) -> str:
        """Return the description with the possible values, but without their labels."""
        text = schema.get("description", "").split("* `")[0].strip()
        if values := self.list_values(schema):
            text += f" One of {', '.join(map(json.dumps, values))}."
        return " ".join(text.split())

    def list_values(self, schema: Schema) -> list[str]:
        parts = [*schema.get("oneOf", ()), *schema.get("allOf", ())]
        parts += [schema["items"]] if "items" in schema else []
        if (component := component_name(schema)) and component not in CLASSES:
            parts.append(self.schemas[component])
        return [
            *schema.get("enum", ()),
            *(value for one in parts for value in self.list_values(one)),
        ]

    def name_type(self, schema: Schema) -> str:
        if component := component_name(schema):
            return CLASSES.get(component) or self.name_type(self.schemas[component])
        if parts := [*schema.get("oneOf", ()), *schema.get("allOf", ())]:
            return " | ".join(dict.fromkeys(map(self.name_type, parts)))
        kinds = schema.get("type", "object")
        each = [kinds] if isinstance(kinds, str) else kinds
        return " | ".join(self.name_simple_type(kind, schema) for kind in each)

    def name_simple_type(self, kind: str, schema: Schema) -> str:
        if kind == "array":
            return f"list[{self.name_type(schema['items'])}]"
        if kind == "object":
            values = schema.get("additionalProperties")
            return f"dict[str, {self.name_type(values) if values else 'Any'}]"
        return (
            FORMATS.get(schema.get("format", ""), TYPES[kind]) if kind == "string" else TYPES[kind]
        )


def write_docstring(text: str) -> Iterator[str]:
    """Yield the lines of a docstring: the first sentence, and the others as a paragraph."""
    summary, _, rest = text.partition(". ")
    if not rest:
        yield f'    """{text}"""'
        return
    yield f'    """{summary}.'
    yield ""
    yield from textwrap.wrap(rest, 99, initial_indent="    ", subsequent_indent="    ")
    yield '    """'


def component_name(schema: Schema) -> str:
    """Return the name of the component that *schema* refers to, or an empty text."""
    reference: str = schema.get("$ref", "")
    return reference.rpartition("/")[2]


if __name__ == "__main__":
    sys.stdout.write(build_module(json.load(sys.stdin)))
