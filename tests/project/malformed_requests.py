"""Calls that no decent program sends, made from the API's schema: spoilt values, bodies and heads.

Everything here is pure: an operation and what it may be called with go in, calls come out.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote, quote_from_bytes, urlencode

Schema = Mapping[str, Any]
JSON, CSV, NDJSON = "application/json", "text/csv", "application/x-ndjson"


@dataclass(frozen=True, slots=True)
class Raw:
    """JSON as it stands, for what Python's own writer never writes."""

    text: bytes


@dataclass(frozen=True, slots=True)
class Call:
    """One call; *what* says how it is spoilt. The query is percent-encoded already."""

    what: str
    path: str
    body: bytes = b""
    media: str = JSON
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Operation:
    """A method of a path, with what a good call gives it."""

    name: str
    method: str
    path: str
    schemes: tuple[str, ...]
    arguments: Mapping[str, str]
    query: tuple[str, ...]
    #: What a good call has in its query.
    good_query: Mapping[str, str]
    body: Any
    #: Every field of the body with a value that is right, whether it is required or not.
    fields: Mapping[tuple[str, ...], Any]
    media: str


#: Times that are far, that do not exist, or that are written in another way.
TIMES = (
    *("0000-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00"),
    *("1899-12-31T23:59:59Z", "1900-01-01T00:00:00+14:00", "1900-01-01T00:00:00Z"),
    *("2199-12-31T23:59:59.999999Z", "2199-12-31T23:59:59-12:00", "2200-01-01T00:00:00+14:00"),
    *("9999-12-31T23:59:59Z", "9999-12-31T23:59:59-12:00", "10000-01-01T00:00:00Z"),
    *("2016-12-31T23:59:60Z", "2026-06-30T12:00:60Z", "2026-11-22T24:00:00Z"),
    *("2026-02-30T00:00:00Z", "2026-11-22T10:00:00+99:99", "2026-11-22T10:00:00", "infinity"),
    *("0001-01-01", "1899-12-31", "1900-01-01", "2199-12-31", "2200-01-01", "9999-12-31"),
    *("10000-01-01", "2026-02-30", "2026-W48-1", "20261122"),
)
TEXTS = (
    *(
        "",
        " ",
        "\0",
        "a\0b",
        "\ufeff",
        "\u202e",
        "٣",
        "１２",
        "ſ",
        "İ",
        "\U0001f4a9" * 50,
        "\r\nX: y",
    ),
    *("a" * 300, "a" * 70_000, "%", "%s{0}", "'; --", "\\", "../../etc", "-1", "1e400", "NaN"),
    *("9" * 400, "0x10", "null", "true", "a@" + "b." * 200 + "c", "@", "a@b@c", "+", "+1" * 30),
    *("http://[::1", "https://\u2100.example/", "https://a:b@c:99999999/", "https://x\0y/", "//"),
    *("xn--", "de-" * 60, "Europe/Berlin\0", "../Europe/Berlin", "Z", "urn:uuid:", "{" * 36),
    *("00000000-0000-0000-0000-000000000000", "ffffffff" * 4, "*", "preference.*" * 99, "۱۹"),
)
NUMBERS = (0, -1, 1, 2**15, 2**31, 2**32, 2**63 - 1, 2**63, -(2**63) - 1, 2**64, 0.5, -0.0, 1e308)
OTHERS: tuple[Any, ...] = (
    None,
    True,
    False,
    [],
    {},
    [[]],
    [None],
    {"": None},
    [{}],
    ["a", 1],
    {"a": {"b": []}},
)
RAW = tuple(
    Raw(each)
    for each in (
        *(
            b"1e400",
            b"-1e400",
            b"NaN",
            b"Infinity",
            b"1" * 5_000,
            b"-" + b"9" * 30,
            b"01",
            b"1.",
            b"+1",
        ),
        *(
            rb'"\ud800"',
            rb'"\udc00\ud800"',
            rb'"a\u0000b"',
            b'"\xff"',
            b'"\xed\xa0\x80"',
            b'"\x01"',
        ),
        *(b"[" * 100_000, b"[" * 900 + b"]" * 900, b'{"a":' * 900 + b"1" + b"}" * 900, b"'a'"),
        *(b'{"email":"a@b.example","email":"c@d.example"}', b"/**/1", b"", b"undefined"),
    )
)
#: Ways to point at a person, of which a call gives one.
ALONE = {"email", "phone", "sha256", "ref"}
#: In a path or a query: the bytes, whatever they are.
BYTES = (
    *(
        b"\0",
        b"a\0b",
        b"\xff",
        b"\xed\xa0\x80",
        b"\xc0\xaf",
        b"\n",
        b"\r\n",
        b"%00",
        b"+",
        b"&",
        b"a=b",
    ),
    *(b"..", b"../x", b"//", b";", b"\xe2\x80\xae", b"a" * 5_000, b"9" * 400),
)
QUERIES = (
    *("%00=1", "%ff=%ff", "=", "&&&", "a[]=1", "a=" + "b" * 5_000, "&a" * 1_100, "%", "%zz"),
    "__proto__=1",
)
ENCODINGS = ("gzip", "br", "deflate", "zstd", "identity, gzip", "IDENTITY", "x", "", "\x80")
#: Text all of them: what the web server does with the others is in `test_web_server`.
CHARSETS = (
    *("utf-7", "utf-16", "nope", "", '"', "utf-8; charset=latin-1", "idna"),
    *("unicode_escape", "punycode", "undefined", "é"),
)
MEDIA = (
    *("", "/", "text/plain", "application/json/json", "multipart/form-data", "*/*", "text/html"),
    *("multipart/form-data; boundary=", "multipart/form-data; boundary=\u00e9", "application/xml"),
    *("application/x-www-form-urlencoded", "multipart/mixed; boundary=x", "a" * 500, ";", "json"),
    *(
        "multipart/form-data; boundary=x; charset=nope",
        "application/x-www-form-urlencoded; charset=x",
    ),
)
HEADERS = {
    "If-Match": ('"', "*", "W/", '"\u00e9"', '"a", "b"', "x" * 5_000, '""', '"9' * 99),
    "If-None-Match": ('"', "*", "W/", '"\u00e9"', '"a", "b"', "x" * 5_000, '""'),
    "Idempotency-Key": (
        "",
        " ",
        "\u00e9",
        "x" * 201,
        "\x7f",
        "\x80",
        "\t",
        "😀".encode().decode("l1"),
    ),
    "CMR-Version": ("", "x", "9999-99-99", "\u00e9", "2026-11-22,2026-11-23", "x" * 5_000),
    "X-Request-Id": ("", "x" * 500, "\u00e9", "\x1b[31m", "a\tb"),
    "Accept": ("", "text/html", "*/*;q=x", "\u00e9", "application/json;q=1e400", "," * 999),
    "Accept-Language": ("", "x" * 5_000, "de-DE-1996;q=9e99", "*;q=0", "\u00e9", "../../x"),
    "Range": ("bytes=0-", "bytes=-1", "bytes=9-1", "x"),
    "If-Modified-Since": ("x", "Thu, 01 Jan 0001 00:00:00 GMT", "Fri, 31 Dec 9999 23:59:60 GMT"),
    "Transfer-Encoding": ("gzip", "identity", "chunked, chunked"),
    "Content-Language": ("\u00e9",),
    "Cookie": ("sessionid=", "a=b; " * 500, "sessionid=%00; csrftoken=\u00e9", "="),
    "Authorization": (
        *(
            "",
            "Bearer",
            "Bearer ",
            "Bearer  a",
            "Bearer \u00e9",
            "Basic Og==",
            "Basic \xff",
            "bearer x",
        ),
        *("Bearer " + "x" * 5_000, "Bearer a b", "Digest", "Bearer cmr_live_", "Bearer ..."),
    ),
}


