"""Every example of the documents runs, and answers as they say it does."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.project import examples
from tests.project.running import Product

MOST_NOT_RUN = 9


def test_every_example_runs(product: Product, tmp_path: Path) -> None:
    """Page by page, on one running product."""
    found = {
        document.name: examples.troubles(document, product, tmp_path / document.stem)
        for document in examples.DOCUMENTS
        if any(each.why_not is None for each in examples.examples(document))
    }
    assert {name: troubles for name, troubles in found.items() if troubles} == {}


def test_what_is_not_run_says_why() -> None:
    run, reasons = examples.counted()
    print(f"{run} examples run, {len(reasons)} not: {reasons}")
    assert run > 25
    assert len(reasons) <= MOST_NOT_RUN
    assert all(len(reason) > 10 for reason in reasons)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("```sh\nfalse\n```", "exit 1"),
        ("```sh\ncurl -s $CMR_URL/api/v1/events\n```", "refusals expected"),
        ("```sh answers: 409\ncurl -s $CMR_URL/api/v1/events\n```", "refusals expected"),
        ('```sh\necho \'{"a": 1}\'\n```\n```json\n{"b": 1}\n```', "it has ['a']"),
        ('```sh\necho \'{"rule": "x"}\'\n```\n```json\n{"rule": "y"}\n```', ".rule is 'x'"),
        ("```sh\necho '[]'\n```\n```json\n[1]\n```", "has 0"),
        ("```sh\necho one\n```\n```text\ntwo\n```", "came 'one"),
        ("```python\nassert not body\n```", "exit 1"),
    ],
)
def test_an_example_that_is_wrong_is_found(
    text: str, said: str, product: Product, tmp_path: Path
) -> None:
    page = tmp_path / "page.md"
    page.write_text(text)
    assert said in str(examples.troubles(page, product, tmp_path / "page"))


def test_an_example_that_is_right_is_not(product: Product, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "```sh answers: 401\ncurl -s $CMR_URL/api/v1/events\n```\n"
        '```json\n{"type": "http://here/docs/errors#not_authenticated", "title": "", "status": 401,'
        ' "code": "not_authenticated",'
        ' "detail": "", "field": null, "errors": [{"code": "not_authenticated", "detail": "",'
        ' "field": null}], "request_id": ""}\n```\n```python\nassert body and headers\n```\n'
    )
    assert examples.troubles(page, product, tmp_path / "page") == []
