"""Output of answers, for people or for other programs."""

from __future__ import annotations

from typing import Any

import click
import msgspec


def show_json(said: Any) -> None:
    """Print one line of JSON."""
    click.echo(msgspec.json.encode(said))


def show_table(rows: list[tuple[str, object]]) -> None:
    """Print the names and values of fields that have a value."""
    shown = [(name, value) for name, value in rows if value is not None]
    width = max(len(name) for name, _ in shown)
    for name, value in shown:
        click.echo(f"{name:<{width}}  {value}")
