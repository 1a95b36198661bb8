"""A contract of import-linter's: a package is entered by its `__init__`, and by nothing in it."""

from __future__ import annotations

from typing import Any

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output


class PackageFaces(Contract):
    """Who is outside of one of `packages` imports the package itself, and no module within it."""

    packages: Any = fields.ListField(subfield=fields.StringField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        past = [
            f"{outsider} imports {module}"
            for package in self.packages
            for module in sorted(graph.find_descendants(package))
            for outsider in sorted(graph.find_modules_that_directly_import(module))
            if outsider != package
            and not outsider.startswith(f"{package}.")
            and ".migrations." not in outsider  # Django writes where a default is
        ]
        return ContractCheck(kept=not past, metadata={"past": past})

    def render_broken_contract(self, check: ContractCheck) -> None:
        for each in check.metadata["past"]:
            output.print_error(each, bold=False)
