"""Markdown to HTML: anchors on headings and codes, links between files, colours by class."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from mdit_py_plugins.anchors import anchors_plugin
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

from config.docs_site import contents

#: A name that programs go by: an error's code, an event's type, a setting.
NAME = re.compile(r"[A-Za-z][\w.-]*")
COLOURED: HtmlFormatter[str] = HtmlFormatter(nowrap=True)
#: Blanks that Pygments names, which would double the size of a page.
BLANK = re.compile(r'<span class="w">([^<]*)</span>')


@dataclass(frozen=True, slots=True)
class Passage:
    """What stands under one heading."""

    level: int
    anchor: str
    heading: str
    text: str


@dataclass(frozen=True, slots=True)
class Document:
    html: str
    passages: list[Passage]

    @property
    def title(self) -> str:
        return self.passages[0].heading


def document(text: str, file: Path) -> Document:
    """*file* is where the text stands, for the links in it."""
    env: EnvType = {"file": file}
    tokens = PARSER.parse(text, env)
    html = PARSER.renderer.render(tokens, PARSER.options, env)
    return Document(html, list(_passages(tokens)))


def of_program(source: str, file: Path) -> Document:
    return document(f"# {file.name}\n\n```{file.suffix[1:]}\n{source}\n```\n", file)


def sentence(text: str) -> str:
    """One or two that come from the code; what looks like HTML in them is none."""
    html: str = SENTENCES.renderInline(text)
    return html


def coloured(code: str, language: str, _: str = "") -> str:
    """A block of code; one of more than a screen's width can be scrolled by keys, too."""
    try:
        lexer = get_lexer_by_name(language or "text")
    except ClassNotFound:
        lexer = get_lexer_by_name("text")
    inside = BLANK.sub(r"\1", highlight(code, lexer, COLOURED))
    return f'<pre class="code" tabindex="0"><code>{inside}</code></pre>\n'


def _passages(tokens: Sequence[Token]) -> Iterator[Passage]:
    heads = [place for place, token in enumerate(tokens) if token.type == "heading_open"]
    for head, end in zip(heads, [*heads[1:], len(tokens)], strict=True):
        text = " ".join(_plain(token) for token in tokens[head + 3 : end] if token.content)
        anchor = str(tokens[head].attrGet("id"))
        yield Passage(int(tokens[head].tag[1:]), anchor, _plain(tokens[head + 1]), text)


def _plain(token: Token) -> str:
    if token.type == "html_block":
        return ""
    parts = token.children or [token]
    return "".join(
        each.content or " " * (each.type == "softbreak")
        for each in parts
        if each.type != "html_inline"
    )


def _name_codes(state: StateCore) -> None:
    """Gives what a table's row begins with an anchor of its own name, the first of each name."""
    taken = {each.attrGet("id") for each in state.tokens if each.type == "heading_open"}
    for before, token in zip(_two_before(state.tokens), state.tokens, strict=True):
        if before != ["tr_open", "td_open"]:
            continue
        for part in token.children or []:
            known = part.content in taken or not NAME.fullmatch(part.content)
            if part.type == "code_inline" and not known:
                part.attrSet("id", part.content)
                taken.add(part.content)


def _two_before(tokens: Sequence[Token]) -> Iterator[list[str]]:
    kinds = ["", "", *(each.type for each in tokens)]
    return (kinds[place : place + 2] for place in range(len(tokens)))


def _lead_to_pages(state: StateCore) -> None:
    """A link to a file becomes one to its page."""
    for block in state.tokens:
        for part in block.children or []:
            href = part.attrGet("href")
            if isinstance(href, str) and "file" in state.env:
                part.attrSet("href", _on_the_site(href, state.env["file"]))


def _on_the_site(href: str, file: Path) -> str:
    path, hash_, anchor = href.partition("#")
    if not path or ":" in path:
        return href
    url = contents.urls_of_files().get(_file_meant(path, file))
    return f"{url}{hash_}{anchor}" if url else href


def _file_meant(path: str, file: Path) -> Path:
    meant = (file.parent / path).resolve()
    return meant / "README.md" if meant.is_dir() else meant


def _open_table(
    _: RendererHTML, tokens: Sequence[Token], place: int, options: OptionsDict, env: EnvType
) -> str:
    return '<div class="scroll" tabindex="0"><table>\n'


def _close_table(
    _: RendererHTML, tokens: Sequence[Token], place: int, options: OptionsDict, env: EnvType
) -> str:
    return "</table></div>\n"


def _parser() -> MarkdownIt:
    """For files of our own: HTML in them is let through."""
    settings: dict[str, Any] = {"html": True, "highlight": coloured}
    parser = MarkdownIt("commonmark", settings).enable("table").use(anchors_plugin, max_level=4)
    parser.core.ruler.push("codes", _name_codes)
    parser.core.ruler.push("pages", _lead_to_pages)
    parser.add_render_rule("table_open", _open_table)
    parser.add_render_rule("table_close", _close_table)
    return parser


PARSER = _parser()
SENTENCES = MarkdownIt("commonmark", {"html": False})