def spoil(operation: Operation) -> Iterator[Call]:
    """Yield the good call first, and then all that are spoilt."""
    query = urlencode(operation.good_query)
    good = Call("as it is", _path(operation), write(operation.body), operation.media, query)
    yield good
    yield from _spoil_arguments(operation, good)
    yield from _spoil_query(operation, good)
    yield from _spoil_heads(good)
    if operation.body is not None:
        yield from _spoil_whole(good)
    if isinstance(operation.body, dict):
        yield from _spoil_fields(operation, good)


def _path(operation: Operation, **other: str) -> str:
    given = {name: quote(value, safe="") for name, value in operation.arguments.items()} | other
    return re.sub(r"\{(\w+)\}", lambda name: given[name[1]], operation.path)


def _percent(value: str | bytes) -> str:
    return quote_from_bytes(value, safe="") if isinstance(value, bytes) else quote(value, safe="")


def _in_addresses() -> Iterator[str]:
    texts: tuple[str | bytes, ...] = (*TIMES, *TEXTS, *BYTES, *map(str, NUMBERS))
    for value in texts:
        if len(value) < 6_000:
            yield _percent(value)


def _spoil_arguments(operation: Operation, good: Call) -> Iterator[Call]:
    for name in operation.arguments:
        for value in _in_addresses():
            if value and value not in (".", ".."):  # which would be another address
                path = _path(operation, **{name: value})
                yield replace(good, what=f"{{{name}}} = {value[:60]}", path=path)


