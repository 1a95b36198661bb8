"""What the documents say is so."""

import base64
import hashlib
import hmac
import json
import re
import tomllib
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from brands.credentials.brand_keys import KEY_SCOPES
from brands.events.types import EVENT_TYPES
from consent.models.ledger import Reason
from core.errors import DomainError

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
API = (ROOT / "docs" / "api.md").read_text()
ERRORS = (ROOT / "docs" / "errors.md").read_text()
OPERATIONS = (ROOT / "docs" / "operations.md").read_text()
DOCUMENTS = [README, *sorted((ROOT / "docs").rglob("*.md"))]
APPS = ("core", "brands", "consent", "cmr", "config", "devstack")
each_document = pytest.mark.parametrize(
    "document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT))
)
#: Where the codes of a field that has not the form of its serializer come from.
LIBRARIES = (
    "rest_framework.fields",
    "rest_framework.exceptions",
    "rest_framework.serializers",
    "django.core.validators",
)
#: Answered by no call of the API: it has its own check, whose code is `permission_denied`.
NEVER_ANSWERED = {"csrf_failed", "unknown_person"}


def prose_of(document: Path) -> str:
    """The text without its fenced blocks."""
    return re.sub(r"^```.*?^```$", "", document.read_text(), flags=re.MULTILINE | re.DOTALL)


def source_of_apps() -> str:
    files = (path for app in APPS for path in sorted((ROOT / app).rglob("*.py")))
    return "\n".join(path.read_text() for path in files)


def source_of_libraries() -> str:
    origins = [spec.origin for name in LIBRARIES if (spec := find_spec(name))]
    return "\n".join(Path(origin).read_text() for origin in origins if origin)


# -- README and documents ----------------------------------------------------------------------


def test_readme_is_short() -> None:
    assert len(README.read_text().splitlines()) <= 120


@each_document
def test_paths_exist(document: Path) -> None:
    """Those that begin with a folder of ours; what only a run makes is left out."""
    folders = {path.name for path in ROOT.iterdir() if path.is_dir()} - {"var"}
    named = re.findall(r"`([\w.-]+/[\w./-]*)`", prose_of(document))
    ours = {path for path in named if path.partition("/")[0] in folders}
    assert [path for path in sorted(ours) if not (ROOT / path).exists()] == []


@each_document
def test_links_lead_somewhere(document: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)", prose_of(document))
    relative = [link for link in links if "://" not in link]
    assert [link for link in relative if not (document.parent / link).exists()] == []


