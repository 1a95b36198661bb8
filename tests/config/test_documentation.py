"""The documentation as it is served: for anybody, under its old addresses, and strict."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
import yaml
from django.test import Client
from pytest_django import Settings

from config.schema import COMMON_FIELDS
from devstack import documentation
from tests.conftest import ROOT, Api

DOCS = ROOT / "docs"
#: What sources are named after, and the addresses of their pages.
PAGES = sorted(
    re.sub(r"/README$|^index$", "", str(path.relative_to(DOCS)).removesuffix(".md"))
    for path in [*DOCS.rglob("*.md"), *DOCS.glob("examples/**/*.py")]
    if "_templates" not in path.parts
)


@pytest.fixture(autouse=True)
def pages(documentation: Path) -> Path:
    """Return the folder of the pages, which every test here serves."""
    return documentation


class Parsed(HTMLParser):
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
        self.loads += [named["href"]] if tag == "link" and named["rel"] == "stylesheet" else []
        self.loads += [named["src"]] if "src" in named else []


def parse_page(path: str) -> Parsed:
    answer = Client().get(path)
    assert answer.status_code == 200, path
    return Parsed(answer.content.decode())


# -- Pages ---------------------------------------------------------------------------------------


def test_every_source_is_a_page_under_its_own_name() -> None:
    assert {"", "api", "adr", "adr/0001-one-arrow", "examples/brand"} < set(PAGES)
    for page in PAGES:
        parsed = parse_page(f"/docs/{page}")
        assert parsed.inline == [], page
        assert len(parsed.anchors) == len(set(parsed.anchors)), page


@pytest.mark.parametrize("page", ["", "api", "adr", "adr/0001-one-arrow", "examples/brand"])
def test_what_a_page_loads_and_links_to_is_there(page: str) -> None:
    parsed = parse_page(f"/docs/{page}")
    for link in {*parsed.loads, *parsed.links} - {"/", "/api/docs"}:
        split = urlsplit(urljoin(f"/docs/{page}", link))
        assert split.netloc or Client().get(split.path).status_code == 200, link
    assert not [each for each in parsed.loads if urlsplit(each).netloc]


@pytest.mark.parametrize("link", ["nothing.md", "quickstart.md#nothing", "#nothing"])
def test_build_with_a_dead_link_fails(link: str, tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    for name in ("conf.py", "_static", "_templates"):
        source = DOCS / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, tmp_path / "docs" / name)
    mark = tmp_path / "config/static/cmr/mark.svg"
    mark.parent.mkdir(parents=True)
    mark.touch()
    (tmp_path / "docs/index.md").write_text(f"# A\n\n[a]({link})\n")
    command = [sys.executable, "-m", "sphinx", "-q", *documentation.STRICT]
    done = subprocess.run(
        [*command, tmp_path / "docs", tmp_path / "built"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "myst.xref_missing" in done.stderr


def test_the_address_in_a_problem_leads_to_its_code() -> None:
    codes = re.findall(r"^### `(\w+)`$", (DOCS / "errors.md").read_text(), re.MULTILINE)
    assert "person_said_no" in codes
    assert set(codes) <= set(parse_page("/docs/errors").anchors)


@pytest.mark.parametrize(
    "path",
    [
        *("nothing", "api/", "../manage.py", "%2e%2e/README", "/etc/passwd", "a%00", "a" * 400),
        *(".fingerprint", "_static", "_static/../.fingerprint"),
    ],
)
def test_there_is_no_other_page(path: str, nobody: Api) -> None:
    assert nobody.client.get(f"/docs/{path}").status_code == 404


def test_addresses_that_moved_redirect() -> None:
    assert Client().get("/docs").headers["Location"] == "/docs/"
    assert Client().get("/docs/reference").headers["Location"] == "/api/docs"


def test_a_page_is_alike_for_everybody_and_may_be_kept() -> None:
    """No session is looked at: a cache before us may answer for us."""
    answer = Client().get("/docs/api")
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    assert "Cookie" not in answer.headers.get("Vary", "") and not answer.cookies
    assert answer.headers["Content-Language"] == "en"
    assert Client().get("/docs/api", headers={"Accept-Language": "de"}).content == answer.content


def test_a_page_that_is_kept_is_not_sent_again() -> None:
    etag = Client().get("/docs/api").headers["ETag"]
    again = Client().get("/docs/api", headers={"If-None-Match": etag})
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", etag)
    assert Client().get("/docs/api", headers={"If-None-Match": '"other"'}).status_code == 200


def test_what_is_not_built_is_not_found(settings: Settings, tmp_path: Path) -> None:
    settings.DOCS_FOLDER = tmp_path
    assert Client().get("/docs/").status_code == 404


# -- The build -----------------------------------------------------------------------------------


def test_the_build_goes_where_the_web_server_looks() -> None:
    probe = (
        "import django; django.setup(); from django.conf import settings;"
        "from devstack.documentation import TARGET; print(TARGET == settings.DOCS_FOLDER)"
    )
    for own in ({}, {"CMR_FOLDER": "/elsewhere"}):
        environment = {**os.environ, **own}
        said = subprocess.check_output([sys.executable, "-c", probe], env=environment, cwd=ROOT)
        assert said == b"True\n"


def test_a_build_is_current_until_a_source_changes(
    pages: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert documentation.is_current(pages)
    assert not documentation.is_current(tmp_path)
    copied = shutil.copytree(DOCS, tmp_path / "docs", ignore=shutil.ignore_patterns("screenshots"))
    shutil.copy(ROOT / "CHANGELOG.md", tmp_path)
    monkeypatch.setattr(documentation, "ROOT", tmp_path)
    monkeypatch.setattr(documentation, "SOURCES", copied)
    assert documentation.is_current(pages)
    (copied / "api.md").write_text("# Other")
    assert not documentation.is_current(pages)


# -- Search --------------------------------------------------------------------------------------


def test_the_search_knows_each_section_with_its_text(pages: Path) -> None:
    sections = json.loads((pages / "search.json").read_text())
    found = {url: (page, heading, text) for url, page, heading, text in sections}
    page, heading, text = found["errors#person_said_no"]
    assert (page, heading) == ("Error catalogue", "person_said_no")
    assert "Do:" in text
    assert sections[0][0].startswith("quickstart#")
    assert len(found) == len(sections) > 500


# -- The reference -------------------------------------------------------------------------------


#: The verbs with which the summary of a call may begin.
VERBS = (
    "Add|Answer|Ask|Cancel|Change|Check|Close|Confirm|Create|Delete|Disable|Enable|End|Export|"
    "Forward|List|Move|Publish|Record|Register|Remove|Rename|Replace|Report|Restore|Retire|"
    "Retrieve|Revoke|Rotate|Send|Start|Upload|Verify"
)


@pytest.fixture
def schema(nobody: Api) -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load(nobody.client.get("/api/v1/schema").content)
    return read


def test_groups_of_calls_are_in_the_order_of_a_developers_work(schema: dict[str, Any]) -> None:
    ordered = [tag["name"] for tag in schema["tags"]]
    calls = [call for path in schema["paths"].values() for call in path.values()]
    assert ordered[:3] == ["brand: checks", "brand: people", "brand: links"]
    assert {tag for call in calls for tag in call["tags"]} == set(ordered)


def test_schema_every_call_has_a_summary_of_one_imperative_sentence(
    schema: dict[str, Any],
) -> None:
    calls = [call for path in schema["paths"].values() for call in path.values()]
    summaries = [call["summary"] for call in calls]
    sentence = re.compile(rf"({VERBS}) ((?!\. ).)*\.|Sign (in|out)\.")
    assert [each for each in summaries if not sentence.fullmatch(each)] == []


def test_a_field_of_a_common_name_says_what_it_is(schema: dict[str, Any]) -> None:
    components = schema["components"]["schemas"]
    fields = components["CheckRequest"]["properties"]
    assert fields["purpose"]["description"] == COMMON_FIELDS["purpose"]
    objects = [each["properties"] for each in components.values() if "properties" in each]
    common = [each[name] for each in objects for name in each if name in COMMON_FIELDS]
    assert common and all(field["description"] for field in common)


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
    scan = [*said[:-1], "scan", "-", "--json"]
    found = subprocess.check_output(
        scan, env=ours, text=True, cwd=tmp_path, input="From: a@b.example\nList-Id: <c.d>\n\n"
    )
    assert '"b.example"' in found or '"c.d"' in found


def test_the_clients_archive_has_all_that_its_wheel_needs() -> None:
    with zipfile.ZipFile(io.BytesIO(Client().get("/docs/cmr-client.zip").content)) as archive:
        names = archive.namelist()
        project = tomllib.loads(archive.read("cmr-client/pyproject.toml").decode())
    packages = project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    assert packages == ["src/cmr_client", "src/mailbox_reader"]
    for package in packages:
        assert f"cmr-client/{package}/__init__.py" in names
        assert f"cmr-client/{package}/py.typed" in names
    assert len(names) == len(set(names))
    # The repository's link, for `pip install ./client`, leads to the package of the server.
    assert (ROOT / "client/src/mailbox_reader").resolve() == ROOT / "mailbox_reader"
    needed = {re.split(r"[^\w-]", each)[0] for each in project["project"]["dependencies"]}
    assert {"publicsuffixlist", "listunsub", "click"} <= needed
