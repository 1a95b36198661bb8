"""Console pages: uploading, checking and applying files of people."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from brands.models import Event, Workspace
from cmr.console.imports import FIELDS
from consent.decision.resolution import Scope
from consent.identity import identifiers
from consent.identity.identifiers import find_or_create_identifier
from consent.imports import applying, files, jobs, rows
from consent.models import (
    Import,
    ImportFile,
    ImportFilePiece,
    ImportPart,
    ImportRow,
    LedgerEntry,
    Relationship,
    Subject,
)
from tests.cmr.console.conftest import Browser
from tests.conftest import ROOT
from tests.factories import record_choice

PATH = "acme/test/imports"
NOTE = "You subscribed in the shop"
HEADINGS = "email,ref,purpose,channel,decision,made_at,evidence"
YES = "marketing,email,grant,2024-03-01T10:00:00Z,form 7"
GOOD = f"{HEADINGS}\nann@example.org,A-1,{YES}\nnobody,A-2,{YES}\nben@example.org,A-3,{YES}\n"

REFRESH = '<meta http-equiv="refresh"'


def sent(by: Browser, text: str | bytes, name: str = "people.csv", **more: Any) -> Any:
    content = text.encode() if isinstance(text, str) else text
    return by.post(PATH, file=SimpleUploadedFile(name, content), **more)


def uploaded(by: Browser, text: str | bytes = GOOD, name: str = "people.csv", **more: Any) -> str:
    """The path of the import's page; its columns are yet to be chosen."""
    answer = sent(by, text, name, **more)
    assert answer.status_code == 302, answer.content
    page, _, step = str(answer.headers["Location"]).removeprefix("/console/").rpartition("/")
    assert step == "columns"
    return page


def options(by: Browser, path: str) -> dict[str, str]:
    """What the page's form has, to be sent as it is."""
    form = by.get(path).context["form"]
    return {each.html_name: each.value() or "" for each in form}


def take_columns(by: Browser, page: str, **other: str) -> Any:
    """As they are guessed, or were chosen before."""
    return by.post(f"{page}/columns", **(options(by, f"{page}/columns") | other))


def take_defaults(by: Browser, page: str, **other: str) -> Any:
    return by.post(f"{page}/defaults", **(options(by, f"{page}/defaults") | {"note": NOTE} | other))


def received(by: Browser, text: str | bytes = GOOD, name: str = "people.csv", **other: str) -> str:
    """The path of the import's page, where what its rows will do can be looked at."""
    page = uploaded(by, text, name)
    assert take_columns(by, page).headers["Location"].endswith("/defaults")
    assert take_defaults(by, page, **other).headers["Location"] == f"/console/{page}"
    return page


def apply() -> None:
    for each in applying.list_running_imports():
        jobs.run_import(each, now=timezone.now())


def test_upload_file_is_checked_and_applied(workspace: Workspace, dev: Browser) -> None:
    page = received(dev)
    seen = dev.text(page)
    assert "3 rows were read, 1 was not taken" in seen
    assert "invalid_contact" in seen and REFRESH not in seen
    assert seen.count("A new yes, and adds the person") == 2
    assert not Relationship.objects.exists() and not LedgerEntry.objects.exists()
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


def test_download_bad_rows_returns_file(workspace: Workspace, dev: Browser) -> None:
    bad = "".join(f"nobody{n},,{YES}\n" for n in range(30))
    page = received(dev, f"{HEADINGS}\nann@example.org,,{YES}\n{bad}")
    assert re.search(r'class="n">30</td><td>email</td>', dev.text(page))
    assert "2, 3, 4, 5, 6</td>" in dev.text(page)
    answer = dev.get(f"{page}/exceptions.csv")
    lines = b"".join(answer.streaming_content).decode().splitlines()  # type: ignore[attr-defined]
    assert lines[0] == "part,row,row_of_all,field,code,detail" and len(lines) == 31
    assert answer.headers["Content-Disposition"].startswith("attachment")


def test_cancel_import_stops_it(workspace: Workspace, dev: Browser) -> None:
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
def test_upload_format_is_detected(
    name: str, text: str, workspace: Workspace, dev: Browser
) -> None:
    received(dev, text, name, decision="")
    assert ImportPart.objects.values_list("rows", "bad").get() == (1, 0)


