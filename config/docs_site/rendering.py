"""The pages as they are sent, each made once in a process."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.template.loader import render_to_string
from django.utils import translation
from django.utils.http import quote_etag

from config.docs_site import contents, markdown, reference
from config.docs_site.contents import Page
from config.docs_site.markdown import Document, Passage


@dataclass(frozen=True, slots=True)
class Made:
    html: bytes
    etag: str


@cache
def document_of(page: Page) -> Document:
    assert page.file
    text = page.file.read_text(encoding="utf-8")
    if page.file.suffix == ".md":
        return markdown.document(text, page.file)
    return markdown.of_program(text, page.file)


@cache
def index() -> Made:
    return made("index", {"title": "Documentation"})


@cache
def page(page: Page) -> Made:
    """A page of the navigation, or one deeper."""
    before, after = contents.neighbours(page)
    around = {"page": page, "before": before, "after": after}
    if page.file is None:
        return made("reference", around | _of_reference())
    document = document_of(page)
    heads = [each for each in document.passages if each.level == 2]
    return made("page", around | {"title": document.title, "html": document.html, "heads": heads})


def _of_reference() -> dict[str, Any]:
    groups = reference.groups()
    heads = [Passage(2, group.anchor, group.label, "") for group in groups]
    heads.append(Passage(2, "types", "Types", ""))
    return {"title": "API reference", "groups": groups, "types": reference.types(), "heads": heads}


def made(template: str, context: dict[str, Any]) -> Made:
    """In English, and alike for everybody: no request goes into it."""
    with translation.override("en"):
        html = render_to_string(
            f"docs_site/{template}.html", context | {"sections": contents.sections()}
        ).encode()
    return Made(html, quote_etag(hashlib.sha256(html).hexdigest()[:32]))
