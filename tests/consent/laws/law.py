"""What a law is, and how a rule is judged by it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import UnsatisfiedAssumption
from hypothesis.strategies import SearchStrategy

from tests.consent.laws.rule import Rule

#: After so many examples a bug that was not caught is one that the law misses.
PATIENCE = 1000


@dataclass(frozen=True, slots=True)
class Law:
    """A sentence that holds for whatever is drawn; `judge` fails where a rule breaks it."""

    sentence: str
    drawn: dict[str, SearchStrategy[Any]]
    judge: Callable[..., None]

    @property
    def name(self) -> str:
        return self.judge.__name__.replace("_", " ")


@dataclass(slots=True)
class Run:
    """How many examples were drawn, and how many of them met the law's premise."""

    drawn: int = 0
    met: int = 0
    failure: Exception | None = None


def law(sentence: str, **drawn: SearchStrategy[Any]) -> Callable[[Callable[..., None]], Law]:
    return lambda judge: Law(sentence, drawn, judge)


def hold(law: Law, rule: Rule, *, examples: int, repeatable: bool) -> Run:
    """Judge *rule* by as many examples; raises with the smallest one that breaks the law."""
    run = Run()
    phases = (Phase.generate, Phase.shrink)
    _judge(law, rule, run, settings(_settings(examples, repeatable), phases=phases))
    return run


def hunt(law: Law, rule: Rule, *, examples: int, repeatable: bool) -> Run:
    """Judge *rule* until it breaks the law; `failure` is None if it never did. Raises its crash."""
    run = Run()
    try:
        phases = (Phase.generate,)
        _judge(law, rule, run, settings(_settings(examples, repeatable), phases=phases))
    except Exception:
        if not isinstance(run.failure, AssertionError):  # a bug that crashes is no catch
            raise
    return run


def _settings(examples: int, repeatable: bool) -> settings:
    return settings(
        max_examples=examples,
        derandomize=repeatable,
        database=None,
        deadline=None,
        report_multiple_bugs=False,
        suppress_health_check=[HealthCheck.too_slow],
    )


def _judge(law: Law, rule: Rule, run: Run, how: settings) -> None:
    @how
    @given(**law.drawn)
    def judged(**drawn: Any) -> None:
        counts = run.failure is None  # what comes after is the shrinking
        run.drawn += counts
        try:
            law.judge(rule, **{name: rule.own(value) for name, value in drawn.items()})
        except UnsatisfiedAssumption:
            raise
        except Exception as failure:
            run.met += counts
            run.failure = run.failure or failure
            raise
        run.met += counts

    judged()
