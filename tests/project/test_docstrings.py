"""Docstrings of the product: the exceptions that they name exist."""

import ast
import builtins
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = ("mailbox_reader", "core", "brands", "consent", "cmr", "config", "client/src")
#: A line of a `Raises:` section: names before a colon, or before the end of the line.
NAMED = re.compile(r"^    ((?:`?[\w.]*[A-Z]\w+`?(?:, )?)+)(?=:|,?$)", re.MULTILINE)
#: The same in a sentence: "Raise `UnknownEventType` for the first pattern …".
IN_TEXT = re.compile(r"\bRaises? `([\w.]+)`")


def parse_product() -> Iterator[tuple[str, ast.Module]]:
    for folder in PRODUCT:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "migrations" not in path.parts:
                yield str(path.relative_to(ROOT)), ast.parse(path.read_text())


def list_raised(docstring: str) -> set[str]:
    """Return the last part of each name that a docstring says is raised."""
    section = docstring.partition("Raises:")[2]
    names = {name for line in NAMED.findall(section) for name in re.findall(r"[\w.]+", line)}
    names |= set(IN_TEXT.findall(docstring))
    return {name.rpartition(".")[2] for name in names if not name.startswith("psycopg.")}


def list_known(module: ast.Module) -> set[str]:
    """Return the names of classes, imports and attributes in a module."""
    nodes = list(ast.walk(module))
    known = {node.name for node in nodes if isinstance(node, ast.ClassDef)}
    known |= {a.asname or a.name for n in nodes if isinstance(n, ast.ImportFrom) for a in n.names}
    return known | {node.attr for node in nodes if isinstance(node, ast.Attribute)}


def test_docstrings_name_exceptions_that_exist() -> None:
    modules = dict(parse_product())
    known = set(dir(builtins)).union(*map(list_known, modules.values()))
    documented = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    missing = {
        f"{path}:{node.lineno} {name}"
        for path, module in modules.items()
        for node in ast.walk(module)
        if isinstance(node, documented)
        for name in list_raised(ast.get_docstring(node) or "") - known
    }
    assert missing == set()


def test_list_raised_reads_sections_and_sentences() -> None:
    section = "Do it.\n\nRaises:\n    http.ForbiddenUrl, Busy\n    Late: not in time.\n    and more"
    assert list_raised(section) == {"ForbiddenUrl", "Busy", "Late"}
    assert list_raised("Raise `UnknownScope` for the first.") == {"UnknownScope"}
