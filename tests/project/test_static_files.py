"""Each static file that a template names exists."""

from __future__ import annotations

import re

import pytest
from django.contrib.staticfiles import finders

from tests.conftest import ROOT

TEMPLATES = sorted(
    path
    for app in ("cmr", "consent", "config")
    for path in (ROOT / app).rglob("templates/**/*.html")
)
NAMED = sorted(
    {
        name
        for path in TEMPLATES
        for name in re.findall(r"{% static ['\"]([^'\"]+)['\"]", path.read_text())
    }
)


def test_templates_name_static_files() -> None:
    assert "cmr/copy.js" in NAMED


@pytest.mark.parametrize("name", NAMED)
def test_a_named_static_file_exists(name: str) -> None:
    assert finders.find(name)
