"""What is in a log, and what never is."""

from __future__ import annotations

import io
import json
import logging
import logging.config
from collections.abc import Iterator

import pytest
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.utils.log import log_response

from brands.webhooks import signing
from config import logs
from tests.conftest import EMAIL, Api

SECRETS = [
    signing.generate_secret(),
    signing.generate_secret("v1a"),
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
    held = logs.build_log_settings(level="INFO", as_json=True)
    formatter = held["formatters"]["line"]
    made = formatter.pop("()")(**formatter)
    handler = logging.StreamHandler(stream)
    handler.setFormatter(made)
    for name in held["handlers"]["stderr"]["filters"]:
        handler.addFilter(held["filters"][name]["()"]())
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

    monkeypatch.setattr("cmr.sign_in.recognise_token", fail)
    logging.getLogger("django.request").setLevel("ERROR")
    person = Api("cmr_pat_0123456789abcdef_" + "A" * 43)
    assert person.send("GET", "me", X_Request_Id="the-one").status_code == 500
    said = lines.getvalue()
    assert "cannot find" in said
    assert "the-one" in said
    assert EMAIL not in said


@pytest.mark.django_db
def test_a_form_that_is_refused_is_logged_by_its_route(lines: io.StringIO) -> None:
    """The path is a live link: a browser without cookies posts to it."""
    answer = Client(enforce_csrf_checks=True).post("/recover/a-live-link", {"code": "1"})
    assert answer.status_code == 403
    assert "Forbidden (CSRF cookie not set.): /recover/<str:token>" in lines.getvalue()
    assert "a-live-link" not in lines.getvalue()


@pytest.mark.parametrize("path", ["/p/a-live-link", "/p/a-live-link-é\n", "/nowhere/a-live-link"])
@pytest.mark.parametrize("name", ["django.request", "django.security.csrf", "django.anything"])
def test_a_line_about_a_request_has_no_path(name: str, path: str, lines: io.StringIO) -> None:
    request = RequestFactory().get("/")
    request.path = path
    logger = logging.getLogger(name)
    answer = HttpResponse(status=500)
    log_response("Failed 100%%: %s", path, response=answer, request=request, logger=logger)
    logger.error("never %s", f"{path} twice {path}", extra={"request": request})
    assert len(lines.getvalue().splitlines()) == 2
    assert "100%: " in lines.getvalue()
    assert "a-live-link" not in lines.getvalue()
