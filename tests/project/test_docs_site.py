"""The documentation as it is served: for anybody, whole, and without a dead link."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
import yaml
from django.test import Client

from config.docs_site import contents, markdown, reference, search
from config.docs_site.contents import GUIDES, pages
from tests.conftest import ROOT, Api

HERE = ROOT / "docs" / "here.md"


class Read(HTMLParser):
    """The anchors and links of a page, and what it carries inline."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.anchors: list[str] = []
        self.links: list[str] = []
        self.inline: list[str] = []
        self.loads: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = {name: value or "" for name, value in attrs}
        self.anchors += [named["id"]] if "id" in named else []
        self.links += [named["href"]] if tag == "a" and "href" in named else []
        self.inline += [tag for name in named if name == "style" or name.startswith("on")]
        self.inline += [tag] if tag == "style" or (tag == "script" and "src" not in named) else []
        self.loads += [named["href"]] if tag == "link" else []
        self.loads += [named["src"]] if "src" in named else []


@cache
def read(path: str) -> Read:
    answer = Client().get(path)
    assert answer.status_code == 200, path
    return Read(answer.content.decode())


def addresses() -> list[str]:
    return [contents.URL, *(page.url for page in pages().values())]


# -- Links ---------------------------------------------------------------------------------------


def dead_links(path: str) -> list[str]:
    """Links to pages and anchors of the documentation that are not there."""
    return [link for link in read(path).links if _is_dead(urljoin(path, link))]


@cache
def _is_dead(url: str) -> bool:
    split = urlsplit(url)
    if split.netloc:
        return False
    if not split.path.startswith(contents.URL):
        return Client().get(split.path).status_code != 200
    if split.path not in addresses():
        return True
    return bool(split.fragment) and split.fragment not in read(split.path).anchors


@pytest.mark.django_db
@pytest.mark.parametrize("path", addresses())
def test_no_link_is_dead_and_no_anchor_is_there_twice(path: str) -> None:
    assert dead_links(path) == []
    assert len(read(path).anchors) == len(set(read(path).anchors))


def test_a_dead_link_is_found() -> None:
    assert _is_dead("/docs/nothing")
    assert _is_dead("/docs/api#nothing")
    assert not _is_dead("/docs/api#errors")


def test_links_between_files_lead_to_pages() -> None:
    said = "[a](imports.md#x) [b](../CHANGELOG.md) [c](examples/brand/README.md) [d](adr/README.md)"
    links = Read(markdown.document(f"# A\n\n{said}", HERE).html).links
    assert links == ["/docs/imports#x", "/docs/changelog", "/docs/examples/brand", "/docs/adr"]


@pytest.mark.parametrize("link", ["https://example.org/a.md", "#here", "mailto:a@example.org"])
def test_other_links_stay_as_they_are(link: str) -> None:
    assert Read(markdown.document(f"# A\n\n[a]({link})", HERE).html).links == [link]


# -- Pages ---------------------------------------------------------------------------------------


def test_every_guide_is_in_the_navigation() -> None:
    named = {name for guides in GUIDES.values() for name, *_ in guides}
    assert {path.name for path in (ROOT / "docs").glob("*.md")} <= named


def test_what_is_not_written_is_not_in_the_navigation() -> None:
    files = {(ROOT / "docs" / name).resolve() for each in GUIDES.values() for name, *_ in each}
    shown = {page.file for section in contents.sections() for page in section.pages}
    assert shown - {None} == {file for file in files if file.exists()}


@pytest.mark.parametrize("path", ["nothing", "api/", "../config/settings.py", "%2e%2e/README"])
def test_there_is_no_other_page(path: str, nobody: Api) -> None:
    assert nobody.client.get(f"/docs/{path}").status_code == 404


def test_the_address_without_its_slash_leads_there() -> None:
    assert Client().get("/docs").headers["Location"] == "/docs/"


def test_a_page_is_alike_for_everybody_and_may_be_kept() -> None:
    """No session is looked at: a cache before us may answer for us."""
    answer = Client().get("/docs/api")
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    assert "Cookie" not in answer.headers.get("Vary", "") and not answer.cookies
    assert answer.headers["Content-Language"] == "en"
    assert Client().get("/docs/api", headers={"Accept-Language": "de"}).content == answer.content


def test_a_page_that_is_kept_is_not_sent_again() -> None:
    etag = Client().get("/docs/api").headers["ETag"]
    again = Client().get("/docs/api", headers={"If-None-Match": etag})
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", etag)
    assert Client().get("/docs/api", headers={"If-None-Match": '"other"'}).status_code == 200


@pytest.mark.parametrize("path", ["/docs/", "/docs/api", "/docs/reference", "/docs/search?q=no"])
def test_a_page_carries_nothing_inline_and_loads_nothing_from_elsewhere(path: str) -> None:
    assert read(path).inline == []
    assert all(link.startswith("/static/") for link in read(path).loads)


def test_one_reads_on_from_page_to_page() -> None:
    listed = [page for section in contents.sections() for page in section.pages]
    place, walked = listed[0], [listed[0]]
    while (following := contents.neighbours(place)[1]) is not None:
        assert contents.neighbours(following)[0] == place
        place = following
        walked.append(place)
    assert walked == listed


# -- Text ----------------------------------------------------------------------------------------


