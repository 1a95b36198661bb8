"""GET /exports/preferences: a full copy and its deltas equal the ledger."""

from __future__ import annotations

import csv
import io
import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brands.credentials import brand_keys
from brands.events import stream
from brands.models import Brand, Topic
from cmr.models import Consumer
from consent.brand_events.entry_ids import build_entry_id
from consent.checks import preference_export
from consent.decision.resolution import Limit, Scope
from consent.ledger import recording
from consent.ledger.recording import Actor, ChoiceTerms, LiftRefused, NewChoice
from consent.models import LedgerEntry, Relationship
from consent.propagation import expirations, propagate
from consent.relationships import iteration, lifecycle, merging
from consent.relationships.lifecycle import EndedByPerson
from tests.conftest import Api
from tests.factories import find_subject, record_choice
from tests.trying import tries

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
LATER = datetime(2026, 2, 1, tzinfo=UTC)
#: After any clock of these tests.
FAR = datetime(2126, 2, 1, tzinfo=UTC)


def read_export(api: Api, **query: Any) -> tuple[list[dict[str, Any]], int]:
    """The people, and the sequence to ask from the next time."""
    answer = api.get("exports/preferences", **query)
    assert answer.status_code == 200, answer.content
    assert answer.headers["Content-Type"] == "application/x-ndjson"
    text = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    return [json.loads(line) for line in text.splitlines()], int(answer["X-Through-Sequence"])


def as_csv(api: Api, **query: Any) -> list[dict[str, str]]:
    answer = api.get("exports/preferences", form="csv", **query)
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    text = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_export_lists_each_person_with_standing_choices(
    as_acme: Api, ana: Consumer, met: Relationship, offers: Topic, now: datetime
) -> None:
    until = now + timedelta(days=9_000)
    record_choice(ana.subject_id, "grant", Scope(met.brand_id, "marketing", "email"), now=now)
    record_choice(ana.subject_id, "pause", Scope(None, "marketing"), now=now + HOUR, until=until)
    about = Scope(met.brand_id, "marketing", None, offers.code)
    record_choice(ana.subject_id, "limit", about, now=now + 2 * HOUR, limit=Limit(2, "week"))
    (person,), _ = read_export(as_acme)
    said = person.pop("standing")
    rows = [
        (row["purpose"], row["channel"], row["allowed"], row["then"])
        for row in person.pop("permissions")
    ]
    end = f"{until:%Y-%m-%dT%H:%M:%SZ}"
    assert rows == [
        ("marketing", None, False, [{"at": end, "allowed": None}]),
        ("marketing", "email", False, [{"at": end, "allowed": True}]),
    ]
    assert person == {
        "subject": {"id": str(met.pk), "ref": None},
        "subject_seq": 4,  # the beginning, and each of the three
        "started_at": "2026-01-15T12:00:00Z",
        "ended_at": None,
        "ended_by": None,
        "contacts": [],
    }
    entries = LedgerEntry.objects.order_by("subject_seq")
    assert said[0] == {
        "entry": str(build_entry_id(entries[0].pk, met.pk)),
        "scope": {"brand": "acme", "purpose": "marketing", "channel": "email", "topic": None,
                  "contact_point": None},
        "decision": "grant", "until": None, "expires_at": None, "limit": None,
        "maker": "person", "made_at": "2026-01-15T12:00:00Z", "basis": "express",
    }  # fmt: skip
    assert (said[1]["scope"]["brand"], said[1]["until"]) == ("acme", end)
    assert said[2]["limit"] == {"max": 2, "per": "week"}


