"""Names that may not come back: private words, and verbs that do not say what they act on.

A name of the first kind means nothing to somebody new: `hindsight` was a check at a past time. One
of the second kind, such as `read` or `of`, cannot be searched for and says nothing in a traceback.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = ("mailbox_reader", "core", "brands", "consent", "cmr", "config", "client/src")
#: The launcher and the demo are not part of the product.
OTHERS = ("devstack/",)
ALONE = frozenset("asked done given kept made of read said shown taken told".split())
PRIVATE = frozenset(
    "aftermath allowance allowances aside asking door doors fate fates guessing hearing hindsight "
    "knock lane lanes parcel parcels repeats said steady told troubles wish wishes withholding "
    "world worlds".split()
)
#: Names that stay for now, with the reason. Remove a name here when it is renamed.
EXCEPTIONS = {
    "client/src/cmr_client/events.py: read": "a public name of the client",
    "cmr/api/honouring.py: FateData": "a name in the OpenAPI document",
    "consent/api/lines.py: read": "the method of every file",
    "cmr/mailbox/uploads.py: read": "the method of every file",
    "cmr/mailbox/imap.py: read": "a method of imaplib's client",
    "brands/tasks.py: forget_repeats": "the name of a task in the broker",
}


def split_name(name: str) -> set[str]:
    """Return the words of a name: `_read_HTTPWish` has read, http and wish."""
    return {word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+", name)}


def find_bad_names(module: str, source: str) -> Iterator[str]:
    """Yield the names of a module, its classes and functions that may not come back."""
    if module in ALONE or split_name(module) & PRIVATE:
        yield module
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        is_function = not isinstance(node, ast.ClassDef)
        if split_name(node.name) & PRIVATE or (is_function and node.name.strip("_") in ALONE):
            yield node.name


def bad_names() -> set[str]:
    """Return the bad names of the product, each as `path: name`."""
    paths = [path for folder in PRODUCT for path in (ROOT / folder).rglob("*.py")]
    modules = {str(path.relative_to(ROOT)): path for path in paths}
    return {
        f"{name}: {found}"
        for name, path in modules.items()
        if "/migrations/" not in name and not name.startswith(OTHERS)
        for found in find_bad_names(path.stem, path.read_text())
    }


def test_names_of_the_product_have_no_private_words() -> None:
    assert bad_names() - EXCEPTIONS.keys() == set()


def test_exceptions_still_exist() -> None:
    assert EXCEPTIONS.keys() - bad_names() == set()


@pytest.mark.parametrize(
    ("module", "source", "found"),
    [
        ("choices", "def of(scope): ...", ["of"]),
        ("choices", "class Choice:\n    async def _shown(self): ...", ["_shown"]),
        ("choices", "class BadWish(ValueError): ...", ["BadWish"]),
        ("choices", "def list_lanes(): ...", ["list_lanes"]),
        ("hindsight", "", ["hindsight"]),
        ("parcels", "def said(): ...", ["parcels", "said"]),
        ("choices", "def read_scope(): ...\nclass Offer: ...\nasides = of = 1", []),
    ],
)
def test_find_bad_names_planted_name_is_found(module: str, source: str, found: list[str]) -> None:
    assert list(find_bad_names(module, source)) == found