@pytest.mark.parametrize("text", [b"", b"\n", b"email\nann\x81"])
def test_upload_unreadable_file_stores_nothing(
    text: bytes, workspace: Workspace, dev: Browser
) -> None:
    answer = sent(dev, text)
    assert answer.status_code == 422
    assert not Import.objects.exists() and not ImportFile.objects.exists()


def test_upload_page_shows_size_limit(
    workspace: Workspace, dev: Browser, settings: Settings
) -> None:
    settings.MAX_UPLOAD_BYTES = 3_500_000
    page = dev.text(PATH)
    assert "NDJSON; up to 3.5 MB" in page and 'data-most-bytes="3500000"' in page
    assert "Files of more than 3.5 MB" in page and "cmr import people.csv --note" in page
    assert re.search('id="too-large" hidden', page)


@pytest.mark.parametrize("beyond", [1, FIELDS + 1], ids=["of the file", "of the whole form"])
def test_upload_too_large_file_is_explained(
    beyond: int, workspace: Workspace, dev: Browser, settings: Settings
) -> None:
    settings.MAX_UPLOAD_BYTES = len(GOOD)
    answer = sent(dev, GOOD + "x" * beyond)
    page = answer.content.decode()
    assert answer.status_code == 413 and 'id="large-files" open' in page
    assert 'role="alert" id="too-large">This file is larger' in page
    assert not Import.objects.exists() and not ImportFilePiece.objects.exists()


def test_upload_file_at_limit_is_accepted(
    workspace: Workspace, dev: Browser, settings: Settings
) -> None:
    settings.MAX_UPLOAD_BYTES = len(GOOD)
    uploaded(dev)


def test_upload_too_many_imports_is_refused(workspace: Workspace, dev: Browser) -> None:
    for _ in range(jobs.MOST):
        uploaded(dev)
    answer = sent(dev, GOOD)
    assert answer.status_code == 422 and "open or running already" in answer.content.decode()


def test_template_has_every_column(workspace: Workspace, dev: Browser) -> None:
    file = dev.text(f"{PATH}/template.csv")
    assert file.startswith("email,phone,sha256,ref,note,") and file.count("\n") == 1
    page = uploaded(dev, file)
    assert options(dev, f"{page}/columns") == {
        f"column-{n}": name for n, name in enumerate(rows.LONGEST_FIELDS)
    }
    take_columns(dev, page)
    assert "The file has headings and no rows." in take_defaults(dev, page).content.decode()


def test_imports_of_viewer_are_read_only(workspace: Workspace, dev: Browser, vera: Browser) -> None:
    """Nor do they see the file."""
    page = received(dev)
    assert "Next: its columns" not in vera.text(PATH) and ">Start<" not in vera.text(page)
    assert "ann@example.org" in dev.text(page) and "ann@example.org" not in vera.text(page)
    assert sent(vera, GOOD).status_code == 403
    for step in ("columns", "defaults"):
        assert vera.get(f"{page}/{step}").status_code == 302
        assert vera.post(f"{page}/{step}").status_code == 403
    assert vera.get(f"{page}/bad-rows.csv").status_code == 403
    for act in ("start", "cancel"):
        assert vera.post(f"{page}/{act}").status_code == 403
    assert Import.objects.get().state == "open"


def test_import_of_other_brand_is_not_found(is_live: Workspace, dev: Browser) -> None:
    """Nor is it in the other mode."""
    page = received(dev).replace("/test/", "/live/")
    assert dev.get(page).status_code == 404
    for file in ("exceptions.csv", "bad-rows.csv", "columns", "defaults"):
        assert dev.get(f"{page}/{file}").status_code == 404
    for act in ("start", "cancel"):
        assert dev.post(f"{page}/{act}").status_code == 404
    assert "No imports yet" in dev.text("acme/live/imports")


def test_upload_without_csrf_token_is_refused(workspace: Workspace, dev: Browser) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(dev.user)
    form = {"file": SimpleUploadedFile("people.csv", GOOD.encode())}
    assert browser.post(f"/console/{PATH}", form).status_code == 403
    assert not Import.objects.exists()


def test_upload_to_other_page_is_refused(workspace: Workspace, olga: Browser) -> None:
    """It is dropped as it arrives, and the form is read without it."""
    file = SimpleUploadedFile("large", b"x" * 3_000_000)
    answer = olga.post("new", name="Other", domain="other.example", file=file)
    assert answer.status_code == 302
    assert not answer.wsgi_request.FILES


