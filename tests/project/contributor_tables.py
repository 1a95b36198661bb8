"""The tables in `docs/contributing/` that are read off the code.

`make contributor-tables` writes them anew: each table that has a heading of `build_tables`.
"""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from django.apps import apps
from django.db.models import Model, UniqueConstraint

from config.postgres.placement import TABLES, Place

ROOT = Path(__file__).resolve().parents[2]
PAGES = ROOT / "docs" / "contributing"
APPS = ("brands", "consent", "cmr")
TABLE = re.compile(r"(?:\|.*\n)+")
#: What the data model says of tables that have no distribution column.
EVERYWHERE = {Place.REFERENCE: "every machine", Place.LOCAL: "one machine"}


def build_tables() -> dict[str, dict[str, list[str]]]:
    """Return the tables of each page by their headings, as lines of Markdown."""
    packages = list_packages()
    return {
        "code-map.md": {
            f"Packages of {app}": build_table(
                ("Package", "What it does", "Modules"),
                [describe_package(each) for each in packages if each.startswith(f"{app}.")],
            )
            for app in ("core", *APPS)
        }
        | {
            "Packages outside the apps": build_table(
                ("Package", "What it does", "Modules"),
                [describe_package(each) for each in packages if "." not in each],
            )
        },
        "data-model.md": {
            f"Tables of {app}": build_table(
                ("Table", "What a row is", "Keys", "Distributed by"),
                [describe_table(each) for each in apps.get_app_config(app).get_models()],
            )
            for app in APPS
        },
    }


def build_table(headings: Sequence[str], rows: Iterable[list[str]]) -> list[str]:
    """Return a table of Markdown, its rows in the order of their first cell."""
    return [_join(headings), "|---" * len(headings) + "|", *map(_join, sorted(rows))]


def _join(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |"


def list_packages() -> list[str]:
    """Return the packages that have a face, as import-linter is told."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    contracts = settings["tool"]["importlinter"]["contracts"]
    return [name for one in contracts if "packages" in one for name in one["packages"]]


def describe_package(package: str) -> list[str]:
    """Return a package's row: its folder, the first sentence of its face, its modules."""
    folder = ROOT / package.replace(".", "/")
    face = ast.parse((folder / "__init__.py").read_text())
    modules = [path.stem for path in folder.glob("*.py") if path.name != "__init__.py"]
    modules += [f"{path.parent.name}/" for path in folder.glob("*/__init__.py")]
    name = package.replace(".", "/")
    return [f"`{name}`", _first_sentence(face), ", ".join(f"`{each}`" for each in sorted(modules))]


def _first_sentence(module: ast.Module) -> str:
    text = ast.get_docstring(module) or ""
    return " ".join(text.partition("\n\n")[0].split())


def describe_table(model: type[Model]) -> list[str]:
    """Return a model's row: its table, the first paragraph of its docstring, keys and place."""
    name = model._meta.db_table
    # Without a docstring, Django writes the names of all fields.
    text = (model.__doc__ or "").partition("\n\n")[0]
    meaning = "" if text.startswith(f"{model.__name__}(") else " ".join(text.split())
    keys = "; ".join(f"`{key}`" for key in list_keys(model))
    return [f"`{name}`", meaning, keys, describe_place(name)]


def list_keys(model: type[Model]) -> list[str]:
    """Return the columns of the primary key and of the unique keys."""
    primary = [field.column for field in model._meta.pk_fields]
    single = [
        [field.column] for field in model._meta.fields if field.unique and not field.primary_key
    ]
    return [", ".join(key) for key in [primary, *single, *_list_constraints(model)]]


def _list_constraints(model: type[Model]) -> Iterator[list[str]]:
    columns = {field.name: field.column for field in model._meta.fields}
    for each in model._meta.constraints:
        if isinstance(each, UniqueConstraint) and each.fields:
            yield [columns[name] for name in each.fields]


def describe_place(table: str) -> str:
    """Return the column by which a table can be distributed, and the one by which partitioned."""
    place = TABLES[table]
    month = f", months by `{place.month}`" if place.month else ""
    return EVERYWHERE.get(place.place, f"`{place.column}`{month}")


def replace_tables(text: str, tables: Mapping[str, Sequence[str]]) -> str:
    """Return a page's *text* with the table below each heading replaced.

    Raises:
        ValueError: the page does not have a heading with a table.
    """
    for heading, lines in tables.items():
        found = re.search(rf"^## {re.escape(heading)}\n\n(?:[^|#].*\n+)*", text, re.MULTILINE)
        table = TABLE.match(text, found.end()) if found else None
        if table is None:
            raise ValueError(f"{heading}: no table below this heading")
        text = text[: table.start()] + "".join(f"{line}\n" for line in lines) + text[table.end() :]
    return text


def main() -> None:
    """Write all tables into their pages."""
    for name, tables in build_tables().items():
        page = PAGES / name
        page.write_text(replace_tables(page.read_text(), tables))


if __name__ == "__main__":
    import django

    django.setup()
    main()
