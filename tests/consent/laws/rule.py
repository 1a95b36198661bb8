"""The rule that the laws judge: the real one, or one with a bug planted in its source."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from types import ModuleType
from typing import Any

from consent.checks import frequency_caps, send_window, single
from consent.decision import permission_tables, quiet_hours, resolution


class NotOnce(ValueError):
    """The text that a bug replaces must occur exactly once, or the bug is not the one meant."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Its modules. What a law is given is made of their own classes."""

    resolution: Any = resolution
    checks: Any = single
    quiet_hours: Any = quiet_hours
    timing: Any = send_window
    budgets: Any = frequency_caps
    tables: Any = permission_tables

    def own(self, value: Any) -> Any:
        """*value* again, as this rule's classes have it: a bug may be in their methods."""
        if isinstance(value, list):
            return [self.own(each) for each in value]
        names = _fields(value)
        if not names:
            return value
        parts = {name: self.own(getattr(value, name)) for name in names}
        return next(self._named(type(value).__name__))(**parts)

    def _named(self, name: str) -> Iterator[Any]:
        """Where the class is made first, then where it is only imported."""
        modules = (self.resolution, self.quiet_hours, self.budgets, self.checks)
        return (getattr(module, name) for module in modules if hasattr(module, name))


REAL = Rule()


def _fields(value: Any) -> Sequence[str]:
    """Of a dataclass or a named tuple; none of anything else."""
    if is_dataclass(value):
        return [field.name for field in fields(value)]
    return getattr(value, "_fields", ())


def told(decision: Any) -> Any:
    """What a decision says, without the order of its limits, which nobody counts on."""
    return decision._replace(limits=frozenset(decision.limits))


def broken(module: str, old: str, new: str) -> Rule:
    """The real rule but for one text in one module.

    Raises:
        NotOnce: *old* is not there, or more than once.
    """
    real: ModuleType = getattr(REAL, module)
    source = inspect.getsource(real)
    if source.count(old) != 1:
        raise NotOnce(f"{real.__name__} has {source.count(old)} times: {old}")
    planted = ModuleType(real.__name__)  # dataclasses look their module up by its name
    exec(compile(source.replace(old, new), f"{module} with {new!r}", "exec"), vars(planted))
    return replace(REAL, **{module: planted})
