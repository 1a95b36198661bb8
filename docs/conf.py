"""How Sphinx builds the documentation: `python -m sphinx docs TARGET`.

Pages keep the addresses that they had before Sphinx: `/docs/<page>`, without an ending.
"""

from __future__ import annotations

import json
from pathlib import PurePosixPath
from typing import Any, ClassVar

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.builders.html import StandaloneHTMLBuilder
from sphinx.parsers import Parser

project = "CMR"
html_title = "CMR documentation"
extensions = ["myst_parser"]
source_suffix = {".md": "markdown", ".py": "program"}
exclude_patterns = ["conf.py", "_*", "screenshots"]
myst_heading_anchors = 4
smartquotes = False
#: JSON with "…" in it is shown without colours.
suppress_warnings = ["misc.highlighting_failure"]

templates_path = ["_templates"]
html_theme = "furo"
html_static_path = ["_static"]
html_css_files = ["cmr.css"]
html_js_files = [("search.js", {"defer": "defer"})]
html_favicon = "../config/static/cmr/mark.svg"
html_link_suffix = ""
html_copy_source = html_show_sourcelink = False
html_use_index = html_show_copyright = False
pygments_style = "a11y-high-contrast-light"
pygments_dark_style = "a11y-high-contrast-dark"
#: Reached from other pages; a list of them all would hide the guides in the navigation.
UNLISTED = ("adr/0", "examples/", "search")


class SiteBuilder(StandaloneHTMLBuilder):
    """Write `webhooks.html` and `adr.html`, and link to them as `webhooks` and `adr`."""

    name = "html"
    search = False  # search.js searches by section, while one types

    def get_target_uri(self, docname: str, typ: str | None = None) -> str:
        """Return the address of a page below `/docs/`; a README is its folder's page."""
        folder, _, name = docname.rpartition("/")
        ending = ".py" if self.env.doc2path(docname).suffix == ".py" else ""
        return {"index": "", "README": folder}.get(name, docname + ending)

    def get_output_path(self, page_name: str, /) -> Any:
        """Return the file that the web server looks for at the page's address."""
        return self.outdir / f"{self.get_target_uri(page_name) or page_name}{self.out_suffix}"


class ProgramParser(Parser):
    """Show a program as a page with its name and its source."""

    supported: ClassVar = ("program",)

    def parse(self, inputstring: str, document: nodes.document) -> None:
        """Fill *document* from a program's source."""
        name = PurePosixPath(document["source"]).name
        section = nodes.section(names=[name])
        section += nodes.title(name, name)
        section += nodes.literal_block(inputstring, inputstring, language="python")
        document.note_implicit_target(section)
        document += section


def add_slugs(app: Sphinx, document: nodes.document) -> None:
    """Give each heading its slug as a second id: docutils writes `bad_request` with a hyphen.

    The addresses in the API's problems (`/docs/errors#bad_request`) rely on it.
    """
    for section in document.findall(nodes.section):
        slug = section.get("slug")
        if slug and slug not in section["ids"]:
            section["ids"].append(slug)


def allow_unlisted(app: Sphinx, document: nodes.document) -> None:
    """Let decisions and programs be in no table of contents, without a warning."""
    if app.env.docname.startswith(UNLISTED):
        app.env.metadata[app.env.docname]["orphan"] = True


def build_navigation(app: Sphinx, document: nodes.document) -> None:
    """Make a table of contents of each list of pages in the index, under its heading."""
    if app.env.docname != "index":
        return
    for section in document.findall(nodes.section):
        for pages in (each for each in section.children if isinstance(each, nodes.bullet_list)):
            links = pages.findall(addnodes.pending_xref)
            entries = [(link.astext(), link["reftarget"]) for link in links]
            caption = section[0].astext()
            contents = addnodes.toctree(
                parent="index",
                entries=entries,
                rawentries=[],
                includefiles=[docname for _, docname in entries],
                caption=caption,
                rawcaption=caption,
                hidden=True,
                maxdepth=-1,
                glob=False,
                includehidden=False,
                titlesonly=False,
                numbered=0,
            )
            section.append(contents)


def collect_sections(app: Sphinx, document: nodes.document) -> None:
    """Keep the heading and the text of each section, for the search."""
    app.env.metadata[app.env.docname]["sections"] = [
        [section["ids"][-1], section[0].astext(), _get_own_text(section)]
        for section in document.findall(nodes.section)
    ]


def _get_own_text(section: nodes.section) -> str:
    parts = (each for each in section[1:] if not isinstance(each, (nodes.section, nodes.raw)))
    return " ".join(" ".join(each.astext().split()) for each in parts)


def write_search_index(app: Sphinx, error: Exception | None) -> None:
    """Write `search.json`: address, page, heading and text of each section, guides first."""
    guides = app.env.toctree_includes.get("index", [])
    rows = [
        [f"{app.builder.get_target_uri(docname)}#{anchor}", sections[0][1], heading, text]
        for docname in [*guides, *sorted(app.env.found_docs - {*guides, "index", "search"})]
        for sections in [app.env.metadata[docname]["sections"]]
        for anchor, heading, text in sections
    ]
    (app.outdir / "search.json").write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register what this file adds to Sphinx."""
    app.add_builder(SiteBuilder, override=True)
    app.add_source_parser(ProgramParser)
    app.connect("doctree-read", add_slugs)
    app.connect("doctree-read", build_navigation, priority=100)
    app.connect("doctree-read", collect_sections, priority=900)
    app.connect("doctree-read", allow_unlisted, priority=900)
    app.connect("build-finished", write_search_index)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