def test_export_csv_has_one_row_per_choice(
    as_acme: Api, ana: Consumer, met: Relationship, now: datetime
) -> None:
    (row,) = as_csv(as_acme)
    assert (row["id"], row["entry"], row["ref"]) == (str(met.pk), "", "")
    Relationship.objects.update(ref='=1+1, "two"')
    record_choice(
        ana.subject_id, "grant", Scope(met.brand_id, "marketing"), now=now, expires_at=FAR
    )
    record_choice(ana.subject_id, "limit", Scope(None), now=now + HOUR, limit=Limit(1, "day"))
    (person,), _ = read_export(as_acme)
    rows = as_csv(as_acme)
    assert [row["ref"] for row in rows] == ['=1+1, "two"'] * 2
    for row, said in zip(rows, person["standing"], strict=True):
        flat = said | said["scope"] | (said["limit"] or {"max": None, "per": None})
        for name in ("entry", "purpose", "decision", "expires_at", "maker", "basis", "made_at"):
            assert row[name] == (flat[name] or "")
        assert (row["limit_max"], row["limit_per"]) == (
            str(flat["max"] or ""), flat["per"] or "",
        )  # fmt: skip


def test_export_omits_expired_choices(
    as_acme: Api, ana: Consumer, met: Relationship, now: datetime
) -> None:
    record_choice(
        ana.subject_id, "grant", Scope(met.brand_id, "marketing"), now=now, expires_at=now + HOUR
    )
    record_choice(
        ana.subject_id, "pause", Scope(met.brand_id, "research"), now=now, until=now + HOUR
    )
    (person,), _ = read_export(as_acme)
    assert person["standing"] == []


def test_export_since_lists_only_changed_people(
    as_acme: Api, ana: Consumer, met: Relationship, acme: Brand, now: datetime
) -> None:
    other = find_subject("ben@example.org")
    lifecycle.start_relationship(other, acme, by=Actor("brand_api", acme.pk), now=now, ref="B-1")
    _, through = read_export(as_acme)
    assert read_export(as_acme, since=through) == ([], through)
    record_choice(other, "deny", Scope(acme.pk), now=now + HOUR)
    (person,), after = read_export(as_acme, since=through)
    assert (person["subject"]["ref"], after) == ("B-1", through + 1)
    assert read_export(as_acme, since=after)[0] == []


def test_export_ended_relationship_has_no_choices(
    as_acme: Api, ana: Consumer, met: Relationship, now: datetime
) -> None:
    _, through = read_export(as_acme)
    record_choice(ana.subject_id, "grant", Scope(met.brand_id, "marketing"), now=now)
    lifecycle.end_relationship(met, by=Actor("portal"), now=now + HOUR)
    record_choice(ana.subject_id, "deny", Scope(None), now=now + 2 * HOUR)
    for query in ({}, {"since": through}):
        (person,), _ = read_export(as_acme, **query)
        assert (person["ended_by"], person["ended_at"]) == ("person", "2026-01-15T13:00:00Z")
        assert person["standing"] == []


def test_export_of_other_brand_holds_only_its_own(
    as_rival: Api, rival: Brand, ana: Consumer, met: Relationship, now: datetime
) -> None:
    record_choice(ana.subject_id, "grant", Scope(met.brand_id, "marketing"), now=now)
    assert read_export(as_rival) == ([], 0)
    lifecycle.start_relationship(ana.subject_id, rival, by=Actor("portal"), now=now)
    record_choice(ana.subject_id, "deny", Scope(None, "research"), now=now)
    record_choice(ana.subject_id, "deny", Scope(rival.pk, "profiling"), now=now)
    (person,), _ = read_export(as_rival)
    assert person["subject"]["id"] != str(met.pk)
    assert [said["scope"]["purpose"] for said in person["standing"]] == ["research", "profiling"]


def test_export_after_merge_does_not_reveal_it(
    as_acme: Api, ana: Consumer, met: Relationship, acme: Brand, now: datetime
) -> None:
    """Of the choices that are said again; and each keeps the id that the brand knows."""
    other = find_subject("ana@work.example")
    lifecycle.start_relationship(other, acme, by=Actor("brand_api", acme.pk), now=now, ref="W-1")
    record_choice(other, "deny", Scope(acme.pk, "marketing"), now=now)
    record_choice(ana.subject_id, "grant", Scope(acme.pk, "marketing"), now=now + HOUR)
    merging.merge_subjects(other, into=ana.subject_id, now=now + 2 * HOUR)
    people, _ = read_export(as_acme)
    assert {person["subject"]["ref"] for person in people} == {None, "W-1"}
    assert "merge" not in json.dumps(people)
    assert LedgerEntry.objects.filter(source="merge").exists()


