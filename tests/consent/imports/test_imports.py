"""/imports: a row does what a call does; bad rows are listed."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from brands.credentials import brand_keys
from brands.events import stream
from brands.models import Brand, BrandKey, Event, Topic
from cmr.accounts import ownership
from cmr.models import Consumer
from consent.brand_events.recipients import find_contact_point
from consent.decision.resolution import Scope
from consent.identity import identifiers
from consent.imports import applying, jobs, problems, receiving, shards
from consent.ledger import hash_chain
from consent.ledger.recording import Actor
from consent.models import (
    BrandCount,
    DailyCount,
    Ending,
    Identifier,
    Import,
    ImportRow,
    LedgerEntry,
    Preference,
    Refusal,
    Relationship,
    Subject,
)
from consent.preferences import projection
from consent.propagation import propagate
from consent.relationships import lifecycle
from consent.reporting import counters
from consent.rules import implied_consent
from tests.conftest import EMAIL, Api
from tests.factories import create_subscription, find_subject, is_allowed, record_choice

HEADINGS = "email,ref,purpose,channel,decision,made_at,evidence"
YES = "marketing,email,grant,2024-03-01T10:00:00Z,form 7"


def begin(api: Api, **more: Any) -> str:
    made = api.post("imports", {"note": "Our newsletter list of 2024", **more})
    assert made.status_code == 201, made.content
    return str(made.json()["id"])


def put(api: Api, job: str, text: str | bytes, *, number: int = 1, form: str = "text/csv") -> Any:
    body = text.encode() if isinstance(text, str) else text
    return api.send("PUT", f"imports/{job}/parts/{number}", body, form)


def apply(api: Api, text: str, *, form: str = "text/csv", **more: Any) -> dict[str, Any]:
    """The whole way; what the API says at the end."""
    job = begin(api, **more)
    sent = put(api, job, text, form=form)
    assert sent.status_code == 200, sent.content
    assert api.post(f"imports/{job}/start").status_code == 200
    for each in applying.list_running_imports():
        jobs.run_import(each, now=timezone.now())
    done: dict[str, Any] = api.get(f"imports/{job}").json()
    assert done["state"] == "done"
    assert not ImportRow.objects.exists()
    return done


def exceptions(api: Api, job: str) -> list[tuple[int, str, str]]:
    rows = api.get(f"imports/{job}/exceptions").json()["data"]
    return [(row["row"], row["field"], row["code"]) for row in rows]


def assert_chains_hold() -> None:
    for subject in Subject.objects.all():
        assert list(hash_chain.list_breaks(subject)) == []


def test_import_csv_registers_people_and_choices(as_acme: Api, acme: Brand) -> None:
    text = f"{HEADINGS}\r\nann@example.org,A-1,{YES}\r\nben@example.org,A-2,,,,,\r\n"
    done = apply(as_acme, text)
    assert {k: done[k] for k in ("rows", "applied", "bad", "people", "choices")} == {
        "rows": 2, "applied": 2, "bad": 0, "people": 2, "choices": 1,
    }  # fmt: skip
    assert is_allowed(acme, email="ann@example.org") and not is_allowed(
        acme, email="ben@example.org"
    )
    entry = LedgerEntry.objects.get()
    assert (entry.maker, entry.source, entry.evidence) == ("brand", "brand_api", "form 7")
    assert entry.made_at == datetime(2024, 3, 1, 10, tzinfo=UTC)
    known = Relationship.objects.get(ref="A-1")
    assert (known.origin, known.origin_note) == ("brand", "Our newsletter list of 2024")
    assert_chains_hold()


def test_import_ndjson_registers_people_and_choices(as_acme: Api, acme: Brand) -> None:
    said = {"email": "ann@example.org", "purpose": "marketing", "channel": "email",
            "decision": "grant", "evidence": "form 7", "note": "Shop"}  # fmt: skip
    done = apply(as_acme, json.dumps(said) + "\n\n", form="application/x-ndjson")
    assert done["choices"] == 1 and is_allowed(acme, email="ann@example.org")
    assert Relationship.objects.get().origin_note == "Shop"


def _one_by_one(brand: Brand, rows: list[dict[str, str]], now: datetime) -> None:
    """What the calls of the API would do."""
    by = Actor("brand_api", brand.pk)
    for row in rows:
        person = find_subject(f"other-{row['email']}")
        lifecycle.start_relationship(
            person, brand, by=by, now=now, ref=row["ref"] or None, note="x"
        )
        scope = Scope(brand.pk, row["purpose"] or None, row["channel"] or None)
        record_choice(
            person,
            row["decision"],
            scope,
            by=by,
            now=now,
            evidence=row["evidence"],
            made_at=datetime.fromisoformat(row["made_at"]),
        )


def _list_effects(brand: Brand) -> list[Any]:
    """Everything that came of it, but for the ids."""
    fields = "purpose_id channel topic decision maker basis made_at subject_seq".split()
    entries = LedgerEntry.objects.filter(brand=brand)
    emails = {
        find_subject(f"{other}p{n}@example.org"): n for n in range(12) for other in ("", "other-")
    }
    return [
        sorted(
            (emails[e.subject_id], e.before, *(str(getattr(e, f)) for f in fields))
            for e in entries
        ),
        sorted(
            (emails[p.subject_id], *(str(getattr(p, f)) for f in fields))
            for p in Preference.objects.filter(brand=brand)
        ),
        sorted(
            (emails[r.subject_id], r.ref or "", r.origin)
            for r in Relationship.objects.filter(brand=brand)
        ),
        sorted(
            (e.type, e.decision, e.purpose, e.channel, e.before, len(json.loads(bytes(e.body))))
            for e in Event.objects.filter(brand=brand)
        ),
    ]  # fmt: skip


@pytest.mark.parametrize("size", [1, 3, 1_000])
def test_import_any_batch_size_equals_single_calls(
    size: int, as_acme: Api, acme: Brand, rival: Brand
) -> None:
    rows = [
        {
            "email": f"p{n % 12}@example.org",
            "ref": f"R{n % 12}" if n % 3 else "",
            "purpose": ["marketing", "research", ""][n % 3] if n % 2 else "marketing",
            "channel": ["email", "sms", ""][n % 5 % 3],
            "decision": "deny" if n % 4 == 0 or (n % 2 and n % 3 == 2) else "grant",
            "made_at": f"2024-0{1 + n % 9}-01T10:00:0{n % 7}Z",
            "evidence": f"form {n}",
        }
        for n in range(60)
    ]
    now = timezone.now()
    _one_by_one(rival, rows, now)
    written = io.StringIO()
    writer = csv.DictWriter(written, rows[0])
    writer.writeheader()
    writer.writerows(rows)
    job = begin(as_acme, webhooks=True)
    assert put(as_acme, job, written.getvalue()).json() == {
        "number": 1, "rows": 60, "bad": 0, "encoding": "utf-8", "separator": "comma",
    }  # fmt: skip
    as_acme.post(f"imports/{job}/start")
    (pk,) = applying.list_running_imports()
    shards.prepare_shards(pk)
    while applying.apply_batch(pk, now=now, size=size):
        pass
    assert _list_effects(acme) == _list_effects(rival)
    assert_chains_hold()


@pytest.mark.parametrize(
    ("row", "field", "code"),
    [
        (",,,,,,x", "email", "no_contact"),
        ('a@example.org,,marketing,email,deny,,"asked', "", "stray_quote"),
        (f"a@example.org,,marketing,email,deny,,{'x' * 140_000}", "", "line_too_long"),
        ("a@example.org,,marketing,email,true,,x", "decision", "unknown_decision"),
        (f"a@example.org,,marketing,email,{'x' * 100},,x", "decision", "unknown_decision"),
        ("ann,,,,,,", "email", "invalid_contact"),
        ("a@example.org,,weather,email,grant,,x", "purpose", "unknown_purpose"),
        ("a@example.org,,marketing,smoke,grant,,x", "channel", "unknown_channel"),
        ("a@example.org,,marketing,email,maybe,,x", "decision", "unknown_decision"),
        ("a@example.org,,marketing,email,,,", "purpose", "no_decision"),
        ("a@example.org,,marketing,email,grant,,", "evidence", "no_evidence"),
        ("a@example.org,,,email,grant,,x", "purpose", "required"),
        ("a@example.org,,service,email,deny,,", "purpose", "cannot_be_refused"),
        ("a@example.org,,profiling,email,deny,,", "channel", "channel_not_used"),
        ("a@example.org,,marketing,email,grant,2199-01-01T00:00:00Z,x", "made_at",
         "from_the_future"),
        ("a@example.org,,marketing,email,grant,2024-01-01,x", "made_at", "no_zone"),
        ("a@example.org,,marketing,email,grant,yesterday,x", "made_at", "invalid"),
        ("a@example.org,,,", "", "columns"),
        (f"a@example.org,{'r' * 201},,,,,", "ref", "invalid"),
        (",nobody,,,,,", "ref", "no_relationship"),
    ],
)  # fmt: skip
def test_import_bad_row_is_listed_and_others_are_applied(
    row: str, field: str, code: str, as_acme: Api, acme: Brand
) -> None:
    done = apply(as_acme, f"{HEADINGS}\nann@example.org,,{YES}\n{row}\nben@example.org,,{YES}\n")
    assert exceptions(as_acme, done["id"]) == [(2, field, code)]
    assert (done["choices"], done["bad"]) == (2, 1)
    text = as_acme.get(f"imports/{done['id']}/exceptions", form="csv")
    lines = list(csv.reader(io.StringIO(text.getvalue().decode())))
    assert lines[0] == ["part", "row", "row_of_all", "field", "code", "detail"]
    assert lines[1][:5] == ["1", "2", "2", field, code]


def test_exceptions_csv_is_streamed_in_pieces(
    as_acme: Api, acme: Brand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(problems, "PIECE", 2)
    done = apply(as_acme, HEADINGS + "\n,nobody,,,,," * 5)
    text: Any = as_acme.get(f"imports/{done['id']}/exceptions", form="csv")
    lines = list(csv.reader(io.StringIO(text.getvalue().decode())))
    assert [each[1] for each in lines] == ["row", "1", "2", "3", "4", "5"]


def test_exceptions_csv_ends_when_key_is_revoked(as_acme: Api, acme: Brand) -> None:
    done = apply(as_acme, f"{HEADINGS}\n,nobody,,,,,\n")
    answer: Any = as_acme.get(f"imports/{done['id']}/exceptions", form="csv")
    pieces = iter(answer.streaming_content)
    assert next(pieces).startswith(b"part,row")
    BrandKey.objects.filter(brand=acme).update(revoked_at=timezone.now())
    assert list(pieces) == [b"error,invalid_key\r\n"]
    answer.close()


@pytest.mark.parametrize(
    ("word", "decision"),
    [("GRANT", "grant"), ("Subscribed", "grant"), ("yes", "grant"), ("opt-in", "grant"),
     ("Deny", "deny"), ("unsubscribed", "deny"), ("NO", "deny"), ("opt-out", "deny")],
)  # fmt: skip
def test_import_decision_words_of_tools_are_understood(
    word: str, decision: str, as_acme: Api
) -> None:
    row = f"ann@example.org,,marketing,email,{word},2024-03-01t10:00:00z,form 7"
    assert apply(as_acme, f"{HEADINGS}\n{row}\n")["choices"] == 1
    assert LedgerEntry.objects.get().decision == decision


def test_import_unknown_decision_lists_known_ones(as_acme: Api) -> None:
    done = apply(as_acme, f"{HEADINGS}\nann@example.org,,marketing,email,cleaned,,x\n")
    (bad,) = as_acme.get(f"imports/{done['id']}/exceptions").json()["data"]
    assert bad["detail"] == (
        "A decision is one of grant, yes, subscribed, opt-in, deny, no, unsubscribed, opt-out."
    )


def test_import_stray_quote_loses_no_denial_and_leaks_no_address(as_acme: Api, acme: Brand) -> None:
    """The row with the quote is listed; nobody else's row is in anybody's evidence."""
    people = ["ann", "ben", "cleo"]
    apply(as_acme, "\n".join([HEADINGS, *(f"{each}@example.org,,{YES}" for each in people)]))
    noes = [f"{each}@example.org,,marketing,email,deny,,phoned" for each in people[1:]]
    stray = 'ann@example.org,,marketing,email,grant,,"12 inch card'
    done = apply(as_acme, "\n".join([HEADINGS, stray, *noes]))
    assert (done["rows"], done["bad"], done["choices"]) == (3, 1, 2)
    assert exceptions(as_acme, done["id"]) == [(1, "", "stray_quote")]
    assert [is_allowed(acme, email=f"{each}@example.org") for each in people] == [
        True,
        False,
        False,
    ]
    assert {each.evidence for each in LedgerEntry.objects.all()} == {"form 7", "phoned"}


def test_import_blank_rows_are_ignored(as_acme: Api) -> None:
    done = apply(as_acme, f"{HEADINGS}\n\nann@example.org,,{YES}\n,,,,,,\n  \n")
    assert (done["rows"], done["applied"], done["bad"]) == (1, 1, 0)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize(("separator", "mark"), [("comma", ","), ("semicolon", ";"), ("tab", "\t")])
def test_import_encoding_and_separator_are_detected(
    encoding: str, separator: str, mark: str, as_acme: Api
) -> None:
    text = f"{HEADINGS}\nann@example.org,,{YES} in Köln\n".replace(",", mark)
    job = begin(as_acme)
    part = put(as_acme, job, text.encode(encoding)).json()
    name = {"cp1252": "windows-1252", "utf-8-sig": "utf-8"}.get(encoding, encoding)
    assert part == {"number": 1, "rows": 1, "bad": 0, "encoding": name, "separator": separator}
    shown = as_acme.get(f"imports/{job}").json()
    assert (shown["encodings"], shown["separators"]) == ([name], [separator])
    as_acme.post(f"imports/{job}/start")
    jobs.run_import(uuid.UUID(job), now=timezone.now())
    assert LedgerEntry.objects.get().evidence == "form 7 in Köln"


def test_import_encoding_and_separator_can_be_given(as_acme: Api) -> None:
    job = begin(as_acme)
    unclear = b"email;ref,evidence\nann@example.org;A-1\n" + b"\x85"
    assert put(as_acme, job, unclear).json()["code"] == "unreadable_part"
    path = f"imports/{job}/parts/1?encoding=windows-1252&separator=semicolon"
    assert "'ref,evidence'" in as_acme.send("PUT", path, unclear, "text/csv").json()["detail"]
    for query in ("encoding=latin", "separator=%2C", "codec=utf-8"):
        answer = as_acme.send("PUT", f"imports/{job}/parts/1?{query}", b"email\n", "text/csv")
        assert answer.status_code == 422


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (b"email\nann\x81@example.org\n", "unreadable_part"),
        (b"e-mail\nann@example.org\n", "unreadable_part"),
        (b"\n", "unreadable_part"),
        (b"email,email\na@example.org,\n", "unreadable_part"),
    ],
)
def test_import_unreadable_part_is_refused(text: bytes, code: str, as_acme: Api) -> None:
    job = begin(as_acme)
    assert (put(as_acme, job, text).status_code, put(as_acme, job, text).json()["code"]) == (
        422,
        code,
    )
    assert put(as_acme, job, "email\nann@example.org\n").status_code == 200


def test_import_too_many_bad_rows_is_refused(as_acme: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receiving, "MOST_BAD", 2)
    job = begin(as_acme)
    assert put(as_acme, job, "email\n1\n2\n3\n").json()["code"] == "too_many_bad_rows"
    assert as_acme.get(f"imports/{job}").json()["bad"] == 0


def test_import_parts_in_any_order_and_twice_are_applied_once(as_acme: Api, acme: Brand) -> None:
    job = begin(as_acme)
    yes, no = f"{HEADINGS}\nann@example.org,,{YES}\n", "email,decision\nann@example.org,deny\n"
    assert put(as_acme, job, no, number=2).status_code == 200
    assert [put(as_acme, job, yes).status_code for _ in range(2)] == [200, 200]
    assert put(as_acme, job, no).json()["code"] == "other_part"
    as_acme.post(f"imports/{job}/start")
    assert put(as_acme, job, yes, number=3).json()["code"] == "import_not_open"
    assert put(as_acme, job, yes).status_code == 200  # it has it already
    jobs.run_import(Import.objects.get().pk, now=timezone.now())
    assert not is_allowed(acme, email="ann@example.org")  # the second part is later
    assert as_acme.post(f"imports/{job}/start").status_code == 200


@pytest.mark.parametrize("for_this_address", [False, True])
def test_import_grant_after_person_denial_is_bad_row(
    as_acme: Api, met: Relationship, for_this_address: bool
) -> None:
    point = find_contact_point(met.subject_id) if for_this_address else None
    record_choice(met, "deny", Scope(None, "marketing", contact_point=point))
    done = apply(as_acme, f"{HEADINGS}\n{EMAIL},,{YES}\nben@example.org,,{YES}\n")
    assert exceptions(as_acme, done["id"]) == [(1, "decision", "person_said_no")]
    assert (done["lifts_refused"], done["choices"]) == (1, 1)
    assert Refusal.objects.get(kind="lift").count == 1
    assert not is_allowed(met.brand)


def test_import_after_person_ended_is_bad_row(as_acme: Api, met: Relationship) -> None:
    lifecycle.end_relationship(met, by=Actor("portal"), now=timezone.now())
    done = apply(as_acme, f"{HEADINGS}\n{EMAIL},,{YES}\n")
    assert exceptions(as_acme, done["id"]) == [(1, "email", "person_ended_relationship")]


def test_import_after_person_ended_names_contact_column(as_acme: Api, acme: Brand) -> None:
    sha256 = hashlib.sha256(b"ben@example.org").hexdigest()
    for column, value in (("phone", "+4915112345678"), ("sha256", sha256)):
        text = f"{column}\n{value}\n"
        apply(as_acme, text)
        begun = Relationship.objects.get(ended_at=None)
        lifecycle.end_relationship(begun, by=Actor("portal"), now=timezone.now())
        done = apply(as_acme, text)
        assert exceptions(as_acme, done["id"]) == [(1, column, "person_ended_relationship")]
    assert not LedgerEntry.objects.exists()


def test_import_after_brand_ended_restarts_relationship(as_acme: Api, met: Relationship) -> None:
    lifecycle.end_relationship(met, by=Actor("brand_api", met.brand_id), now=timezone.now())
    assert apply(as_acme, f"{HEADINGS}\n{EMAIL},,{YES}\n")["people"] == 1
    assert is_allowed(met.brand)


def test_import_references_find_and_stay_unique(as_acme: Api, acme: Brand) -> None:
    apply(as_acme, "email,ref\nann@example.org,A-1\n")
    text = f"{HEADINGS}\n,A-1,{YES}\nben@example.org,A-1,{YES}\nben@example.org,B-1,{YES}\n"
    done = apply(as_acme, text)
    assert exceptions(as_acme, done["id"]) == [(2, "ref", "ref_taken")]
    assert is_allowed(acme, email="ann@example.org") and is_allowed(acme, email="ben@example.org")
    assert set(Relationship.objects.values_list("ref", flat=True)) == {"A-1", "B-1"}


def test_import_released_reference_goes_to_other_person(as_acme: Api, acme: Brand) -> None:
    """In one batch, as in two."""
    apply(as_acme, "email,ref\nann@example.org,A-1\n")
    done = apply(as_acme, "email,ref\nann@example.org,A-2\nben@example.org,A-1\n")
    assert (done["bad"], done["people"]) == (0, 1)
    refs = {each.ref: each.subject_id for each in Relationship.objects.all()}
    ann, ben = find_subject("ann@example.org"), find_subject("ben@example.org")
    assert refs == {"A-2": ann, "A-1": ben}


def test_import_same_file_again_changes_nothing(as_acme: Api, acme: Brand) -> None:
    text = f"{HEADINGS}\nann@example.org,A-1,{YES}\nben@example.org,,{YES}\n"
    apply(as_acme, text)
    before = LedgerEntry.objects.count(), Event.objects.count()
    done = apply(as_acme, text)
    assert (done["unchanged"], done["choices"], done["people"]) == (2, 0, 0)
    assert (LedgerEntry.objects.count(), Event.objects.count()) == before


def test_import_same_address_twice_again_changes_nothing(as_acme: Api, acme: Brand) -> None:
    """Each row was said before, though only one of them is what stands."""
    older = YES.replace("2024", "2022")
    text = f"{HEADINGS}\nann@example.org,A-1,{YES}\nann@example.org,A-1,{older}\n"
    assert apply(as_acme, text)["choices"] == 2
    before = LedgerEntry.objects.count(), Event.objects.count()
    done = apply(as_acme, text)
    assert (done["unchanged"], done["choices"]) == (2, 0)
    assert (LedgerEntry.objects.count(), Event.objects.count()) == before


def test_import_same_choice_of_other_time_is_recorded(as_acme: Api) -> None:
    text = f"{HEADINGS}\nann@example.org,A-1,"
    apply(as_acme, text + YES)
    assert apply(as_acme, text + YES.replace("2024", "2022"))["choices"] == 1


def test_import_changed_reference_is_counted(as_acme: Api) -> None:
    done = apply(as_acme, "email,ref\nann@example.org,A-1\nann@example.org,A-2\n")
    assert (done["applied"], done["people"], done["refs_changed"]) == (2, 1, 1)
    assert Relationship.objects.get().ref == "A-2"


def test_import_every_row_is_applied_or_bad(as_acme: Api) -> None:
    """Those that cannot be read, and those that turn out bad as they are applied."""
    job = begin(as_acme)
    put(as_acme, job, f"{HEADINGS}\nann@example.org,A-1,{YES}\nno address,,{YES}\n")
    put(as_acme, job, f"{HEADINGS}\n,nobody,{YES}\n", number=2)
    as_acme.post(f"imports/{job}/start")
    jobs.run_import(uuid.UUID(job), now=timezone.now())
    done = as_acme.get(f"imports/{job}").json()
    assert (done["rows"], done["applied"], done["bad"]) == (3, 1, 2)
    rows = as_acme.get(f"imports/{job}/exceptions").json()["data"]
    assert [(r["part"], r["row"], r["row_of_all"]) for r in rows] == [(1, 2, 2), (2, 1, 3)]


@pytest.mark.parametrize(
    ("headings", "says"),
    [
        ("Email Address,ref,Name", "headings 'Email Address', 'Name'"),
        ("email;ref,x", "could be comma or semicolon"),
        ("", "contain the headings"),
    ],
)
def test_import_unknown_headings_are_refused(as_acme: Api, headings: str, says: str) -> None:
    answer = put(as_acme, begin(as_acme), f"{headings}\nann@example.org,A-1,Ann\n")
    assert answer.status_code == 422 and says in answer.json()["detail"]


def test_import_implied_consent_expires_with_term(as_acme: Api, acme: Brand) -> None:
    bought = (timezone.now() - timedelta(days=30)).replace(microsecond=0)
    heads = "email,purpose,channel,decision,basis,ground,evidence,made_at"
    old = "2020-01-01T00:00:00Z"
    row = "marketing,email,grant,implied,purchase,order 7"
    text = f"{heads}\nann@example.org,{row},{bought.isoformat()}\nben@example.org,{row},{old}\n"
    done = apply(as_acme, text)
    assert exceptions(as_acme, done["id"]) == [(2, "made_at", "term_over")]
    assert Ending.objects.get().ends_at == implied_consent.add_months(bought, 24)


def test_import_topic_sets_purpose(as_acme: Api, acme: Brand) -> None:
    Topic.objects.create(brand=acme, code="offers", name="Offers", purpose_id="marketing")
    heads = "email,topic,channel,decision,evidence"
    apply(as_acme, f"{heads}\nann@example.org,offers,email,grant,form 7\n")
    entry = LedgerEntry.objects.get()
    assert (entry.purpose_id, entry.topic) == ("marketing", "offers")


def test_import_history_is_not_delivered_or_counted(as_acme: Api, acme: Brand) -> None:
    endpoint = create_subscription(acme, "https://acme.example/hook")
    apply(as_acme, f"{HEADINGS}\nann@example.org,,{YES}\n")
    wanted = stream.EventFilter()
    rows, through = stream.read_window(acme.pk, after=0, limit=10, wanted=wanted)
    assert (list(rows), through) == ([], 2)
    feed = as_acme.get("events").json()["data"]
    assert [event["type"] for event in feed] == ["relationship.started", "preference.granted"]
    counters.count_new_events()
    assert (BrandCount.objects.get().started, DailyCount.objects.get().opt_ins) == (1, 0)
    apply(as_acme, f"{HEADINGS}\nben@example.org,,{YES}\n", webhooks=True)
    rows, _ = stream.read_window(acme.pk, after=0, limit=10, wanted=wanted)
    assert len(list(rows)) == 2
    counters.count_new_events()
    assert sum(DailyCount.objects.values_list("opt_ins", flat=True)) == 1
    assert endpoint.pk


def test_import_after_wide_denial_keeps_stream_order(as_acme: Api, met: Relationship) -> None:
    """Her wide no is still on its way to the brand when the brand imports a no of its own."""
    record_choice(met, "deny", Scope(None, "marketing"))
    apply(as_acme, f"email,purpose,channel,decision\n{EMAIL},marketing,email,deny\n")
    propagate.propagate_choices(met.subject_id, now=timezone.now())
    told = Event.objects.filter(type="preference.denied").order_by("sequence")
    seqs = [json.loads(bytes(event.body))["data"]["subject_seq"] for event in told]
    assert seqs == [2, 3]  # the beginning of the relationship was the first
    assert [event.quiet for event in told] == [False, True]  # hers is news, the import is history


def test_import_after_wide_denial_starts_new_relationship_first(as_acme: Api, acme: Brand) -> None:
    """The worker has not come to her wide no yet, and the brand gets to know her only now."""
    record_choice(find_subject("ann@example.org"), "deny", Scope(None, "marketing"))
    apply(as_acme, "email,purpose,channel,decision\nann@example.org,marketing,email,deny\n")
    told = Event.objects.order_by("sequence").values_list("type", "quiet")
    assert list(told) == [
        ("relationship.started", True),
        ("preference.denied", False),
        ("preference.denied", True),
    ]


def test_import_ahead_of_workers_clock_is_bad_row(as_acme: Api, acme: Brand) -> None:
    job = begin(as_acme)
    soon = (timezone.now() - timedelta(minutes=1)).isoformat()
    rows = f"ann@example.org,,marketing,email,deny,{soon},\nben@example.org,,,,,,\n"
    put(as_acme, job, f"{HEADINGS}\n{rows}")
    as_acme.post(f"imports/{job}/start")
    (pk,) = applying.list_running_imports()
    jobs.run_import(pk, now=timezone.now() - timedelta(hours=1))
    assert exceptions(as_acme, job) == [(1, "made_at", "from_the_future")]
    assert as_acme.get(f"imports/{job}").json()["applied"] == 1


def test_import_row_refused_by_database_is_bad_row(
    as_acme: Api, acme: Brand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As by a race for a reference, which only the database sees."""
    monkeypatch.setattr(applying._Batch, "_check_ref", lambda *_: None)
    apply(as_acme, "email,ref\nann@example.org,A-1\n")
    rows = "".join(f"p{n}@example.org,{'A-1' if n == 7 else f'P-{n}'}\n" for n in range(12))
    done = apply(as_acme, f"email,ref\n{rows}")
    assert exceptions(as_acme, done["id"]) == [(8, "", "refused")]
    assert (done["people"], done["applied"], Relationship.objects.count()) == (11, 11, 12)
    assert_chains_hold()


