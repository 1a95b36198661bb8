"""Files of people by hand: read, looked at, applied; and who may."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from brands.models import Workspace
from consent.imports import applying, jobs
from consent.models import Import, ImportPart, Relationship
from tests.console.conftest import Browser

PATH = "acme/test/imports"
NOTE = "You subscribed in the shop"
HEADINGS = "email,ref,purpose,channel,decision,made_at,evidence"
YES = "marketing,email,grant,2024-03-01T10:00:00Z,form 7"
GOOD = f"{HEADINGS}\nann@example.org,A-1,{YES}\nnobody,A-2,{YES}\nben@example.org,A-3,{YES}\n"

REFRESH = '<meta http-equiv="refresh"'


def sent(by: Browser, text: str, name: str = "people.csv", **more: Any) -> Any:
    file = SimpleUploadedFile(name, text.encode())
    return by.post(PATH, file=file, note=NOTE, **more)


def received(by: Browser, text: str = GOOD, name: str = "people.csv") -> str:
    """The path of the import's page."""
    answer = sent(by, text, name)
    assert answer.status_code == 302, answer.content
    return str(answer.headers["Location"]).removeprefix("/console/")


def apply() -> None:
    for each in applying.waiting():
        jobs.run(each, now=timezone.now())


def test_a_file_is_read_looked_at_and_applied(workspace: Workspace, dev: Browser) -> None:
    page = received(dev)
    seen = dev.text(page)
    assert "3 rows were read, 1 was not taken" in seen
    assert "invalid_contact" in seen and REFRESH not in seen
    assert not Relationship.objects.exists()
    assert dev.post(f"{page}/start").status_code == 302
    seen = dev.text(page)
    assert "1 of 3 rows" in seen and REFRESH in seen
    apply()
    seen = dev.text(page)
    assert "Done: 2 of 3 rows" in seen and REFRESH not in seen
    assert re.search(r"People added</dt><dd>2<", seen)
    assert set(Relationship.objects.values_list("brand", "origin_note")) == {
        (workspace.test_id, NOTE)
    }
    assert page.rpartition("/")[2] in dev.text(PATH)


def test_all_that_was_not_taken_is_a_file(workspace: Workspace, dev: Browser) -> None:
    bad = "".join(f"nobody{n},,{YES}\n" for n in range(30))
    page = received(dev, f"{HEADINGS}\nann@example.org,,{YES}\n{bad}")
    assert "the first 20 of 30" in dev.text(page)
    answer = dev.get(f"{page}/exceptions.csv")
    lines = b"".join(answer.streaming_content).decode().splitlines()  # type: ignore[attr-defined]
    assert lines[0] == "part,row,row_of_all,field,code,detail" and len(lines) == 31
    assert answer.headers["Content-Disposition"].startswith("attachment")


def test_it_is_called_off(workspace: Workspace, dev: Browser) -> None:
    page = received(dev)
    dev.post(f"{page}/cancel")
    assert "Cancelled" in dev.text(page)
    assert dev.post(f"{page}/start", follow=True).status_code == 302
    assert "This import was cancelled." in dev.text(page)
    apply()
    assert not Relationship.objects.exists()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("people.ndjson", '{"email": "ann@example.org"}\n'),
        ("people.txt", '\ufeff {"email": "ann@example.org"}\n'),
        ("people", "email\nann@example.org\n"),
        ("PEOPLE.CSV", "email\nann@example.org\n"),
    ],
)
def test_its_form_is_told_by_its_name_or_beginning(
    name: str, text: str, workspace: Workspace, dev: Browser
) -> None:
    received(dev, text, name)
    assert ImportPart.objects.values_list("rows", "bad").get() == (1, 0)


@pytest.mark.parametrize("text", ["", "no,such,headings\n1,2,3\n"])
def test_what_cannot_be_read_leaves_nothing(text: str, workspace: Workspace, dev: Browser) -> None:
    answer = sent(dev, text)
    assert answer.status_code == 422 and NOTE in answer.content.decode()
    assert not Import.objects.exists()


def test_a_file_that_is_too_large_is_not_read(
    workspace: Workspace, dev: Browser, settings: Settings
) -> None:
    settings.MAX_UPLOAD_BYTES = 1_000
    answer = sent(dev, GOOD * 10)
    assert answer.status_code == 413 and "cmr import" in answer.content.decode()
    assert not Import.objects.exists()


def test_so_many_at_once(workspace: Workspace, dev: Browser) -> None:
    for _ in range(jobs.MOST):
        received(dev, f"{HEADINGS}\n")
    answer = sent(dev, GOOD)
    assert answer.status_code == 422 and "under way already" in answer.content.decode()


def test_the_template_has_every_column(workspace: Workspace, dev: Browser) -> None:
    file = dev.text(f"{PATH}/template.csv")
    assert file.startswith("email,phone,sha256,ref,note,") and file.count("\n") == 1
    received(dev, file)


def test_a_viewer_looks_alone(workspace: Workspace, dev: Browser, vera: Browser) -> None:
    page = received(dev)
    assert "Have it read" not in vera.text(PATH) and ">Start<" not in vera.text(page)
    assert sent(vera, GOOD).status_code == 403
    for act in ("start", "cancel"):
        assert vera.post(f"{page}/{act}").status_code == 403
    assert Import.objects.get().state == "open"


def test_another_brand_s_import_is_not_there(is_live: Workspace, dev: Browser) -> None:
    """Nor is it in the other mode."""
    page = received(dev).replace("/test/", "/live/")
    assert dev.get(page).status_code == 404
    assert dev.get(f"{page}/exceptions.csv").status_code == 404
    for act in ("start", "cancel"):
        assert dev.post(f"{page}/{act}").status_code == 404
    assert "There is none yet" in dev.text("acme/live/imports")


def test_a_file_needs_its_token(workspace: Workspace, dev: Browser) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(dev.user)
    form = {"file": SimpleUploadedFile("people.csv", GOOD.encode()), "note": NOTE}
    assert browser.post(f"/console/{PATH}", form).status_code == 403
    assert not Import.objects.exists()


def test_no_other_page_takes_a_file(workspace: Workspace, olga: Browser) -> None:
    """It is dropped as it arrives, and the form is read without it."""
    file = SimpleUploadedFile("large", b"x" * 3_000_000)
    answer = olga.post("new", name="Other", domain="other.example", file=file)
    assert answer.status_code == 302
    assert not answer.wsgi_request.FILES
