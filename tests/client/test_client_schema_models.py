"""The client's models are those of the OpenAPI document."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator

from client.generate_models import MODELS, build_module
from cmr_client import answers, schema_models
from tests.conftest import ROOT

generator: Any = SchemaGenerator
GENERATED = ROOT / "client" / "src" / "cmr_client" / "schema_models.py"


@pytest.fixture
def document() -> Any:
    GENERATOR_STATS.reset()
    return generator().get_schema(request=None, public=True)


def test_document_is_generated_without_warnings(document: Any) -> None:
    assert document["openapi"].startswith("3.1")
    assert not GENERATOR_STATS, "`manage.py spectacular --skip-checks` prints them"


def test_schema_models_are_generated_from_the_document(document: Any) -> None:
    assert GENERATED.read_text() == build_module(document), "run `make client-models`"


def test_build_module_reads_types_from_the_document(document: Any) -> None:
    properties = document["components"]["schemas"]["TopicData"]["properties"]
    properties["followers"] = {"type": ["integer", "null"], "description": "How many people."}
    text = build_module(document)
    assert "    #: How many people.\n    followers: int | None = None\n" in text


def test_answers_have_every_generated_model() -> None:
    assert set(schema_models.__all__) == {each.name for each in MODELS}
    assert [name for name in schema_models.__all__ if not hasattr(answers, name)] == []


def test_models_accept_new_fields_and_new_values() -> None:
    text = b'{"max": 2, "per": "quarter", "since": "2026-01-01"}'
    assert msgspec.json.decode(text, type=answers.Limit) == answers.Limit(max=2, per="quarter")
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(b'{"max": 2}', type=answers.Limit)


def test_models_with_a_secret_do_not_show_it() -> None:
    links = answers.LinkKey(brand="acme", key="c2VjcmV0", one_click_url="", preferences_url="")
    assert "c2VjcmV0" not in repr(links)