def apply_now(by: Browser, text: str) -> None:
    by.post(f"{received(by, text)}/start")
    apply()


def snapshot() -> list[int]:
    """How much there is of all that an import writes."""
    return [each.objects.count() for each in (Subject, Relationship, LedgerEntry, Event)]


def say_no_to_all(digest: bytes) -> None:
    person = find_or_create_identifier(digest).subject_id
    record_choice(person, "deny")


# -- Exports of tools ------------------------------------------------------------------------------


def export(name: str) -> bytes:
    return (ROOT / f"tests/cmr/console/exports/{name}.csv").read_bytes()


@pytest.mark.parametrize(
    ("name", "tool", "does"),
    [
        ("mailchimp_subscribed", "Mailchimp", ["A new yes", "A new yes", "Not taken: This is no"]),
        ("mailchimp_unsubscribed", "Mailchimp", ["A new no"]),
        ("klaviyo", "Klaviyo", ["A new yes", "Adds the person alone", "A new no"]),
        ("hubspot", "HubSpot", ["Adds the person alone", "A new no"]),
        ("brevo", "Brevo", ["A new yes", "A new no"]),
        ("listmonk", "listmonk", ["Adds the person alone", "A new no"]),
        ("mautic", "Mautic", ["Adds the person alone", "A new no"]),
    ],
)
def test_upload_export_of_tool_is_mapped(
    name: str, tool: str, does: list[str], workspace: Workspace, dev: Browser
) -> None:
    page = uploaded(dev, export(name), f"{name}.csv")
    assert f"an export of {tool}" in dev.text(f"{page}/columns")
    take_columns(dev, page)
    take_defaults(dev, page, evidence="Form on our site")
    seen = dev.text(page)
    told = re.findall(r'<td class="wrap">((?:A new|Adds|Not taken)[^<]*)', seen)
    assert [each[: len(wanted)] for each, wanted in zip(told, does, strict=True)] == does
    dev.post(f"{page}/start")
    apply()
    noes = LedgerEntry.objects.filter(decision="deny").count()
    yeses = LedgerEntry.objects.filter(decision="grant").count()
    assert (yeses, noes) == (does.count("A new yes"), does.count("A new no"))


def test_column_choices_stay_after_going_back(workspace: Workspace, dev: Browser) -> None:
    page = received(dev, evidence="Form on our site", zone="Europe/Berlin", channel="sms")
    kept = options(dev, f"{page}/defaults")
    assert (kept["note"], kept["evidence"], kept["zone"], kept["channel"]) == (
        NOTE, "Form on our site", "Europe/Berlin", "sms",
    )  # fmt: skip
    take_columns(dev, page, **{"column-1": ""})  # without the reference
    assert not ImportRow.objects.exists()
    assert dev.get(page).headers["Location"].endswith("/defaults")
    take_defaults(dev, page)
    assert "3 rows were read, 1 was not taken" in dev.text(page)
    assert set(ImportRow.objects.values_list("ref", flat=True)) == {None}
    assert options(dev, f"{page}/columns")["column-1"] == ""


def test_preview_shows_effect_per_row(workspace: Workspace, dev: Browser) -> None:
    """Of whoever is known already; nothing of it is recorded, not even that it was looked at."""
    head = f"{HEADINGS}\n"
    apply_now(dev, f"{head}ann@example.org,A-1,{YES}\nben@example.org,A-2,{YES}\n")
    ben = Relationship.objects.get(ref="A-2")
    record_choice(ben, "deny", Scope(ben.brand_id))
    before = snapshot()
    page = received(
        dev,
        f"{head}ann@example.org,A-1,{YES}\n"
        f"ann@example.org,,marketing,email,deny,,asked\n"
        f"ben@example.org,,{YES.replace('form 7', 'form 8')}\n"
        f",A-9,{YES}\nann@example.org,A-2,{YES}\n"
        f"new@example.org,,{YES}\nann@example.org,,weather,email,grant,,x\n",
    )
    told = re.findall(r'<td class="wrap">((?:A new|Adds|Not taken|Says)[^<]*)', dev.text(page))
    assert [each.strip() for each in told[:7]] == [
        "Says nothing new",
        "A new no",
        "Not taken: the person said no here",
        "Not taken: nobody has this reference",
        "Not taken: This reference belongs to another person.",
        "A new yes, and adds the person",
        "Not taken: There is no purpose &#x27;weather&#x27;.",
    ]
    assert snapshot() == before


