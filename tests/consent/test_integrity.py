"""Verification of the ledger and the streams finds tampering."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from brands.events import stream
from brands.models import Brand, Event, Topic
from consent import integrity
from consent.decision.resolution import Limit, Scope
from consent.identity.identifiers import compute_identifier_digest, find_or_create_identifier
from consent.ledger import hash_chain, recording, text_erasure
from consent.ledger.recording import Actor, ChoiceTerms, NewChoice
from consent.ledger.text_erasure import PersonalWords
from consent.models import LedgerEntry, Preference, Relationship, Subject
from consent.preferences import projection
from consent.propagation import expirations, propagate
from consent.relationships import lifecycle as known
from consent.relationships import merging
from tests.consent.random_past import Life
from tests.factories import find_subject, record_choice
from tests.ownership import as_owner
from tests.trying import TIMES

pytestmark = pytest.mark.django_db

ANA = Actor("api")


@pytest.fixture
def later(now: datetime) -> datetime:
    """Long enough after everybody met."""
    return now + timedelta(hours=1)


@pytest.fixture
def said(met: Relationship, later: datetime) -> list[LedgerEntry]:
    """Ana's three entries about acme: a no, the brand's yes with evidence, and a limit."""
    scope = Scope(met.brand_id, "marketing")
    no = NewChoice(scope._replace(channel="email"), ChoiceTerms("deny", reason="privacy"))
    yes = NewChoice(
        scope._replace(channel="sms"), ChoiceTerms("grant", evidence="a form", notice="n@1")
    )
    limit = NewChoice(scope, ChoiceTerms("limit", limit=Limit(3, "week")))
    brand = Actor("brand_api", met.brand_id)
    first = recording.record_choices(met.subject_id, [no], by=ANA, now=later)
    second = recording.record_choices(met.subject_id, [yes], by=brand, now=later)
    return [*first, *second, *recording.record_choices(met.subject_id, [limit], by=ANA, now=later)]


def tamper(*statements: str, values: dict[str, Any] | None = None) -> None:
    """Do what only a superuser can: triggers and foreign keys are off meanwhile."""
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET LOCAL session_replication_role = replica")
        for statement in statements:
            cursor.execute(statement, values or {})
        cursor.execute("SET LOCAL session_replication_role = origin")


def find_breaks() -> list[str]:
    return [str(each) for each in integrity.verify_ledger()]


def forge(entry: LedgerEntry, **changes: Any) -> None:
    """Rewrite the last entry with a hash that fits, and the head with it."""
    for name, value in changes.items():
        setattr(entry, name, value)
    values = {
        "id": entry.pk,
        "hash": hash_chain.compute_entry_hash(bytes(entry.previous_hash), entry),
        **changes,
    }
    columns = ", ".join(f"{name} = %({name})s" for name in ["hash", *changes])
    tamper(
        f"UPDATE consent_ledgerentry SET {columns} WHERE id = %(id)s",
        "UPDATE consent_subject SET chain_head = %(hash)s WHERE last_seq > 0",
        values=values,
    )


def cut_off(last: LedgerEntry) -> None:
    """Delete the last entry and set the head back to the one before."""
    tamper(
        "DELETE FROM consent_preference WHERE entry_id = %(id)s",
        "DELETE FROM consent_ledgerentry WHERE id = %(id)s",
        "UPDATE consent_subject SET last_seq = last_seq - 1, chain_head = %(head)s"
        " WHERE last_seq > 0",
        values={"id": last.pk, "head": bytes(last.previous_hash)},
    )


def test_verify_untouched_record_finds_nothing(said: list[LedgerEntry]) -> None:
    assert find_breaks() == []


# -- Tampering with the ledger --------------------------------------------------------------------


def test_verify_changed_entry_is_found(said: list[LedgerEntry]) -> None:
    tamper("UPDATE consent_ledgerentry SET reason = 'other' WHERE subject_seq = 1")
    breaks = find_breaks()
    assert f"ledger of subject {said[0].subject_id}: entry 1 was altered" in breaks


@pytest.mark.parametrize(
    ("change", "differs"),
    [
        ({"decision": "deny", "limit_max": None, "limit_per": None}, "decision, limit"),
        ({"limit_max": 300}, "limit"),
        ({"channel": "post"}, "channel"),
        ({"purpose_id": "research"}, "purpose"),
        ({"reason": "other"}, "reason"),
        ({"source": "portal"}, "source"),
        ({"campaign": "spring"}, "campaign"),
        ({"before": "grant"}, "before"),
        ({"made_at": datetime(2025, 1, 1, tzinfo=UTC)}, "made_at"),
    ],
)
def test_verify_rewritten_last_entry_is_found_by_event(
    change: dict[str, Any], differs: str, said: list[LedgerEntry]
) -> None:
    last = said[-1]
    forge(last, **change)
    projection.rebuild_preferences(Subject.objects.get(pk=last.subject_id))
    about = f"entry 3 of subject {last.subject_id}"
    assert find_breaks() == [f"stream of brand acme: event 4 and {about} differ in {differs}"]


def test_verify_removed_last_entry_is_found_by_event(said: list[LedgerEntry]) -> None:
    last = said[-1]
    cut_off(last)
    (found,) = find_breaks()
    assert found.startswith("stream of brand acme: event 4 about")
    assert f"{last.pk}, which is gone" in found


def test_verify_deleted_chain_is_found_by_events(said: list[LedgerEntry]) -> None:
    tamper(
        "DELETE FROM consent_preference",
        "DELETE FROM consent_entrytext",
        "DELETE FROM consent_ledgerentry",
        "UPDATE consent_subject SET last_seq = 0, chain_head = ''",
    )
    assert [each.endswith("which is gone") for each in find_breaks()] == [True] * 3


def test_verify_forged_entry_has_no_event(said: list[LedgerEntry], later: datetime) -> None:
    forged = LedgerEntry.objects.get(pk=said[0].pk)
    forged.pk, forged.subject_seq = uuid.uuid4(), 4
    forged.purpose_id, forged.previous_hash = "research", said[-1].hash
    forged.hash = hash_chain.compute_entry_hash(bytes(said[-1].hash), forged)
    forged.save(force_insert=True)
    subjects = Subject.objects.filter(pk=forged.subject_id)
    subjects.update(last_seq=4, chain_head=forged.hash)
    projection.project_entry(forged)
    problem = f"brand {forged.brand_id} has no event of entry 4"
    assert find_breaks() == [f"ledger of subject {forged.subject_id}: {problem}"]


@pytest.mark.parametrize(
    "change",
    ["evidence = 'another'", "notice = 'n@2'", "salt = 'another'", "evidence = ''"],
)
def test_verify_changed_evidence_is_found(change: str, said: list[LedgerEntry]) -> None:
    tamper(f"UPDATE consent_entrytext SET {change}")
    (found,) = find_breaks()
    assert found.endswith("the text of entry 2 was altered")


def test_verify_erased_texts_finds_nothing(said: list[LedgerEntry]) -> None:
    text_erasure.erase_texts(said[0].subject_id, PersonalWords([]))
    assert find_breaks() == []


def test_verify_deleted_text_is_not_found(said: list[LedgerEntry]) -> None:
    """It looks like an erased one; docs/operations.md says so."""
    tamper("DELETE FROM consent_entrytext")
    assert find_breaks() == []


# -- Tampering with what stands -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ("DELETE FROM consent_preference WHERE decision = 'deny'", "of entry 1 is missing"),
        (
            "UPDATE consent_preference SET limit_max = 30 WHERE decision = 'limit'",
            "of entry 3 was altered",
        ),
        (
            "UPDATE consent_preference SET made_at = '2020-01-01' WHERE decision = 'deny'",
            "of entry 1 was altered",
        ),
    ],
)
def test_verify_changed_preference_is_found(
    change: str, problem: str, said: list[LedgerEntry]
) -> None:
    tamper(change)
    assert find_breaks() == [f"ledger of subject {said[0].subject_id}: the preference {problem}"]


def test_verify_inserted_preference_is_found(said: list[LedgerEntry]) -> None:
    inserted = Preference.objects.get(decision="deny")
    inserted.pk, inserted.decision, inserted._state.adding = None, "grant", True
    inserted.save()
    (found,) = find_breaks()
    assert found.endswith("a preference (grant) stands that no entry made")


# -- Tampering with streams -----------------------------------------------------------------------


def test_verify_deleted_event_is_found(said: list[LedgerEntry]) -> None:
    tamper("DELETE FROM brands_event WHERE sequence = 2")
    breaks = find_breaks()
    assert "stream of brand acme: event 2 is missing" in breaks
    miscounted = f"subject {said[0].subject_id} has 3 events, their counter says 4"
    assert f"stream of brand acme: {miscounted}" in breaks


def test_verify_deleted_last_event_is_found_by_entry(said: list[LedgerEntry]) -> None:
    tamper(
        "DELETE FROM brands_event WHERE sequence = 4",
        "UPDATE brands_streamhead SET last_sequence = 3",
        "UPDATE brands_subjecthead SET last_seq = 3",
    )
    problem = f"brand {said[0].brand_id} has no event of entry 3"
    assert find_breaks() == [f"ledger of subject {said[0].subject_id}: {problem}"]


def test_verify_deleted_event_is_found_by_acknowledgement(
    met: Relationship, later: datetime
) -> None:
    stream.acknowledge(met.brand_id, through=1, now=later)
    tamper(
        "DELETE FROM brands_event",
        "UPDATE brands_streamhead SET last_sequence = 0",
        "DELETE FROM brands_subjecthead",
    )
    assert find_breaks() == ["stream of brand acme: the brand applied event 1, which is not there"]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ("UPDATE brands_streamhead SET last_sequence = 6", "events 5 to 6 are missing"),
        ("UPDATE brands_streamhead SET last_sequence = 2", "event 3 is beyond the head"),
        ("DELETE FROM brands_streamhead", "event 1 is beyond the head"),
        (
            f"UPDATE brands_streamhead SET last_sequence = {2**63 - 1}",
            f"events 5 to {2**63 - 1} are missing",
        ),
    ],
)
def test_verify_wrong_stream_head_is_found(
    change: str, problem: str, said: list[LedgerEntry]
) -> None:
    tamper(change)
    assert find_breaks() == [f"stream of brand acme: {problem}"]


@pytest.mark.parametrize("column", ["decision", "purpose", "channel", "reason", "campaign"])
def test_verify_changed_event_column_is_found(column: str, said: list[LedgerEntry]) -> None:
    tamper(f"UPDATE brands_event SET {column} = 'x' WHERE sequence = 2")
    (found,) = find_breaks()
    assert found.endswith(f"differ in {column}")


@pytest.mark.parametrize("field", ["decision", "limit", "reason", "maker", "entry"])
def test_verify_changed_event_body_is_found(field: str, said: list[LedgerEntry]) -> None:
    set_in_body(f"data,{field}", "x")
    (found,) = find_breaks()
    assert found.endswith(f"differ in {field}")


def set_in_body(path: str, value: str, *, quoted: bool = True) -> None:
    given = f'"{value}"' if quoted else value
    change = f"jsonb_set(convert_from(body, 'UTF8')::jsonb, '{{{path}}}', '{given}')"
    tamper(
        f"UPDATE brands_event SET body = convert_to(({change})::text, 'UTF8') WHERE sequence = 2"
    )


@pytest.mark.parametrize(
    ("path", "differs"),
    [
        ("data,scope,brand", "brand"),
        ("data,scope,purpose", "purpose"),
        ("data,scope,channel", "channel"),
        ("data,scope,topic", "topic"),
        ("data,scope,contact_point", "contact_point"),
        ("data,subject,ref", "ref"),
    ],
)
def test_verify_changed_nested_field_of_event_is_found(
    path: str, differs: str, said: list[LedgerEntry]
) -> None:
    set_in_body(path, "research")
    (found,) = find_breaks()
    assert found.endswith(f"differ in {differs}")


def test_verify_event_of_other_relationship_is_found(said: list[LedgerEntry]) -> None:
    set_in_body("data,subject,id", str(uuid.uuid4()))
    (found,) = find_breaks()
    assert found.endswith("differ in entry, subject")


@pytest.mark.parametrize("number", ["7", "research", "1"])
def test_verify_changed_number_in_body_is_found(number: str, said: list[LedgerEntry]) -> None:
    given = number if number.isdigit() else f'"{number}"'
    set_in_body("data,subject_seq", given, quoted=False)
    assert "stream of brand acme: event 2 is not numbered as event 2 of its subject" in (
        find_breaks()
    )


@pytest.mark.parametrize(
    ("change", "differs"),
    [
        ("honour_by = '2030-01-01'", "honour_by"),
        ("honour_by = NULL", "honour_by"),
        ("quiet = true", "quiet"),
        ("quiet = true, decision = ''", "quiet"),
    ],
)
def test_verify_changed_column_beside_body_is_found(
    change: str, differs: str, said: list[LedgerEntry]
) -> None:
    tamper(f"UPDATE brands_event SET {change} WHERE sequence = 2")
    (found,) = find_breaks()
    assert found.endswith(f"differ in {differs}")


def test_verify_changed_start_event_is_found(said: list[LedgerEntry]) -> None:
    tamper("UPDATE brands_event SET honour_by = '2030-01-01' WHERE sequence = 1")
    assert find_breaks() == ["stream of brand acme: event 1 was altered in honour_by"]


def test_verify_event_of_other_address_is_found(
    second: Relationship, said: list[LedgerEntry]
) -> None:
    other = find_or_create_identifier(compute_identifier_digest("other@example.org"))
    forge(said[-1], contact_point_id=other.pk)
    projection.rebuild_preferences(Subject.objects.get(pk=said[0].subject_id))
    (found,) = [each for each in find_breaks() if each.startswith("stream")]
    assert found.endswith("differ in contact point")


@pytest.mark.parametrize(
    "change",
    ["DELETE FROM consent_ending", "UPDATE consent_ending SET ends_at = ends_at + interval '1 h'"],
)
def test_verify_missing_expiration_is_found(
    change: str, met: Relationship, later: datetime
) -> None:
    record_choice(
        met,
        "pause",
        Scope(met.brand_id, "research"),
        by=ANA,
        now=later,
        until=later + timedelta(days=3),
    )
    assert find_breaks() == []
    tamper(change)
    (found,) = find_breaks()
    assert found.endswith("the end of entry 1 is missing or was altered")


@pytest.mark.parametrize("field", ["until", "expires_at", "made_at"])
def test_verify_changed_time_in_body_is_found(field: str, said: list[LedgerEntry]) -> None:
    set_in_body(f"data,{field}", "2020-01-01T00:00:00Z")
    (found,) = find_breaks()
    assert found.endswith(f"differ in {field}")


@pytest.mark.parametrize("path", ["timestamp", "data,until", "data,subject"])
def test_verify_unreadable_body_is_found(path: str, said: list[LedgerEntry]) -> None:
    set_in_body(path, "x")
    assert find_breaks() == ["stream of brand acme: event 2 has a body that cannot be read"]


def test_verify_time_with_other_offset_finds_nothing(met: Relationship, later: datetime) -> None:
    until = (later + timedelta(days=3)).astimezone(ZoneInfo("Asia/Tokyo"))
    record_choice(met, "pause", Scope(met.brand_id, "marketing"), by=ANA, now=later, until=until)
    assert find_breaks() == []


def test_verify_swapped_bodies_are_found(said: list[LedgerEntry]) -> None:
    tamper(
        "UPDATE brands_event e SET body = other.body FROM brands_event other"
        " WHERE e.sequence IN (2, 3) AND other.sequence = 5 - e.sequence"
    )
    swapped = [each for each in find_breaks() if each.endswith("has the body of another event")]
    assert len(swapped) == 2


# -- What is no break -----------------------------------------------------------------------------


def test_verify_wide_choice_is_compared_after_propagation(
    met: Relationship, later: datetime
) -> None:
    record_choice(met, "deny", Scope(None, "marketing"), by=ANA, now=later)
    assert find_breaks() == []  # not told yet
    propagate.propagate_choices(met.subject_id, now=later)
    assert find_breaks() == []
    tamper(
        "DELETE FROM brands_event WHERE sequence = 2",
        "UPDATE brands_streamhead SET last_sequence = 1",
        "UPDATE brands_subjecthead SET last_seq = 1",
    )
    problem = f"brand {met.brand_id} has no event of entry 1"
    assert find_breaks() == [f"ledger of subject {met.subject_id}: {problem}"]


def test_verify_removed_propagation_is_found(met: Relationship, later: datetime) -> None:
    record_choice(met, "deny", Scope(None, "marketing"), by=ANA, now=later)
    tamper("DELETE FROM consent_propagation")
    (found,) = find_breaks()
    assert found.endswith("entry 1 is not on its way to the brands")


def test_verify_choice_outside_relationship_needs_no_event(
    met: Relationship, later: datetime
) -> None:
    no = NewChoice(Scope(met.brand_id, "marketing"), ChoiceTerms("deny"))
    known.end_relationship(met, by=ANA, now=later)
    hours = (later + timedelta(hours=n) for n in (1, 2, 3))
    recording.record_choices(met.subject_id, [no], by=ANA, now=next(hours))
    known.start_relationship(met.subject_id, met.brand, by=ANA, now=next(hours))
    assert find_breaks() == []


@pytest.fixture
def second(acme: Brand, now: datetime) -> Relationship:
    """Ana's other address, which acme knows as well, with a no about it."""
    subject = find_subject("other@example.org")
    other, _ = known.start_relationship(subject, acme, by=Actor("brand_api", acme.pk), now=now)
    record_choice(
        subject, "deny", Scope(acme.pk, "research"), by=ANA, now=now + timedelta(minutes=30)
    )
    return other


