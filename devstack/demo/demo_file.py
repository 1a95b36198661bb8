"""`var/demo.json`: all that a script needs to drive the demo. It holds secrets: mode 600."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from django.conf import settings

PATH: Path = settings.FOLDER / "demo.json"


def read_demo_file() -> dict[str, Any] | None:
    """Return the content of `var/demo.json`, or None if it is missing or incomplete."""
    try:
        content: dict[str, Any] = json.loads(PATH.read_text())
    except (FileNotFoundError, ValueError):
        return None
    return content


def write_demo_file(content: dict[str, Any]) -> None:
    PATH.parent.mkdir(exist_ok=True)
    new = PATH.with_suffix(".new")
    new.touch(mode=0o600)
    new.write_text(json.dumps(content, indent=2) + "\n")
    os.replace(new, PATH)


def base_url() -> str:
    return _address("PORT", "base_url", default="8000")


def sample_brand_url() -> str:
    return _address("SAMPLE_BRAND_PORT", "sample_brand", default="8009")


def _address(port: str, name: str, *, default: str) -> str:
    """By the port in the environment; without it, where the file says it was."""
    if port not in os.environ and (content := read_demo_file()) and name in content:
        return str(content[name])
    return f"http://127.0.0.1:{os.environ.get(port, default)}"