def test_import_history_has_no_honour_by(as_acme: Api, acme: Brand) -> None:
    text = "email,purpose,channel,decision\nann@example.org,marketing,email,deny\n"
    apply(as_acme, text)
    old = Event.objects.get(type="preference.denied")
    assert (old.honour_by, json.loads(bytes(old.body))["data"]["honour_by"]) == (None, None)
    apply(as_acme, text.replace("ann@", "ben@"), webhooks=True)
    new = Event.objects.filter(type="preference.denied").latest("sequence")
    assert new.honour_by is not None


def test_import_cancelled_applies_no_more_rows(as_acme: Api, acme: Brand) -> None:
    job = begin(as_acme)
    rows = "".join(f"p{n}@example.org\n" for n in range(20))
    put(as_acme, job, f"email\n{rows}")
    as_acme.post(f"imports/{job}/start")
    pk = Import.objects.get().pk
    shards.prepare_shards(pk)
    assert applying.apply_batch(pk, now=timezone.now(), size=5) == 5
    off = as_acme.delete(f"imports/{job}").json()
    assert (off["state"], off["applied"], off["people"]) == ("cancelled", 5, 5)
    assert applying.apply_batch(pk, now=timezone.now()) == 0
    assert Relationship.objects.count() == 5 and not ImportRow.objects.exists()
    assert as_acme.post(f"imports/{job}/start").json()["code"] == "import_is_over"
    assert as_acme.delete(f"imports/{job}").status_code == 200


