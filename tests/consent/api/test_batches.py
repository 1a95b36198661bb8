"""POST /checks and /checks/stream: thousands of contacts, answered as single checks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import time, timedelta
from io import BytesIO
from typing import Any

import email_validator
import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from brands.models import Brand, Topic
from cmr.choices import choose
from cmr.models import Consumer
from consent.api import lines
from consent.decision.resolution import Limit, Scope
from consent.identity import identifiers
from consent.ledger import recording
from consent.ledger.recording import Actor, ChoiceTerms, NewChoice
from consent.models import Relationship, Send, Subject
from tests.conftest import EMAIL, Api
from tests.factories import open_account

ABOUT = {"purpose": "marketing", "channel": "email"}
NOBODY = {"email": "nobody@example.org"}


def a_yes_to(brand: Brand) -> NewChoice:
    return NewChoice(Scope(brand.pk, "marketing"), ChoiceTerms("grant"))


@pytest.fixture
def crowd(acme: Brand, rival: Brand) -> list[Consumer]:
    """People who said all kinds of things to acme, to rival and to everybody."""
    now, day = timezone.now() - timedelta(hours=1), timedelta(days=1)
    said = [
        [],
        [NewChoice(Scope(acme.pk, "marketing"), ChoiceTerms("grant"))],
        [
            NewChoice(Scope(acme.pk), ChoiceTerms("grant")),
            NewChoice(Scope(None, "marketing"), ChoiceTerms("deny")),
        ],
        [
            NewChoice(Scope(None), ChoiceTerms("deny")),
            NewChoice(Scope(acme.pk, "marketing", "email"), ChoiceTerms("grant")),
        ],
        [NewChoice(Scope(acme.pk, "marketing", "email"), ChoiceTerms("pause", until=now + day))],
        [NewChoice(Scope(acme.pk, "marketing"), ChoiceTerms("grant", expires_at=now + day))],
        [
            NewChoice(Scope(acme.pk), ChoiceTerms("grant")),
            NewChoice(Scope(acme.pk), ChoiceTerms("clear")),
        ],
        [
            NewChoice(Scope(rival.pk), ChoiceTerms("deny")),
            NewChoice(Scope(acme.pk, "research"), ChoiceTerms("grant")),
        ],
        [NewChoice(Scope(acme.pk), ChoiceTerms("limit", limit=Limit(2, "week")))],
        [a_yes_to(acme), NewChoice(Scope(acme.pk), ChoiceTerms("limit", limit=Limit(2, "week")))],
        [a_yes_to(acme), NewChoice(Scope(None), ChoiceTerms("limit", limit=Limit(1, "day")))],
        [a_yes_to(acme)],
    ]
    return [_person(n, choices, acme, now) for n, choices in enumerate(said)]


def _person(n: int, choices: list[NewChoice], acme: Brand, now: Any) -> Consumer:
    email = f"p{n}@example.org"
    person = open_account(email, now=now)
    relationship, _ = choose.add_brand(person, acme, by="api", now=now)
    Relationship.objects.filter(pk=relationship.pk).update(ref=f"ref-{n}")
    point = person.contact_points.get().identifier_id
    own = NewChoice(Scope(acme.pk, "marketing", "email", None, point), ChoiceTerms("deny"))
    if n > 8:  # who have a send behind them, and are resting all day but for a minute
        Send.objects.create(
            subject=person.subject, brand=acme, purpose_id="marketing", channel="email", at=now
        )
        Subject.objects.filter(pk=person.subject_id).update(
            quiet_start=time(0, 1), quiet_end=time(0, 0), time_zone="Europe/Berlin"
        )
    recording.record_choices(
        person.subject_id, [*choices, *[own] * (n == 7)], by=Actor("api"), now=now
    )
    return person


def without_time(answer: Any) -> Any:
    return {name: value for name, value in answer.items() if name != "as_of"}


@pytest.mark.parametrize("way", ["email", "sha256", "ref"])
def test_checks_answer_as_single_checks(crowd: list[Consumer], as_acme: Api, way: str) -> None:
    ways = {
        "email": [f"P{n}@example.org" for n in range(len(crowd))],
        "sha256": [_sha256(f"p{n}@example.org") for n in range(len(crowd))],
        "ref": [f"ref-{n}" for n in range(len(crowd))],
    }
    contacts = [{way: value} for value in ways[way]] + [NOBODY, {way: ways[way][0]}]
    together = as_acme.post("checks", {"contacts": contacts, **ABOUT}).json()["data"]
    alone = [as_acme.post("check", {"contact": each, **ABOUT}).json() for each in contacts]
    assert [without_time(a) for a in together] == [without_time(a) for a in alone]
    assert len({answer["rule"] for answer in together}) >= 5
    assert {answer["remaining"] for answer in together} == {None, 1}  # of a wide limit no number
    assert any(answer["not_before"] for answer in together)


def _sha256(text: str) -> str:
    import hashlib

    return hashlib.sha256(text.encode()).hexdigest()


def test_checks_invalid_contact_gets_error_in_place(as_acme: Api, met: Relationship) -> None:
    bad: list[Any] = [None, 1, "x", [], {}, {"email": 1}, {"email": ""}, {"email": "no address"}]
    bad += [{"fax": "1"}, {"email": EMAIL, "ref": "1"}, {"phone": "12"}, {"sha256": "zz"}]
    bad += [{"ref": "a\0b"}, {"ref": "x" * 201}]
    contacts = [each for one in bad for each in (one, {"email": EMAIL})]
    answers = as_acme.post("checks", {"contacts": contacts, **ABOUT}).json()["data"]
    assert all(set(answer["error"]) == {"code", "detail"} for answer in answers[::2])
    assert {answer["rule"] for answer in answers[1::2]} == {"default_opt_in"}


def test_checks_too_many_contacts_are_refused(as_acme: Api) -> None:
    assert as_acme.post("checks", {"contacts": [], **ABOUT}).json() == {"data": []}
    many = as_acme.post("checks", {"contacts": [NOBODY] * 10_001, **ABOUT})
    assert (many.status_code, many.json()["code"]) == (413, "too_many_contacts")
    assert "10,000" in many.json()["detail"]
    assert as_acme.post("checks", {"contacts": {}, **ABOUT}).json()["code"] == "not_a_list"
    assert as_acme.post("checks", ["x"]).status_code == 422


@pytest.mark.parametrize(
    ("about", "code"),
    [
        ({"purpose": "nothing", "channel": "email"}, "unknown_purpose"),
        ({"purpose": "marketing", "channel": "pigeon"}, "unknown_channel"),
        ({"purpose": "marketing"}, "channel_needed"),
        ({**ABOUT, "topic": "weekly-offers"}, "unknown_topic"),
        ({**ABOUT, "colour": "red"}, "unknown_field"),
    ],
)
def test_checks_unknown_name_is_refused(
    as_rival: Api, offers: Topic, about: dict[str, str], code: str
) -> None:
    """A topic of acme's is unknown to rival."""
    assert as_rival.post("checks", {"contacts": [NOBODY], **about}).json()["code"] == code