def test_verify_merged_people_finds_nothing(
    second: Relationship, said: list[LedgerEntry], later: datetime
) -> None:
    merging.merge_subjects(second.subject_id, into=said[0].subject_id, now=later)
    assert find_breaks() == []
    no = NewChoice(Scope(second.brand_id, "service"), ChoiceTerms("limit", limit=Limit(1, "day")))
    much_later = later + timedelta(hours=1)
    (entry,) = recording.record_choices(said[0].subject_id, [no], by=ANA, now=much_later)
    assert find_breaks() == []
    told = Event.objects.filter(subject=second.subject_id).order_by("-sequence")[0]
    assert told.cause != entry.pk  # and yet found
    tamper(f"UPDATE brands_event SET cause = gen_random_uuid() WHERE sequence = {told.sequence}")
    ledger_says, stream_says = find_breaks()
    assert ledger_says.endswith(
        f"brand {second.brand_id} has no event of entry {entry.subject_seq}"
    )
    assert stream_says.endswith("which is gone")


def test_verify_preference_of_merged_subject_is_found(
    second: Relationship, said: list[LedgerEntry], later: datetime
) -> None:
    merging.merge_subjects(second.subject_id, into=said[0].subject_id, now=later)
    stray = Preference.objects.get(decision="deny", channel="email")
    stray.pk, stray.subject_id = None, second.subject_id
    stray._state.adding = True
    stray.save()
    (found,) = find_breaks()
    assert found.endswith("a preference (deny) stands that no entry made")


