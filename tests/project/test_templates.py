"""Each template compiles, and each static file that it names exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.template import engines

from tests.conftest import ROOT

TEMPLATES = sorted(
    path
    for app in ("cmr", "consent", "config")
    for path in (ROOT / app).rglob("templates/**/*")
    if path.is_file()
)
NAMED = sorted(
    {
        name
        for path in TEMPLATES
        for name in re.findall(r"{% static ['\"]([^'\"]+)['\"]", path.read_text())
    }
)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_template_compiles(path: Path) -> None:
    """Its tags and filters exist; those of a mail are seen nowhere else until it is due."""
    engines["django"].from_string(path.read_text())


def test_templates_name_static_files() -> None:
    assert "cmr/copy.js" in NAMED


@pytest.mark.parametrize("name", NAMED)
def test_a_named_static_file_exists(name: str) -> None:
    assert finders.find(name)