def test_preview_hides_wide_denial_of_unknown_person(workspace: Workspace, dev: Browser) -> None:
    """Or a brand could ask about anybody, and nobody would see it."""
    page = received(dev, f"{HEADINGS}\nann@example.org,,{YES}\nnobody@example.org,,{YES}\n")
    ann, nobody = re.findall(r'<td class="wrap">(A new[^<]*)', dev.text(page))
    namespace = workspace.test.namespace
    say_no_to_all(identifiers.compute_identifier_digest("ann@example.org", namespace=namespace))
    assert re.findall(r'<td class="wrap">(A new[^<]*)', dev.text(page)) == [ann, nobody]


def test_preview_without_good_row_offers_no_start(workspace: Workspace, dev: Browser) -> None:
    page = received(dev, f"{HEADINGS}\nnobody,,{YES}\n")
    assert ">Start<" not in dev.text(page) and "nothing to start" in dev.text(page)
    dev.post(f"{page}/start")
    assert "There is no row that could be taken." in dev.text(page)
    assert Import.objects.get().state == "open"


def test_bad_rows_file_can_be_uploaded_again(workspace: Workspace, dev: Browser) -> None:
    text = f'{HEADINGS}\nnobody,A-1,{YES}\nann@example.org,A-2,{YES}\nben@example.org,A-3,"\n'
    page = received(dev, text)
    dev.post(f"{page}/start")
    apply()
    answer = dev.get(f"{page}/bad-rows.csv")
    written = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    head, *lines = written.splitlines()
    assert head == f"why,{HEADINGS}" and len(lines) == 2
    assert lines[0] == f"This is not an e-mail address.,nobody,A-1,{YES}"
    assert lines[1].startswith("A quote opens a text and does not close it well.,ben@example.org")
    page = received(dev, f"{head}\n{lines[0].replace('nobody', 'nora@example.org')}\n")
    dev.post(f"{page}/start")
    apply()
    assert set(Relationship.objects.values_list("ref", flat=True)) == {"A-1", "A-2"}


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ({"column-0": "", "column-1": ""}, "which column tells who it is"),
        ({"column-2": "email"}, "Two columns are the e-mail address"),
    ],
)
def test_column_choices_invalid_are_explained(
    columns: dict[str, str], says: str, workspace: Workspace, dev: Browser
) -> None:
    answer = take_columns(dev, uploaded(dev), **columns)
    assert answer.status_code == 422 and says in answer.content.decode()


def test_uploaded_file_is_encrypted_and_deleted(workspace: Workspace, dev: Browser) -> None:
    page = received(dev)
    assert "deleted on" in dev.text(f"{page}/columns")
    for piece in ImportFilePiece.objects.all():
        assert b"ann@example.org" not in bytes(piece.sealed)
    assert files.delete_expired_files(now=timezone.now()) == 0
    later = timezone.now() + files.KEPT
    assert files.delete_expired_files(now=later) == 1
    assert not ImportFilePiece.objects.exists() and not ImportRow.objects.exists()
    assert Import.objects.get().state == "cancelled"
    assert dev.get(f"{page}/bad-rows.csv").status_code == 404


def test_cancel_import_deletes_file(workspace: Workspace, dev: Browser) -> None:
    page = received(dev)
    dev.post(f"{page}/cancel")
    assert not ImportFile.objects.exists() and not ImportFilePiece.objects.exists()


def test_upload_unclear_separator_can_be_chosen(workspace: Workspace, dev: Browser) -> None:
    text = "email;ref,x\nann@example.org;A-1,y\n"
    answer = sent(dev, text)
    assert answer.status_code == 422 and "comma or semicolon" in answer.content.decode()
    page = uploaded(dev, text, separator="semicolon")
    assert "with semicolon between" in dev.text(f"{page}/columns")


def test_uploaded_large_file_is_stored_in_pieces(workspace: Workspace, dev: Browser) -> None:
    lines = "".join(f"p{n}@example.org,,{YES}\n" for n in range(8_000))
    page = received(dev, f"{HEADINGS}\n{lines}")
    assert ImportFilePiece.objects.count() > 1
    assert "8000 rows were read, 0 were not taken" in dev.text(page)