# -- The command ----------------------------------------------------------------------------------


def run(*arguments: str) -> tuple[int, list[str], str]:
    """Return the exit code, the lines about breaks, and what was said beside them."""
    out, err = StringIO(), StringIO()
    code = 0
    try:
        call_command("verify_ledger", *arguments, stdout=out, stderr=err)
    except SystemExit as ended:
        code = int(ended.code or 0)
    return code, out.getvalue().splitlines(), err.getvalue()


def test_command_untouched_record_exits_zero(said: list[LedgerEntry]) -> None:
    code, lines, beside = run()
    assert (code, lines) == (0, [])
    assert "stream of brand acme verified" in beside and "The record is whole." in beside


def test_command_prints_line_per_break(said: list[LedgerEntry]) -> None:
    tamper("DELETE FROM consent_preference WHERE decision = 'deny'")
    code, lines, beside = run()
    problem = "the preference of entry 1 is missing"
    assert (code, lines) == (1, [f"ledger of subject {said[0].subject_id}: {problem}"])
    assert "Breaks found: 1." in beside


@pytest.mark.parametrize("arguments", [("--person", "{ana}"), ("--since", "2026-01-15")])
@pytest.mark.parametrize("change", [cut_off, lambda last: forge(last, limit_max=9)])
def test_command_with_person_or_day_finds_break(
    change: Callable[[LedgerEntry], None], arguments: tuple[str, ...], said: list[LedgerEntry]
) -> None:
    asked = [each.format(ana=said[0].subject_id) for each in arguments]
    assert run(*asked)[0] == 0
    change(said[-1])
    assert run(*asked)[0] == 1


@pytest.mark.parametrize("arguments", [("--person", "{other}"), ("--since", "2026-01-16")])
def test_command_with_other_person_or_day_finds_nothing(
    arguments: tuple[str, ...], said: list[LedgerEntry], second: Relationship
) -> None:
    tamper("DELETE FROM consent_preference WHERE channel = 'email'")
    assert run(*[each.format(other=second.subject_id) for each in arguments])[0] == 0


def test_command_unknown_person_is_refused() -> None:
    with pytest.raises(CommandError, match="There is no subject") as refused:
        call_command("verify_ledger", "--person", str(uuid.uuid4()))
    assert refused.value.returncode == 2


# -- Random lives ---------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(2 * TIMES))
def test_verify_random_histories_finds_nothing(seed: int, acme: Brand, rival: Brand) -> None:
    for brand in (acme, rival):
        Topic.objects.create(brand=brand, purpose_id="marketing", code=f"t-{brand.slug}", name="T")
    life = Life(seed, [acme, rival]).live(40)
    for person in Subject.objects.filter(merged_into=None):
        propagate.propagate_choices(person.pk, now=life.now)
    expirations.tell_due_endings(life.now)
    assert find_breaks() == []