def test_export_without_key_scope_is_refused(acme: Brand) -> None:
    others = brand_keys.issue_key(
        acme, name="tests", scopes=set(brand_keys.KEY_SCOPES) - {"exports"}
    )
    answer = Api(others).get("exports/preferences")
    assert (answer.status_code, answer.json()["code"]) == (403, "missing_scope")


@pytest.mark.parametrize("path", ["exports/preferences", "suppressions"])
@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"since": "99"}, "beyond_stream"),
        ({"since": "-1"}, "min_value"),
        ({"form": "xml"}, "invalid_choice"),
    ],
)
def test_export_invalid_query_is_refused(
    as_acme: Api, path: str, query: dict[str, str], code: str
) -> None:
    about = {"purpose": "marketing", "channel": "email"} if path == "suppressions" else {}
    answer = as_acme.get(path, **about, **query)
    assert (answer.status_code, answer.json()["code"]) == (422, code)


# -- Held against the ledger ----------------------------------------------------------------------

Copy = dict[uuid.UUID, tuple[Any, ...]]


def build_copy(brand: Brand, now: datetime, *, since: int | None = None) -> Copy:
    batches = preference_export.iterate_preferences(brand, since=since, now=now)
    return {
        each.recipient.id: (
            each.recipient.ref,
            each.started_at,
            each.ended_at,
            each.ended_by,
            frozenset(each.standing),
        )
        for batch in batches
        for each in batch
    }


def without_what_ran_out(copy: Copy, now: datetime) -> Copy:
    """What a brand leaves out by its own clock."""
    ends = {
        pk: frozenset(c for c in said if not (c.until or c.expires_at or LATER) <= now)
        for pk, (*_, said) in copy.items()
    }
    return {pk: (*known[:-1], ends[pk]) for pk, known in copy.items()}


def by_hand(brand: Brand, now: datetime) -> dict[uuid.UUID, set[uuid.UUID]]:
    """The entries that stand of each relationship, straight from the ledger."""
    standing = {}
    for relationship in Relationship.objects.filter(brand=brand):
        entries = list(LedgerEntry.objects.of_person(relationship.person_id))
        mine = [each for each in entries if each.brand_id in (None, brand.pk)]
        if relationship.ended_at:
            mine = []
        standing[relationship.pk] = {each.pk for each in mine if _stands(each, mine, now)}
    return standing


def _stands(entry: LedgerEntry, others: list[LedgerEntry], now: datetime) -> bool:
    if entry.decision == "clear" or (entry.ends_at and entry.ends_at <= now):
        return False
    newer = [o for o in others if (o.made_at, o.subject_seq) > (entry.made_at, entry.subject_seq)]
    same = [o for o in newer if _about(o) == _about(entry) and o.maker == entry.maker]
    slot = entry.decision, entry.basis
    return not any(o.decision == "clear" or (o.decision, o.basis) == slot for o in same)


def _about(entry: LedgerEntry) -> tuple[Any, ...]:
    return entry.brand_id, entry.purpose_id, entry.channel, entry.topic, entry.contact_point_id


STEPS = st.lists(
    st.tuples(
        st.integers(0, 2),  # whose
        st.sampled_from(["say", "say", "say", "tell", "end", "begin", "worker"]),
        st.sampled_from(["grant", "deny", "pause", "clear", "limit"]),
        st.sampled_from(["acme", "rival", None]),
        st.sampled_from([None, "marketing", "research"]),
        st.integers(1, 5),  # hours until it ends, and until the next
    ),
    min_size=4,
    max_size=14,
)