@each_document
def test_make_targets_exist(document: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    text = document.read_text()
    named = set(re.findall(r"`(?:[A-Z]+=\S+ )?make ([a-z-]+)`", text))
    named |= set(re.findall(r"^make ([a-z-]+)", text, re.MULTILINE))
    assert named <= targets


@each_document
def test_manage_commands_exist(document: Path) -> None:
    from django.core.management import get_commands

    named = set(re.findall(r"manage\.py ([a-z_]+)", document.read_text()))
    assert named <= set(get_commands())


@each_document
def test_json_examples_are_json(document: Path) -> None:
    for block in re.findall(r"^```json\n(.*?)^```$", document.read_text(), re.M | re.S):
        for text in block.strip().split("\n{"):
            json.loads(text if text.startswith("{") else "{" + text)


def test_index_of_decisions_is_whole() -> None:
    folder = ROOT / "docs" / "adr"
    linked = re.findall(r"\(([0-9]{4}-[a-z-]+\.md)\)", (folder / "README.md").read_text())
    assert linked == sorted(path.name for path in folder.glob("[0-9]*.md"))
    for name in linked:
        heads = re.findall(r"^## (.+)$", (folder / name).read_text(), re.MULTILINE)
        assert heads == ["Context", "Decision", "Consequences"]


def test_the_webhook_in_the_readme_is_real() -> None:
    text = README.read_text()
    head, body = re.findall(r"^```http\nPOST .*?\n(.*?)\n\n(.*?)\n```$", text, re.M | re.S)[0]
    headers = dict(line.split(": ", 1) for line in head.splitlines())
    secret = re.findall(r"`whsec_([^`]+)`", text)[0]
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.{body}".encode()
    signature = hmac.digest(base64.b64decode(secret), signed, hashlib.sha256)
    assert headers["webhook-signature"] == "v1," + base64.b64encode(signature).decode()
    assert int(headers["Content-Length"]) == len(body.encode())


# -- The API's guide ---------------------------------------------------------------------------


#: The code and the status of each that has a meaning and a remedy.
CATALOGUE = re.findall(r"^### `(\w+)`\n\n\*\*(\d{3})\*\* .+ \*\*Do:\*\* .+$", ERRORS, re.MULTILINE)


def codes_in_guide() -> set[str]:
    return {code for code, _ in CATALOGUE}


def codes_in_code() -> set[str]:
    return set(_codes_of_problems())


def _codes_of_problems() -> Iterator[str]:
    """From exception classes, raised problems, answers of handlers and fields' own errors."""
    source = source_of_apps()
    yield from (code for code, _ in codes_of_exceptions())
    yield from re.findall(r'\bProblem\(\s*\d{3},\s*"([a-z_]+)"', source)
    yield from re.findall(r'BadQuery\(\s*(?:"\w+"|\w+|\w+\[0\]),\s*"([a-z_]+)"', source)
    yield from re.findall(r'"\w+": "(unknown_[a-z_]+)"', source)
    yield from re.findall(r'\banswer\(request, \d{3}, "([a-z_]+)"', source)
    yield from re.findall(r'ValidationError\([^()]*, code="([a-z_]+)"\)', source)
    yield from re.findall(r'\b_refuse\(sender, (?:request_id, )?\d{3}, "([a-z_]+)"', source)
    yield from re.findall(r'AuthenticationFailed\(\s*"[^"]*",\s*"([a-z_]+)"', source)
    yield from re.findall(r'ErrorDetail\([^()]*,\s*"([a-z_]+)"\)', source)
    yield from re.findall(r'default_code = "([a-z_]+)"', source)
    for table in re.findall(r"default_error_messages = \{(.*?)\}", source, re.DOTALL):
        yield from re.findall(r'"([a-z_]+)":', table)


def codes_of_exceptions() -> Iterator[tuple[str, int]]:
    """Yield the code and status of each class of `DomainError` that has one code."""
    import_module(settings.ROOT_URLCONF)  # so that every module with exceptions is loaded
    waiting = [DomainError]
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        if hasattr(kind, "code"):
            yield kind.code, kind.status


def test_the_search_for_codes_finds_each_kind() -> None:
    """A search that finds nothing would agree with any guide."""
    kinds = {"person_said_no", "unknown_topic", "no_token", "bad_request", "invalid_key"}
    kinds |= {"unknown_field", "body_too_large", "no_zone", "needed", "missing_scope"}
    assert kinds <= codes_in_code()


def test_every_code_is_in_the_guide() -> None:
    assert codes_in_code() - NEVER_ANSWERED - codes_in_guide() == set()


def test_every_code_in_the_guide_is_in_the_code() -> None:
    others = source_of_libraries()
    left = codes_in_guide() - codes_in_code()
    assert [code for code in sorted(left) if not re.search(rf"""['"]{code}['"]""", others)] == []


def test_the_catalogue_has_each_code_once_and_whole() -> None:
    headings = re.findall(r"^### (.+)$", ERRORS, re.MULTILINE)
    assert headings == [f"`{code}`" for code, _ in CATALOGUE]
    assert len(headings) == len(set(headings))


def test_the_catalogue_has_each_code_s_status() -> None:
    source = source_of_apps()
    found = [(str(status), code) for code, status in codes_of_exceptions()]
    found += re.findall(r'\bProblem\(\s*(\d{3}),\s*"([a-z_]+)"', source)
    found += re.findall(r'\banswer\(\s*request, (\d{3}), "([a-z_]+)"', source)
    assert len(found) > 60
    assert {(code, status) for status, code in found} <= set(CATALOGUE)


def test_every_event_type_is_in_the_guide_with_an_example() -> None:
    for event_type in EVENT_TYPES:
        assert f"| `{event_type}` |" in API
        assert f'{{"type":"{event_type}"' in API


def test_examples_of_events_have_the_fields_of_events() -> None:
    for line in re.findall(r'^\{"type":"[a-z]+\..*\}$', API, re.MULTILINE):
        event: dict[str, Any] = json.loads(line)
        assert list(event) == ["type", "timestamp", "sequence", "data"]
        assert {"subject", "subject_seq"} <= set(event["data"])


def test_every_rule_is_in_the_guide() -> None:
    source = (ROOT / "consent" / "decision" / "resolution.py").read_text()
    assert set(re.findall(r'rule="(\w+)"', source)) == {"no_relationship", "required"}
    made = [f"{maker}_{verb}" for maker in ("person", "brand") for verb in ("denied", "paused")]
    made += ["person_granted", "brand_granted", "implied", "default_opt_in", "default_opt_out"]
    assert [rule for rule in [*made, "no_relationship", "required"] if f"`{rule}`" not in API] == []


def test_every_scope_and_reason_is_in_the_guide() -> None:
    assert [name for name in [*KEY_SCOPES, *Reason.values] if f"`{name}`" not in API] == []


def test_the_retry_schedule_is_the_one_in_the_guide() -> None:
    assert [
        *(5, 5 * 60, 30 * 60),
        *(hours * 3_600 for hours in (2, 5, 10, 14, 20, 24)),
    ] == settings.DELIVERY_SCHEDULE
    assert (
        "at first 5 s, then 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h and from then on 24 h" in API
    )


# -- Operations --------------------------------------------------------------------------------


def test_every_setting_is_in_the_table() -> None:
    text = (ROOT / "config" / "settings.py").read_text()
    read = set(re.findall(r'\b(?:env\.\w+|read_list)\(\s*"([A-Z_]+)"', text))
    assert set(re.findall(r"^\| `([A-Z_]+)` \|", OPERATIONS, re.MULTILINE)) == read


def test_versions_agree() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["version"] == settings.SPECTACULAR_SETTINGS["VERSION"]
