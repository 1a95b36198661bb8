"""What is in a log, and what never is."""

from __future__ import annotations

import io
import json
import logging
import logging.config
from collections.abc import Iterator

import pytest

from brands import signing
from config import logs
from tests.conftest import EMAIL, Api

SECRETS = [
    signing.new_secret(),
    signing.new_secret("v1a"),
    "cmr_live_0123456789abcdef_" + "A" * 43,
    "cmr_pat_0123456789abcdef_" + "b-_" * 14 + "c",
]


@pytest.mark.parametrize("secret", SECRETS, ids=["v1", "v1a", "key", "token"])
def test_a_secret_is_cut_out(secret: str) -> None:
    line = logs.clean(f"got {secret!r}, Authorization: Bearer {secret}")
    assert secret[-20:] not in line


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("mail to ana.b+c@example.co.uk failed", "mail to …@… failed"),
        ('{"email": "ana@example.org"}', '{"email": "…@…"}'),
        ("called +49 (0)30 123-4567 twice", "called +… twice"),
        ("POST https://ana:pw@x.example/hook?token=abc 500", "POST https://…@x.example/hook?… 500"),
        ("GET https://x.example/a/b", "GET https://x.example/a/b"),
        ("at 2026-11-25T12:00:00+00:00", "at 2026-11-25T12:00:00+00:00"),
        ("delivery@host: ready, 5+3 events", "delivery@host: ready, 5+3 events"),
    ],
)
def test_what_is_left_of_a_line(said: str, left: str) -> None:
    assert logs.clean(said) == left


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """What a logger writes that is set up as ours are, as JSON."""
    stream = io.StringIO()
    held = logs.settings_of(level="INFO", as_json=True)
    formatter = held["formatters"]["line"]
    made = formatter.pop("()")(**formatter)
    handler = logging.StreamHandler(stream)
    handler.setFormatter(made)
    root = logging.getLogger()
    root.addHandler(handler)
    yield stream
    root.removeHandler(handler)


def test_a_line_is_an_object_with_its_level_and_name(lines: io.StringIO) -> None:
    logging.getLogger("brands.somewhere").warning("no %s", "broker")
    told = json.loads(lines.getvalue().splitlines()[-1])
    assert (told["event"], told["level"], told["logger"]) == (
        "no broker",
        "warning",
        "brands.somewhere",
    )


def test_an_exception_is_cleaned_too(lines: io.StringIO) -> None:
    try:
        raise ValueError(f"{EMAIL} and {SECRETS[0]}")
    except ValueError:
        logging.getLogger("brands").exception("it failed for %s", EMAIL)
    said = lines.getvalue()
    assert "ValueError" in said
    assert EMAIL not in said
    assert SECRETS[0][-20:] not in said


@pytest.mark.django_db
def test_a_request_that_fails_is_logged_with_its_id_and_no_address(
    lines: io.StringIO, nobody: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError(f"cannot find {EMAIL}")

    monkeypatch.setattr("cmr.tokens.recognise", fail)
    logging.getLogger("django.request").setLevel("ERROR")
    person = Api("cmr_pat_0123456789abcdef_" + "A" * 43)
    assert person.send("GET", "me", X_Request_Id="the-one").status_code == 500
    said = lines.getvalue()
    assert "cannot find" in said
    assert "the-one" in said
    assert EMAIL not in said