def test_import_stores_no_address(as_acme: Api) -> None:
    job = begin(as_acme)
    put(as_acme, job, "email\nann@example.org\n")
    (row,) = ImportRow.objects.all()
    assert bytes(row.digest or b"") == identifiers.compute_identifier_digest("ann@example.org")
    assert "ann@" not in str(vars(row))
    assert not Identifier.objects.exists()  # not before it is started


def test_import_of_other_brand_is_not_found(as_acme: Api, as_rival: Api) -> None:
    job = begin(as_acme)
    for answer in (
        as_rival.get(f"imports/{job}"),
        as_rival.get(f"imports/{job}/exceptions"),
        as_rival.post(f"imports/{job}/start"),
        as_rival.delete(f"imports/{job}"),
        put(as_rival, job, "email\n"),
    ):
        assert answer.status_code == 404
    assert as_rival.get("imports").json()["data"] == []
    assert [each["id"] for each in as_acme.get("imports").json()["data"]] == [job]


def test_import_too_many_or_without_scope_is_refused(as_acme: Api, acme: Brand) -> None:
    for _ in range(jobs.MOST):
        begin(as_acme)
    assert as_acme.post("imports", {"note": "x"}).json()["code"] == "too_many_imports"
    weak = Api(brand_keys.issue_key(acme, name="x", scopes=["check"]))
    assert weak.post("imports", {"note": "x"}).status_code == 403