class Story:
    def __init__(self, acme: Brand, rival: Brand, now: datetime) -> None:
        self.brands, self.now = {"acme": acme, "rival": rival}, now
        emails = [f"{uuid.uuid4()}@example.org" for _ in range(3)]
        self.people = [find_subject(email) for email in emails]
        for person in self.people:
            lifecycle.start_relationship(person, acme, by=Actor("portal"), now=now)

    def live(self, step: tuple[int, str, str, str | None, str | None, int]) -> None:
        who, what, decision, slug, purpose, hours = step
        self.now += timedelta(hours=hours)
        person, brand = self.people[who], self.brands[slug or "acme"]
        if what == "say":
            self.say(person, decision, self.brands[slug].pk if slug else None, purpose, hours)
        elif what == "tell":
            self.tell(person, brand, decision, purpose)
        elif what == "end":
            for mine in Relationship.objects.active().filter(subject=person, brand=brand):
                lifecycle.end_relationship(mine, by=Actor("portal"), now=self.now)
        elif what == "begin":
            lifecycle.start_relationship(person, brand, by=Actor("portal"), now=self.now)
        else:
            self.work()

    def say(self, person: uuid.UUID, decision: Any, brand: Any, purpose: Any, hours: int) -> None:
        end = self.now + timedelta(hours=hours)
        more: dict[str, Any] = {"until": end} if decision == "pause" else {}
        more |= {"limit": Limit(hours, "week")} if decision == "limit" else {}
        more |= {"expires_at": end} if decision == "grant" and hours > 2 else {}
        record_choice(person, decision, Scope(brand, purpose), now=self.now, **more)

    def tell(self, person: uuid.UUID, brand: Brand, decision: Any, purpose: Any) -> None:
        by = Actor("brand_api", brand.pk)
        decision = decision if decision in ("grant", "deny", "clear") else "deny"
        choice = NewChoice(Scope(brand.pk, purpose), ChoiceTerms(decision, evidence="a form"))
        try:
            lifecycle.start_relationship(person, brand, by=by, now=self.now)
            recording.record_choices(person, [choice], by=by, now=self.now)
        except (LiftRefused, EndedByPerson):
            return

    def work(self) -> None:
        """What is about any brand, and what ran out, gets into the streams."""
        for person in propagate.list_waiting_subjects():
            propagate.propagate_choices(person, now=self.now)
        expirations.tell_due_endings(self.now)


@pytest.fixture
def story(acme: Brand, rival: Brand, now: datetime) -> Story:
    return Story(acme, rival, now)


@tries(15)
@given(before=STEPS, after=STEPS)
def test_export_with_deltas_equals_ledger(
    before: Any, after: Any, acme: Brand, rival: Brand, now: datetime
) -> None:
    story = Story(acme, rival, now)
    for step in before:
        story.live(step)
    through = stream.read_last_sequence(acme.pk)
    copy = build_copy(acme, story.now)
    for step in after:
        story.live(step)
    story.work()
    whole = build_copy(acme, story.now)
    assert {pk: {c.entry for c in said} for pk, (*_, said) in whole.items()} == by_hand(
        acme, story.now
    )
    delta = build_copy(acme, story.now, since=through)
    assert without_what_ran_out(copy | delta, story.now) == whole
    assert copy | delta | build_copy(acme, story.now, since=through) == copy | delta


@pytest.mark.parametrize("size", [1, 2, 5])
def test_export_any_batch_size_is_same(
    as_acme: Api, story: Story, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for person in story.people:
        record_choice(person, "grant", Scope(story.brands["acme"].pk, "marketing"), now=story.now)
    whole, delta = read_export(as_acme), read_export(as_acme, since=1)
    assert (len(whole[0]), len(delta[0])) == (3, 3)
    monkeypatch.setattr(iteration, "BATCH", size)
    monkeypatch.setattr(iteration, "STRIDE", size)
    assert (read_export(as_acme), read_export(as_acme, since=1)) == (whole, delta)