def _spoil_query(operation: Operation, good: Call) -> Iterator[Call]:
    for name in operation.query:
        others = {each: value for each, value in operation.good_query.items() if each != name}
        rest = "&" + urlencode(others) if others else ""
        for value in _in_addresses():
            yield replace(good, what=f"?{name}={value[:60]}", query=f"{name}={value}{rest}")
        yield replace(good, what=f"?{name} twice", query=f"{name}=1&{name}=2{rest}")
    for query in QUERIES:
        yield replace(good, what=f"?{query[:60]}", query=query)


def _spoil_heads(good: Call) -> Iterator[Call]:
    for name, values in HEADERS.items():
        for value in values:
            yield replace(good, what=f"{name}: {value[:40]!r}", headers={name: value})


def _spoil_whole(good: Call) -> Iterator[Call]:
    body = good.body
    for nth, spoilt in enumerate(_bodies(body)):
        if not spoilt and good.media == NDJSON:
            continue  # Django's test client fails where a view reads on after an empty body
        yield replace(good, what=f"body {nth}", body=spoilt)
    for coding in ENCODINGS:
        given = gzip.compress(body) if coding == "gzip" else body
        head = {"Content-Encoding": coding}
        yield replace(good, what=f"Content-Encoding: {coding}", body=given, headers=head)
    for charset in CHARSETS:
        yield replace(good, what=f"charset {charset}", media=f"{good.media}; charset={charset}")
    for media in MEDIA:
        yield replace(good, what=f"Content-Type: {media[:40]}", media=media)