def test_import_merged_people_are_one_person(as_acme: Api, acme: Brand) -> None:
    """What is imported for an address whose subject was merged goes to the person that remains."""
    from consent.relationships import merging

    ann = find_subject("ann@example.org")
    second = find_subject("ann2@example.org")
    merging.merge_subjects(second, into=ann, now=timezone.now())
    apply(as_acme, f"{HEADINGS}\nann2@example.org,,{YES}\n")
    assert LedgerEntry.objects.get().subject_id == ann
    known = Relationship.objects.get()
    assert (known.subject_id, known.person_id) == (second, ann)
    assert is_allowed(acme, email="ann2@example.org")
    assert projection.list_preferences(ann)
    assert_chains_hold()


def test_import_event_names_only_address_of_row(
    as_acme: Api, acme: Brand, ana: Consumer, met: Relationship
) -> None:
    """Told of the other as well, the brand would learn that both have one owner."""
    second = {"contact": {"email": "second@example.org"}, "note": "x"}
    named = as_acme.post("relationships", second).json()
    ownership.add_contact(ana, kind="email", value="second@example.org", now=timezone.now())
    before = stream.read_last_sequence(acme.pk)
    apply(as_acme, f"{HEADINGS}\nsecond@example.org,,marketing,email,deny,,form 7\n")
    (told,) = as_acme.get("events", after=before).json()["data"]
    assert told["data"]["subject"]["id"] == named["subject"]["id"]
