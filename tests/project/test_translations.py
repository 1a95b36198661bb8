"""Every word of the pages is there in German, and what is compiled is what is written."""

from __future__ import annotations

import ast
import gettext
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import polib
import pytest
from django.utils.translation.template import templatize

from tests.conftest import ROOT

FOLDER = ROOT / "config/locale/de/LC_MESSAGES"
CALLS = {"_", "gettext", "gettext_lazy", "ngettext"}
#: How `templatize` writes what a template has translated.
TEXT = r"""('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
IN_TEMPLATE = re.compile(rf"gettext\(u?{TEXT}|_\({TEXT}")


@pytest.fixture(scope="module")
def german() -> polib.POFile:
    return polib.pofile(str(FOLDER / "django.po"))


def sources(pattern: str) -> Iterator[Path]:
    for app in ("brands", "consent", "cmr", "config"):
        yield from (ROOT / app).rglob(pattern)


def said_in_python() -> Iterator[str]:
    for path in sources("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in CALLS:
                first = node.args[0] if node.args else None
                if isinstance(first, ast.Constant) and isinstance(first.value, str):
                    yield first.value


def said_in_templates() -> Iterator[str]:
    for path in sources("*.html"):
        for found in IN_TEMPLATE.finditer(templatize(path.read_text(), origin=str(path))):
            yield ast.literal_eval(found[1] or found[2])


def test_every_word_is_translated(german: polib.POFile) -> None:
    translated = {entry.msgid for entry in german if entry.translated()}
    said = {*said_in_python(), *said_in_templates()}
    assert len(said) > 300  # or the search finds nothing
    assert said - translated == set()


def test_no_translation_is_of_a_word_that_nobody_says(german: polib.POFile) -> None:
    said = {*said_in_python(), *said_in_templates()}
    assert {entry.msgid for entry in german} - said == set()


def names(text: str) -> list[str]:
    return sorted(re.findall(r"%\((\w+)\)s|(%s)", text)) or sorted(
        str(field) for _, field, _, _ in Formatter().parse(text) if field
    )


def test_translations_name_what_the_words_name(german: polib.POFile) -> None:
    for entry in german:
        for translated in entry.msgstr_plural.values() or [entry.msgstr]:
            assert names(translated) == names(entry.msgid), entry.msgid


def test_what_is_compiled_is_what_is_written(german: polib.POFile) -> None:
    with (FOLDER / "django.mo").open("rb") as compiled:
        said = gettext.GNUTranslations(compiled)
    for entry in german:
        if entry.msgid_plural:
            for number, index in ((1, 0), (2, 1)):
                plural = said.ngettext(entry.msgid, entry.msgid_plural, number)
                assert plural == entry.msgstr_plural[index]
        else:
            assert said.gettext(entry.msgid) == entry.msgstr
