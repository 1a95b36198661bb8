"""Test files are found by name: after a module, a package or an endpoint, or a listed subject."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from django.urls import get_resolver

ROOT = Path(__file__).resolve().parents[2]
TESTS = ROOT / "tests"
FILES = sorted(TESTS.rglob("test_*.py"))
#: Folders of tests that mirror a folder of the product.
MIRRORS = {
    "brands": "brands",
    "client": "client/src/cmr_client",
    "cmr": "cmr",
    "config": "config",
    "consent": "consent",
    "core": "core",
    "mailbox_reader": "mailbox_reader",
}
#: Folders whose files are named after what is tried, because they try many modules together.
BY_SUBJECT = {
    "browser": "journeys of people, over all pages",
    "chaos": "the running product while its parts are killed",
    "hostile": "names and answers from outside, at every entrance",
    "privacy": "what one caller can learn of another",
    "project": "the project itself: routes, documents, templates, launcher",
    "races": "two callers or processes at the same moment",
}
#: Packages of views, whose tests may also be named after a route.
ENTRANCES = {"api", "console", "portal"}
#: Files in the mirrored folders that are named after a subject, and why.
SUBJECTS = {
    "cmr/accounts/test_account_takeover": "a threat, step by step, over sign-in and notices",
    "cmr/accounts/test_admin_takeover": "the same threat against an administrator",
    "cmr/test_privacy_notices_shown": "one notice from the brand's call to the ledger",
    "client/test_client_docs": "the client's guide, line by line",
    "client/test_client_async": "the client in an event loop, over all calls",
    "client/test_client_listen": "the command `cmr listen`",
    "client/test_client_trigger": "the command `cmr trigger`",
    "config/test_access_log": "one line a request, written by `config.logs` and `config.web`",
    "config/test_reencrypt": "the command `reencrypt`",
    "config/test_restore": "the commands `backup` and `restore`",
    "consent/test_query_plans": "the plans of the hot statements of several packages",
}


def find_package(file: Path) -> Path:
    """Return the folder of the product that the folder of *file* mirrors."""
    app, *inner = file.relative_to(TESTS).parent.parts
    return ROOT.joinpath(MIRRORS[app], *inner)


def list_names(package: Path) -> set[str]:
    """Return what a file about *package* may be named after: itself, and all that is in it."""
    inside = {each.stem for each in package.iterdir() if each.suffix == ".py" or each.is_dir()}
    names = {name for name in inside if not name.startswith("_")}
    if package.name == "cmr_client":
        return {f"client_{name}" for name in names}
    endpoints = list_endpoints() if package.name in ENTRANCES else set()
    return {package.name, *names, *(f"{package.name}_{name}" for name in names), *endpoints}


def list_endpoints() -> set[str]:
    """Return the routes as names, without parameters: `me_choices`, `events_ack`."""
    routes = (str(each.pattern).removeprefix("api/v1/") for each in get_resolver().url_patterns)
    parts = ([part for part in route.split("/") if "<" not in part] for route in routes)
    return {"_".join(each).replace("-", "_").strip("_") for each in parts} - {""}


def is_named_after(stem: str, names: set[str]) -> bool:
    """Return whether *stem* is one of *names*, or one with the part that is tested behind it."""
    name = stem.removeprefix("test_")
    return any(name == each or name.startswith(f"{each}_") for each in names)


@pytest.mark.parametrize("file", FILES, ids=[f"{each.relative_to(TESTS)}" for each in FILES])
def test_file_name_names_what_is_tested(file: Path) -> None:
    key = str(file.relative_to(TESTS).with_suffix(""))
    if file.relative_to(TESTS).parts[0] in BY_SUBJECT or key in SUBJECTS:
        return
    package = find_package(file)
    assert package.is_dir(), f"tests/{key}.py mirrors no package: there is no {package}"
    assert is_named_after(file.stem, list_names(package)), f"tests/{key}.py names nothing there"


def test_file_names_are_unique() -> None:
    """Pytest imports test files by their name alone."""
    assert [name for name, count in Counter(each.stem for each in FILES).items() if count > 1] == []


def test_subjects_exist_and_need_their_place() -> None:
    for key in SUBJECTS:
        file = (TESTS / key).with_suffix(".py")
        assert file.is_file()
        assert not is_named_after(file.stem, list_names(find_package(file))), key


@pytest.mark.parametrize("name", ["test_hindsight", "test_as_ofs", "test_withholding"])
def test_is_named_after_refuses_other_words(name: str) -> None:
    assert not is_named_after(name, {"as_of", "checks", "checks_as_of"})