def test_codes_that_rows_begin_with_can_be_linked_to() -> None:
    table = "| code | is |\n|---|---|\n| `no_zone`, `past` | `not_this` |\n| `a b` | x |"
    html = markdown.document(f"# A\n\n## `in_heading`\n\n{table}", HERE).html
    assert Read(html).anchors == ["a", "in_heading", "no_zone", "past"]


def test_code_is_coloured_by_classes() -> None:
    html = markdown.coloured('{"a": "<b>"}', "json")
    assert 'class="nt"' in html and "&lt;b&gt;" in html and "style=" not in html
    assert "&lt;b&gt;" in markdown.coloured("<b>", "no-such-language")


def test_what_the_code_says_of_itself_is_no_html() -> None:
    assert markdown.sentence("`a` <b>") == "<code>a</code> &lt;b&gt;"


# -- The reference -------------------------------------------------------------------------------


def test_every_call_is_in_the_reference(nobody: Api) -> None:
    schema: dict[str, Any] = yaml.safe_load(nobody.client.get("/api/v1/schema").content)
    said = {f"{method.upper()} {path}" for path, each in schema["paths"].items() for method in each}
    shown = [call for group in reference.groups() for call in group.calls]
    assert {call.name for call in shown} == said
    assert {call.anchor for call in shown} <= set(read("/docs/reference").anchors)


def test_the_reference_goes_as_a_brand_s_developer_meets_the_calls() -> None:
    labels = [group.label for group in reference.groups()]
    assert labels[:3] == ["Brand: checks", "Brand: people", "Brand: links"]
    assert [label.lower() for label in labels] == reference.ORDER


def test_a_field_of_a_common_name_says_what_it_is() -> None:
    calls = {call.name: call for group in reference.groups() for call in group.calls}
    fields = {field.name: field.about for field in calls["POST /api/v1/choices"].fields}
    assert all(fields[name] for name in ("contact", "scope", "decision", "made_at"))
    assert {field.name: field.about for field in calls["POST /api/v1/check"].fields}["purpose"]


def test_a_call_says_who_may_make_it_what_it_takes_and_what_it_answers() -> None:
    calls = {call.name: call for group in reference.groups() for call in group.calls}
    check = calls["POST /api/v1/check"]
    assert check.callers == ["a brand's key with the scope `check`"]
    assert {"contact", "purpose"} <= {field.name for field in check.fields}
    assert [answer.status for answer in check.answers] == ["200", "4XX", "503"]
    assert calls["POST /api/v1/receipts/verify"].callers == []
    wait = {each.name: each for each in calls["GET /api/v1/events"].parameters}["wait"]
    assert (wait.place, wait.required) == ("query", False)
    assert "at most 30" in wait.bounds


# -- The client's source -------------------------------------------------------------------------


def test_the_client_is_had_as_an_archive_that_pip_can_build(tmp_path: Path) -> None:
    answer = Client().get("/docs/cmr-client.zip")
    assert answer.headers["Content-Type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        archive.extractall(tmp_path)
    project = tmp_path / "cmr-client"
    named = tomllib.loads((project / "pyproject.toml").read_text())["project"]
    assert named["name"] == "cmr-client" and (project / named["readme"]).exists()
    assert (project / "LICENSE").exists()
    said = [sys.executable, "-m", "cmr_client.command", "--help"]
    ours = {**os.environ, "PYTHONPATH": str(project / "src")}
    assert "cmr login" in subprocess.check_output(said, env=ours, text=True, cwd=tmp_path)


# -- Search --------------------------------------------------------------------------------------


def found(query: str) -> list[str]:
    return [result.entry.url for result in search.find(query)]


def test_a_heading_is_found_first() -> None:
    assert found("asking for a yes")[0] == "/docs/links#asking-for-a-yes"
    assert "/docs/reference#check_create" in found("/api/v1/check")
    assert "/docs/precedence#which-word-counts" in found("UNTIL YOU YOURSELF")
    assert found("check")[0] == "/docs/checking#check-before-you-send"
    assert found("proof of domain")[0] == "/docs/going-live#proof-of-domain"
    assert found("go live")[0] == "/docs/going-live#go-live"


@pytest.mark.parametrize("query", ["bounce", "bounced", "bouncing"])
def test_a_word_is_found_with_another_ending(query: str) -> None:
    assert "/docs/inbound#who-unsubscribed-or-complained" in found(query)[:2]


def test_a_word_is_found_as_it_is_written_here() -> None:
    assert found("timezone") == found("time zone") != []
    assert found("gdpr erase")[0] == "/docs/portal#erasing-an-account"


@pytest.mark.parametrize("query", ["status", "one arrow"])
def test_decisions_changes_and_programs_come_after_the_guides(query: str) -> None:
    aside = [re.match("/docs/(adr|examples|changelog)", each) is not None for each in found(query)]
    assert any(aside) and aside == sorted(aside)


@pytest.mark.parametrize("query", ["", "  ", "no-such-word", "check no-such-word", "x" * 500])
def test_what_is_not_there_is_not_found(query: str) -> None:
    assert found(query) == []


def test_the_page_shows_what_was_found_and_believes_nobody() -> None:
    page = Client().get("/docs/search", {"q": "retry-after <script>"}).content.decode()
    assert "&lt;script&gt;" in page and "<script>" not in page
    page = Client().get("/docs/search", {"q": "retry-after"}).content.decode()
    assert "<mark>Retry-After</mark>" in page
    assert Client().get("/docs/search").status_code == 200
