"""Both readers of a choice's body say the same: the fast one, and the serializer."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from consent.api import wire
from tests.trying import tries

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
#: Values that a field may be given, most of them wrong somewhere.
ODD: st.SearchStrategy[Any] = st.sampled_from(
    [
        *(None, "", " ", "a", " a", "a ", "ä", "a\u200b", "a\tb", "a\0b"),
        *("a" * length for length in (10, 11, 40, 41, 60, 61, 100, 101)),
        *("1", 1, 1.5, True, [], {}, 2**70),
        *("acme", "marketing", "email", "deny", "privacy", "2026-12-01T00:00:00Z"),
    ]
)
SCOPES = st.one_of(
    st.dictionaries(
        st.sampled_from(["brand", "purpose", "channel", "topic", "contact_point", "trait", ""]),
        ODD,
        max_size=4,
    ),
    ODD,
)
BODIES = st.one_of(
    st.fixed_dictionaries(
        {},
        optional={
            "scope": SCOPES,
            "decision": st.one_of(
                st.sampled_from(["grant", "deny", "clear", "pause", "limit"]), ODD
            ),
            "reason": st.one_of(st.sampled_from([None, "privacy", "other"]), ODD),
            "until": ODD,
            "expires_at": ODD,
            "limit": st.one_of(st.just({"max": 3, "per": "week"}), ODD),
            "more": ODD,
        },
    ),
    ODD,
)


@example({"scope": {"brand": "acme", "purpose": "marketing"}, "decision": "deny"})
@example({"scope": {"brand": "acme", "contact_point": None}, "decision": "grant", "reason": None})
@example({"scope": {}, "decision": "clear", "reason": "privacy"})
@example({"scope": {"contact_point": 1}, "decision": "deny"})
@example({"scope": {"contact_point": ""}, "decision": "deny"})
@given(BODIES)
@tries(400)
def test_read_plain_choice_says_what_the_serializer_says(body: Any) -> None:
    if (plain := wire.read_plain_choice(body)) is None:
        return
    serializer = wire.ChoiceField(data=body, context={"now": NOW})
    assert serializer.is_valid(), serializer.errors
    assert wire.read_terms(plain) == wire.read_terms(serializer.validated_data)
    names = wire.read_scope_names(serializer.validated_data["scope"])
    assert wire.read_scope_names(plain["scope"]) == names


@given(st.text(max_size=12))
@tries(300)
def test_read_plain_choice_of_any_text_says_what_the_serializer_says(text: str) -> None:
    for name in ("brand", "purpose", "channel", "topic"):
        asked = {"scope": {name: text}, "decision": "deny"}
        if wire.read_plain_choice(asked) is not None:
            serializer = wire.ChoiceField(data=asked, context={"now": NOW})
            assert serializer.is_valid(), serializer.errors
            assert serializer.validated_data["scope"] == {name: text}


@pytest.mark.parametrize("decision", ["grant", "deny", "clear"])
@pytest.mark.parametrize("reason", [{}, {"reason": None}, {"reason": "privacy"}])
@pytest.mark.parametrize(
    "scope",
    [
        {},
        {"brand": "acme"},
        {"brand": "acme", "purpose": "marketing", "channel": "email", "topic": "weekly-offers"},
        {"brand": None, "purpose": None, "channel": None, "topic": None, "contact_point": None},
    ],
)
def test_read_plain_choice_reads_what_most_callers_send(
    scope: dict[str, Any], decision: str, reason: dict[str, Any]
) -> None:
    body = {"scope": scope, "decision": decision, **reason}
    assert wire.read_plain_choice(orjson.loads(orjson.dumps(body))) == body
