"""Every text of the pages is in each language, and what is compiled is what is written."""

from __future__ import annotations

import ast
import gettext
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import allauth
import polib
import pytest
from django.conf import settings
from django.utils import translation
from django.utils.translation.template import templatize

from tests.conftest import ROOT

#: Every language but English, in which the texts are written.
LANGUAGES = [code for code, _ in settings.LANGUAGES if code != "en"]
FOLDERS = [ROOT / "config/locale" / code / "LC_MESSAGES" for code in LANGUAGES]
#: Our German for what allauth says, and allauth's own.
FOR_ALLAUTH = ROOT / "config/locale_allauth/de/LC_MESSAGES"
OF_ALLAUTH = Path(allauth.__path__[0]) / "locale/de/LC_MESSAGES/django.po"
INSTALLED = ("account/", "mfa/", "usersessions/", "allauth/")
#: Words, and forms of verbs, that say du.
SAYS_DU = re.compile(
    r"\b(du|dich|dir|dein\w*|euch|euer|eure\w*|gib|klick|lass|wähle|bist|hast)\b", re.IGNORECASE
)
CALLS = {"_", "gettext", "gettext_lazy", "gettext_noop", "ngettext"}
#: How `templatize` writes what a template has translated.
TEXT = r"""('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
IN_TEMPLATE = re.compile(rf"gettext\(u?{TEXT}|_\({TEXT}")


@pytest.fixture(scope="module", params=FOLDERS, ids=LANGUAGES)
def translations(request: pytest.FixtureRequest) -> polib.POFile:
    return polib.pofile(str(request.param / "django.po"))


def sources(pattern: str) -> Iterator[Path]:
    for app in ("core", "brands", "consent", "cmr", "config"):
        yield from (ROOT / app).rglob(pattern)


def said_in_python() -> Iterator[str]:
    for path in sources("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in CALLS:
                first = node.args[0] if node.args else None
                if isinstance(first, ast.Constant) and isinstance(first.value, str):
                    yield first.value


def aliases() -> Iterator[str]:
    """Yield each name under which a module imports a function of gettext."""
    for path in sources("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation":
                yield from (each.asname for each in node.names if each.asname)


def said_in_templates() -> Iterator[str]:
    for path in [*sources("*.html"), *sources("*.txt")]:
        for found in IN_TEMPLATE.finditer(templatize(path.read_text(), origin=str(path))):
            yield ast.literal_eval(found[1] or found[2])


def test_gettext_has_no_alias_that_is_not_collected() -> None:
    assert set(aliases()) == {"_"}


def test_every_word_is_translated(translations: polib.POFile) -> None:
    translated = {entry.msgid for entry in translations if entry.translated()}
    said = {*said_in_python(), *said_in_templates()}
    assert len(said) > 300  # or the search finds nothing
    assert said - translated == set()


def test_no_translation_is_of_a_word_that_nobody_says(translations: polib.POFile) -> None:
    said = {*said_in_python(), *said_in_templates()}
    assert {entry.msgid for entry in translations} - said == set()


def names(text: str) -> list[str]:
    return sorted(re.findall(r"%\((\w+)\)s|(%s)", text)) or sorted(
        str(field) for _, field, _, _ in Formatter().parse(text) if field
    )


def test_translations_name_what_the_words_name(translations: polib.POFile) -> None:
    for entry in translations:
        said = [entry.msgid, *([entry.msgid_plural] if entry.msgid_plural else [])]
        for words, translated in zip(
            said, entry.msgstr_plural.values() or [entry.msgstr], strict=True
        ):
            assert names(translated) == names(words), entry.msgid


@pytest.mark.parametrize("folder", [*FOLDERS, FOR_ALLAUTH])
def test_what_is_compiled_is_what_is_written(folder: Path) -> None:
    with (folder / "django.mo").open("rb") as compiled:
        said = gettext.GNUTranslations(compiled)
    for entry in polib.pofile(str(folder / "django.po")):
        if entry.msgid_plural:
            for number, index in ((1, 0), (2, 1)):
                plural = said.ngettext(entry.msgid, entry.msgid_plural, number)
                assert plural == entry.msgstr_plural[index]
        else:
            assert said.gettext(entry.msgid) == entry.msgstr


def said_by_allauth() -> dict[str, polib.POEntry]:
    """Return what the installed parts of allauth say, by the English."""
    return {
        entry.msgid: entry
        for entry in polib.pofile(str(OF_ALLAUTH))
        if any(at.removeprefix("templates/").startswith(INSTALLED) for at, _ in entry.occurrences)
    }


def effective(entry: polib.POEntry) -> list[str]:
    if not entry.msgid_plural:
        return [translation.gettext(entry.msgid)]
    return [translation.ngettext(entry.msgid, entry.msgid_plural, number) for number in (1, 2)]


def test_allauth_says_sie() -> None:
    said = said_by_allauth()
    assert len(said) > 200  # or the search finds nothing
    with translation.override("de"):
        du = [text for each in said.values() for text in effective(each) if SAYS_DU.search(text)]
    assert du == []


def test_own_german_of_allauth_says_du() -> None:
    """Or the test before this one finds nothing, or has become needless."""
    assert any(SAYS_DU.search(each.msgstr) for each in said_by_allauth().values())


def test_german_for_allauth_fits_what_it_says() -> None:
    said = said_by_allauth()
    for entry in polib.pofile(str(FOR_ALLAUTH / "django.po")):
        assert entry.msgid in said, f"allauth no longer says {entry.msgid!r}"
        assert entry.translated() and names(entry.msgstr) == names(entry.msgid), entry.msgid
