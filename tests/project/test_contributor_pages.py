"""The pages for contributors say what is so: tables, names of functions, the index."""

from __future__ import annotations

import inspect
import re
from importlib import import_module
from typing import Any

import polib
import pytest
from django.apps import apps

from tests.conftest import ROOT
from tests.project.contributor_tables import (
    APPS,
    PAGES,
    build_tables,
    list_packages,
    replace_tables,
)

ALL_TABLES = build_tables()
#: A name in backticks with its package: `cmr.choices.record_choices` or a method of a class.
DOTTED = re.compile(r"`((?:core|brands|consent|cmr|config)\.[\w.]+)(?:\(\))?`")


def find_named(name: str) -> Any:
    """Return what a dotted *name* means. Raises ImportError or AttributeError."""
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        try:
            found: Any = import_module(".".join(parts[:length]))
        except ModuleNotFoundError:
            continue
        for each in parts[length:]:
            found = getattr(found, each)
        return found
    raise ImportError(name)


@pytest.mark.parametrize("page", sorted(ALL_TABLES))
def test_contributor_tables_are_those_of_the_code(page: str) -> None:
    text = (PAGES / page).read_text()
    assert replace_tables(text, ALL_TABLES[page]) == text, "run `make contributor-tables`"


def test_contributor_tables_hold_every_package_and_table() -> None:
    code_map, data_model = ((PAGES / page).read_text() for page in ("code-map.md", "data-model.md"))
    assert [
        each for each in list_packages() if f"| `{each.replace('.', '/')}` |" not in code_map
    ] == []
    ours = [model._meta.db_table for app in APPS for model in apps.get_app_config(app).get_models()]
    left = [name for name in ours if f"| `{name}` |" not in data_model]
    assert left == []


def test_replace_tables_without_the_heading_fails() -> None:
    with pytest.raises(ValueError, match="Tables of moon"):
        replace_tables("# Page\n\n## Tables of sun\n\n| a |\n", {"Tables of moon": ["| b |"]})


@pytest.mark.parametrize("page", sorted(PAGES.glob("*.md")), ids=lambda path: path.stem)
def test_contributor_page_names_things_that_exist(page: Any) -> None:
    text = page.read_text()
    for name in DOTTED.findall(text):
        assert find_named(name) is not None, name
    files = re.findall(r"\btests/[\w/]+\.py\b", text)
    assert [name for name in files if not (ROOT / name).exists()] == []


def test_one_choice_has_its_steps_in_the_order_of_the_calls() -> None:
    text = (PAGES / "one-choice.md").read_text()
    steps = re.findall(r"^\d+\. .*?`([\w.]+)\(\)`", text, re.MULTILINE)
    assert len(steps) == len(re.findall(r"^\d+\. ", text, re.MULTILINE)) > 20
    sources = [inspect.getsource(inspect.getmodule(find_named(step))) for step in steps]  # type: ignore[arg-type]
    for number, step in enumerate(steps[1:], start=1):
        name = step.rpartition(".")[2]
        callers = "".join(sources[:number]).replace(f"def {name}(", "")
        assert re.search(rf"\b{name}\b", callers), f"no earlier step calls {step}"


def test_glossary_has_the_german_words_of_the_pages() -> None:
    rows = re.findall(
        r"^\| ([^|`]+) \| ([^|`]+) \| ", (PAGES / "glossary.md").read_text(), re.MULTILINE
    )
    catalogue = polib.pofile(str(ROOT / "config" / "locale" / "de" / "LC_MESSAGES" / "django.po"))
    texts = " ".join(entry.msgstr for entry in catalogue)
    german = {word for term, words in rows if term != "Term" for word in words.split(", ")} - {"–"}
    assert len(german) > 10
    assert [word for word in sorted(german) if word not in texts] == []
    terms = [term for term, _ in rows if term != "Term"]
    assert len(terms) == len(set(terms)) > 40


def test_every_page_is_in_the_index_once() -> None:
    index = (ROOT / "docs" / "index.md").read_text()
    docs = ROOT / "docs"
    pages = {path.relative_to(docs).as_posix() for path in docs.rglob("*.md")}
    listed = re.findall(r"^- \[.+?\]\(([\w/-]+\.md)\)", index, re.MULTILINE)
    assert sorted(listed) == sorted(set(listed))
    unlisted = {"index.md", "search.md"}
    assert {p for p in pages - unlisted if not p.startswith(("adr/0", "examples/"))} == set(listed)