def stream(api: Api, body: bytes) -> list[Any]:
    query = "purpose=marketing&channel=email"
    answer = api.send("POST", f"checks/stream?{query}", body, "application/x-ndjson")
    assert answer.status_code == 200, answer.content
    written: Iterator[bytes] = answer.streaming_content  # type: ignore[attr-defined]
    return [json.loads(line) for line in b"".join(written).splitlines()]


def test_checks_stream_answers_line_by_line(as_acme: Api, crowd: list[Consumer]) -> None:
    contacts = [{"email": f"p{n}@example.org"} for n in range(len(crowd))] * 300
    body = b"\n".join(json.dumps(each).encode() for each in contacts)
    answers = stream(as_acme, body)
    assert len(answers) == len(contacts) > lines.BATCH
    batch = as_acme.post("checks", {"contacts": contacts[: len(crowd)], **ABOUT}).json()["data"]
    expected = [without_time(each) for each in batch] * 300
    assert [without_time(each) for each in answers] == expected


def test_checks_stream_invalid_line_gets_numbered_error(as_acme: Api, met: Relationship) -> None:
    good = json.dumps({"email": EMAIL}).encode()
    body = b"\n".join([good, b"{not json", b"", b"x" * 200_000, b"[]", good, b""])
    answers = stream(as_acme, body)
    assert [a.get("error", {}).get("line") for a in answers] == [None, 2, 4, 5, None]
    codes = [a["error"]["code"] for a in answers if "error" in a]
    assert codes == ["parse_error", "line_too_long", "one"]


@given(st.lists(st.binary(max_size=40).filter(lambda b: b"\n" not in b)), st.integers(1, 50))
def test_checks_stream_any_chunk_size_is_same(whole: list[bytes], size: int) -> None:
    class Slow(BytesIO):
        def read(self, wanted: int | None = -1) -> bytes:
            return super().read(size)

    assert list(lines.iterate_lines(Slow(b"\n".join(whole)))) == (whole or [b""])


local = st.text("abcXYZ019._+-'é", min_size=1, max_size=12)
domain = st.text("abcXYZ019.-ü", min_size=1, max_size=14)
ends = st.sampled_from(["", ".org", ".example", ".test", ".localhost", ".c", ".xn--p1ai", ".arpa"])


@given(local, domain, ends)
def test_plain_address_is_read_as_by_library(a: str, b: str, end: str) -> None:
    """Whatever is taken as it stands, the library would have handed back unchanged."""
    text = f"{a}@{b}{end}".lower()
    if identifiers._is_plain(text):
        valid = email_validator.validate_email(text, check_deliverability=False)
        assert valid.normalized == text


@pytest.mark.parametrize(
    ("path", "status"),
    [("checks/stream?purpose=marketing&channel=email", 200), ("check", 411), ("checks", 411)],
)
def test_chunked_body_is_read_by_stream_only(
    as_acme: Api, met: Relationship, path: str, status: int
) -> None:
    """Django takes a body without a length for empty: nobody may be answered as if it were."""
    chunked: dict[str, Any] = {"HTTP_TRANSFER_ENCODING": "chunked"}
    chunked["wsgi.input"] = BytesIO(json.dumps({"email": EMAIL}).encode())
    chunked["HTTP_AUTHORIZATION"] = f"Bearer {as_acme.bearer}"
    answer = as_acme.client.generic("POST", f"/api/v1/{path}", b"", "application/json", **chunked)
    assert answer.status_code == status
    if status == 200:
        written: Iterator[bytes] = answer.streaming_content  # type: ignore[attr-defined]
        assert json.loads(b"".join(written))["rule"] == "default_opt_in"


def test_chunked_import_part_is_refused(as_acme: Api) -> None:
    """It would be taken for an empty part, and its rows lost."""
    job = as_acme.post("imports", {"note": "Shop"}).json()["id"]
    chunked: dict[str, Any] = {"HTTP_TRANSFER_ENCODING": "chunked"}
    chunked["wsgi.input"] = BytesIO(b"email\nana@example.org\n")
    chunked["HTTP_AUTHORIZATION"] = f"Bearer {as_acme.bearer}"
    path = f"/api/v1/imports/{job}/parts/1"
    answer = as_acme.client.generic("PUT", path, b"", "text/csv", **chunked)
    assert (answer.status_code, answer.json()["code"]) == (411, "length_required")