def _bodies(body: bytes) -> Iterator[bytes]:
    yield from (
        b"",
        body[: len(body) // 2],
        body[:-1],
        body + b"}",
        b"\xef\xbb\xbf" + body,
        body * 2,
    )
    yield from (
        body.decode().encode("utf-16"),
        body + b"\0",
        b"\0" * 100,
        b"\xff" * 100,
        b"\r\n" * 9,
    )
    yield from (write(each) for each in (*OTHERS, *NUMBERS, *RAW))
    for value in (b"null", b"[]", b"{}", b'"x"', b"1e999", b"-0", b"9" * 400):
        yield re.sub(rb'("[^"\\]*"):', lambda name, v=value: name[0] + v + b"," + name[0], body)  # type: ignore[misc]


def _spoil_fields(operation: Operation, good: Call) -> Iterator[Call]:
    for where, right in operation.fields.items():
        name = ".".join(where)
        for value in (*_for_field(right), *OTHERS, *NUMBERS, *RAW):
            body = write(put(operation.body, where, value))
            yield replace(good, what=f"{name} = {_short(value)}", body=body)
    for name in ("", "\0", "__class__", "a" * 70_000, "\U0001f4a9", "data.0", "é" * 99):
        body = write({**operation.body, name: 1})
        yield replace(good, what=f"unknown field {name[:40]!r}", body=body)


def _for_field(right: Any) -> Iterator[Any]:
    yield from TIMES
    yield from TEXTS
    if isinstance(right, list):
        yield from ([right[0]] * 2_000, [right]) if right else ()
    if isinstance(right, str):
        yield from (right + "\0", right + "\n", f" {right} ", right.upper(), right * 2, [right])


def _short(value: Any) -> str:
    return repr(value.text if isinstance(value, Raw) else value)[:60]


def put(body: Any, where: tuple[str, ...], value: Any) -> Any:
    """Return a copy of *body* with *value* at the place *where*; "0" is the first of a list."""
    if not where:
        return value
    first, *rest = where
    if isinstance(body, list):
        return [put(body[0] if body else {}, tuple(rest), value), *body[1:]]
    before = body if isinstance(body, dict) else {}
    before = {} if ALONE.intersection(before) and first in ALONE else before
    return {**before, first: put(before.get(first, {}), tuple(rest), value)}


def write(value: Any) -> bytes:
    """Return *value* as JSON, in which each `Raw` stands as it is."""
    if isinstance(value, bytes):
        return value
    raw: list[bytes] = []

    def mark(each: Any) -> str:
        raw.append(each.text)
        return f"<raw {len(raw) - 1}>"

    text = b"" if value is None else json.dumps(value, default=mark).encode()
    return re.sub(rb'"<raw (\d+)>"', lambda found: raw[int(found[1])], text)


# -- From the schema ---------------------------------------------------------------------------


def read_operations(document: Schema, known: Mapping[str, Any]) -> Iterator[Operation]:
    """Yield every operation of an OpenAPI document.

    *known* has good values by the name of the field or argument, and by "METHOD path" a list of
    others for one operation, each of which is tried. There `also` names optional fields to give,
    `query` is the query, and `text` a body that is no JSON.
    """
    for path, methods in document["paths"].items():
        for method, raw in methods.items():
            name = f"{method.upper()} {path}"
            for nth, own in enumerate(known.get(name, [{}])):
                numbered = f"{name} ({nth + 1})" if nth else name
                yield _read_operation(document, numbered, raw, {**known, **own})


def _read_operation(
    document: Schema, name: str, raw: Schema, known: Mapping[str, Any]
) -> Operation:
    method, path = name.split()[:2]
    content = raw.get("requestBody", {}).get("content", {})
    media = next(iter(content), JSON)
    fields: dict[tuple[str, ...], Any] = {}
    body = known.get("text", b"") if content else None
    if content and media == JSON:
        body = _build_example(document, content[JSON]["schema"], known, (), fields)
    return Operation(
        name=name,
        method=method,
        path=path,
        schemes=tuple(name for each in raw.get("security", []) for name in each),
        arguments={each: str(known.get(each, "1")) for each in _parameters(raw, "path")},
        query=_parameters(raw, "query"),
        good_query=known.get("query", {}),
        body=body,
        fields=fields,
        media=media,
    )


def _parameters(raw: Schema, where: str) -> tuple[str, ...]:
    return tuple(each["name"] for each in raw.get("parameters", []) if each["in"] == where)


def _build_example(
    document: Schema,
    schema: Schema,
    known: Mapping[str, Any],
    where: tuple[str, ...],
    fields: dict[tuple[str, ...], Any],
) -> Any:
    """Return what a good call gives, and put every field that it may give into *fields*."""
    schema = _resolve(document, schema)
    if schema.get("type") == "array":
        return [_build_example(document, schema["items"], known, (*where, "0"), fields)]
    if "properties" not in schema:
        return _build_scalar(schema)
    given = {}
    for name, each in schema["properties"].items():
        value = _build_example(document, each, known, (*where, name), fields)
        fields[*where, name] = value = known.get(name, value)
        if name in schema.get("required", ()) or name in known.get("also", ()):
            given[name] = value
    return given


def _resolve(document: Schema, schema: Schema) -> Schema:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return _resolve(document, document["components"]["schemas"][name])
    some = schema.get("oneOf") or schema.get("anyOf") or schema.get("allOf")
    return _resolve(document, some[0]) if some else schema


def _build_scalar(schema: Schema) -> Any:
    if "enum" in schema:
        return schema["enum"][0]
    kinds = schema.get("type", "string")
    kind = kinds if isinstance(kinds, str) else kinds[0]
    if kind == "string":
        times = {"date-time": "2026-01-02T03:04:05Z", "date": "2026-01-02"}
        return times.get(schema.get("format", ""), "x" * schema.get("minLength", 1))
    return {"integer": schema.get("minimum", 1), "boolean": True, "number": 1.5}.get(kind, {})
