"""A checker that never failed proves nothing: each rule catches what is planted against it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from standardwebhooks import Webhook

from tests.chaos import evidence
from tests.chaos.checker import RULES, check
from tests.chaos.evidence import (
    Change,
    Entry,
    Event,
    Evidence,
    Look,
    Request,
    Secret,
    Seek,
    Subscribed,
    Window,
)

SECRET = "whsec_" + "QUJD" * 11
ANA, BEN = "ana-at-acme", "ben-at-acme"
MARKETING, BY_EMAIL = ("marketing", None, None), ("marketing", "email", None)
SERVICE, RESEARCH = ("service", "email", None), ("research", "sms", None)
SECOND = timedelta(seconds=1)
SENT = datetime(2026, 11, 25, tzinfo=UTC)
#: Who said what, in the order of acme's stream: ana yes, ben yes, ana no.
SAID = [(ANA, 1, "e1", "grant"), (BEN, 1, "e2", "grant"), (ANA, 2, "e3", "deny")]


def event(sequence: int, person: str, seq: int, entry: str, decision: str) -> Event:
    """An event as acme reads it: its own id of the entry, and its own number."""
    at = f"2026-11-25T00:00:{sequence:02}Z"
    scope = {
        "brand": "acme",
        "purpose": "marketing",
        "channel": None,
        "topic": None,
        "contact_point": None,
    }
    data = {"subject": {"id": person}, "subject_seq": seq, "entry": f"{entry}-at-acme"}
    row: dict[str, Any] = {"purpose": "marketing", "channel": None, "topic": None, "then": []}
    return {
        "type": "preference.granted" if decision == "grant" else "preference.denied",
        "timestamp": at,
        "sequence": sequence,
        "data": {
            **data,
            "scope": scope,
            "decision": decision,
            "maker": "person",
            "made_at": at,
            "permissions": [{**row, "allowed": decision == "grant"}],
        },
    }


def request(said: Any, *, at: float, id: str, **more: Any) -> Request:
    body = json.dumps(said)
    return Request(
        name="acme-1",
        at=at,
        until=at + 0.01,
        id=id,
        timestamp=str(int(SENT.timestamp())),
        signature=Webhook(SECRET).sign(id, SENT, body),
        body=body,
        processed=True,
        **more,
    )


def a_good_run() -> Evidence:
    feed = [event(number, *said) for number, said in enumerate(SAID, start=1)]
    ledger = [
        Entry(entry, person.partition("-")[0], seq, "acme", decision, "marketing")
        for person, seq, entry, decision in SAID
    ]
    return Evidence(
        subscriptions=[Subscribed("acme-1", "acme", ["*"])],
        requests=[request(each, at=10.0 + n, id=f"evt_{n}") for n, each in enumerate(feed)],
        changes=[Change("e1", "ana", 1), Change("e2", "ben", 1), Change("e3", "ana", 2)],
        subjects={"ana": "ana", "ben": "ben"},
        feeds={"acme": feed},
        ledger=ledger,
        relationships={ANA: ("ana", "acme"), BEN: ("ben", "acme")},
        entry_ids={
            ANA: {"e1-at-acme": "e1", "e3-at-acme": "e3"},
            BEN: {"e2-at-acme": "e2", "e4-at-acme": "e4"},
        },
        answers={
            ANA: {MARKETING: False, BY_EMAIL: False, SERVICE: True, RESEARCH: False},
            BEN: {MARKETING: True, BY_EMAIL: True, SERVICE: True, RESEARCH: False},
        },
        at=SENT,
        regimes={"marketing": "opt_in", "service": "required", "research": "opt_in"},
        counts={
            ("acme", "marketing", "", "opt_ins"): 2,
            ("acme", "marketing", "", "opt_outs"): 1,
        },
        secrets=[Secret("acme-1", SECRET, 0.0, 0.1)],
        example={
            ANA: {MARKETING: False, BY_EMAIL: False, SERVICE: True, RESEARCH: False},
            BEN: {MARKETING: True, BY_EMAIL: True, SERVICE: True, RESEARCH: False},
        },
    )


def resend(run: Evidence) -> None:
    """Have acme been sent what its feed says now."""
    run.requests = [
        request(each, at=10.0 + n, id=f"evt_{n}") for n, each in enumerate(run.feeds["acme"])
    ]


def at_rival(run: Evidence, **more: Any) -> Event:
    """Have ana's no be one to any brand, of which rival is told, too."""
    run.ledger[2] = replace(run.ledger[2], brand=None)
    run.relationships["ana-at-rival"] = ("ana", "rival")
    run.entry_ids["ana-at-rival"] = {"e3-at-rival": "e3"}
    run.answers["ana-at-rival"] = {MARKETING: False}
    run.counts["rival", "marketing", "", "opt_outs"] = 1
    at = "2026-11-25T00:00:59Z"
    told = event(1, "ana-at-rival", 1, "e3", "deny")
    told |= {"timestamp": at}
    told["data"] |= {"entry": "e3-at-rival", "made_at": at}
    told["data"]["scope"]["brand"] = "rival"
    told["data"] |= more
    run.feeds["rival"] = [told]
    return told


# -- What is planted ---------------------------------------------------------------------------


def example_misses_something(run: Evidence) -> None:
    assert run.example
    run.example[ANA][BY_EMAIL] = True


def example_has_to_ask(run: Evidence) -> None:
    assert run.example
    run.example[BEN][RESEARCH] = None


def example_knows_nobody(run: Evidence) -> None:
    run.example = {}


def lost_entry(run: Evidence) -> None:
    run.changes.append(Change("e4", "ben", 2))


def entry_of_another(run: Evidence) -> None:
    run.changes[0] = replace(run.changes[0], person="ben")


def entry_untold(run: Evidence) -> None:
    run.ledger.append(Entry("e4", "ben", 2, None, "clear"))


def entry_told_twice(run: Evidence) -> None:
    run.feeds["acme"].append(event(4, *SAID[1]))


def told_to_a_stranger(run: Evidence) -> None:
    run.feeds["rival"] = [event(1, *SAID[0])]


def told_otherwise(run: Evidence) -> None:
    run.feeds["acme"][2]["data"]["decision"] = "grant"


def told_of_nothing(run: Evidence) -> None:
    run.feeds["acme"].append(event(4, BEN, 2, "e4", "clear"))


def hole(run: Evidence) -> None:
    run.feeds["acme"][2]["sequence"] = 4


def feed_out_of_order(run: Evidence) -> None:
    """The numbers are right, but the no that came later stands before the yes."""
    said = [(ANA, 1, "e3", "deny"), (BEN, 1, "e2", "grant"), (ANA, 2, "e1", "grant")]
    run.feeds["acme"] = [event(number, *each) for number, each in enumerate(said, start=1)]


def gap_in_a_persons_numbers(run: Evidence) -> None:
    run.feeds["acme"][2]["data"]["subject_seq"] = 3
    resend(run)


def first_number_of_a_person_is_zero(run: Evidence) -> None:
    run.feeds["acme"][1]["data"]["subject_seq"] = 0
    resend(run)


def ledger_id_leaked(run: Evidence) -> None:
    run.feeds["acme"][2]["data"]["entry"] = "e3"
    run.entry_ids[ANA]["e3"] = "e3"


def ledger_id_leaked_deep_inside(run: Evidence) -> None:
    run.feeds["acme"][0]["data"]["now"] = {"because": [{"entry": "e1"}]}


def subject_leaked(run: Evidence) -> None:
    run.feeds["acme"][0]["data"]["subject"]["ref"] = "ana"


def scope_of_any_brand(run: Evidence) -> None:
    run.feeds["acme"][0]["data"]["scope"]["brand"] = None


def scope_with_an_address(run: Evidence) -> None:
    run.feeds["acme"][0]["data"]["scope"]["contact_point"] = "7"


def one_entry_id_with_two_brands(run: Evidence) -> None:
    at_rival(run, entry="e3-at-acme")
    run.entry_ids["ana-at-rival"] = {"e3-at-acme": "e3"}


def one_time_with_two_brands(run: Evidence) -> None:
    at_rival(run, made_at=run.feeds["acme"][2]["data"]["made_at"])


def wrong_permission_row(run: Evidence) -> None:
    run.feeds["acme"][2]["data"]["permissions"][0]["allowed"] = True
    resend(run)


def one_permission_row_too_many(run: Evidence) -> None:
    rows = run.feeds["acme"][2]["data"]["permissions"]
    rows.append({**rows[0], "channel": "email", "allowed": True})
    resend(run)


def no_permissions(run: Evidence) -> None:
    """Null, though they are not too many for an event."""
    run.feeds["acme"][2]["data"]["permissions"] = None
    resend(run)


def turned_too_early(run: Evidence) -> None:
    then = [{"at": (SENT + SECOND).isoformat(), "allowed": False}]
    run.feeds["acme"][2]["data"]["permissions"][0] |= {"allowed": True, "then": then}
    resend(run)


def broken_chain(run: Evidence) -> None:
    run.breaks.append("ana: entry 2 was altered")


def miscounted(run: Evidence) -> None:
    run.counts["acme", "marketing", "", "opt_outs"] = 2


def counted_out_of_nothing(run: Evidence) -> None:
    run.counts["acme", "research", "", "pauses"] = 1


def never_sent(run: Evidence) -> None:
    run.requests.pop()


def only_refused(run: Evidence) -> None:
    run.requests[2] = replace(run.requests[2], processed=False, how="500")


def sent_otherwise(run: Evidence) -> None:
    run.requests[0] = request(event(1, ANA, 1, "e1", "deny"), at=10.0, id="evt_0")


def sent_in_no_feed(run: Evidence) -> None:
    run.requests.append(request(event(9, *SAID[0]), at=20.0, id="evt_9"))


def swapped(run: Evidence) -> None:
    run.requests = [run.requests[2], run.requests[1], run.requests[0]]


def overtaken_while_refused(run: Evidence) -> None:
    """The first try was refused, and the person's next event did not wait for the second."""
    first = run.requests[0]
    run.requests[0] = replace(first, processed=False, how="503")
    run.requests.append(replace(first, at=15.0, until=15.01))


def other_bytes(run: Evidence) -> None:
    run.requests.append(request({**run.feeds["acme"][0], "more": 1}, at=20.0, id="evt_0"))


def other_id(run: Evidence) -> None:
    run.requests.append(request(run.feeds["acme"][0], at=20.0, id="evt_other"))


def twice_at_once(run: Evidence) -> None:
    slow = replace(run.requests[2], until=13.0)
    run.requests[2:] = [slow, replace(slow, at=12.5)]


def sent_while_disabled(run: Evidence) -> None:
    run.disabled.append(Window("acme-1", 11.5, 14.0))


def never_sent_again(run: Evidence) -> None:
    run.seeks.append(Seek("acme-1", after=1, through=3, at=20.0, answered_at=20.1))


def done_before_it_came(run: Evidence) -> None:
    run.looks.append(Look("acme-1", through=3, began=11.4, ended=11.5))


def done_and_undone(run: Evidence) -> None:
    run.looks += [Look("acme-1", 3, 20.0, 20.1), Look("acme-1", 1, 21.0, 21.1)]


def unsigned(run: Evidence) -> None:
    run.requests[0] = replace(run.requests[0], signature="v1,AAAA")


def signed_with_an_old_secret(run: Evidence) -> None:
    new = ["whsec_" + text * 11 for text in ("REVG", "R0hJ")]
    run.secrets += [Secret("acme-1", each, 5.0, 5.1) for each in new]


PLANTED: dict[Callable[[Evidence], None], str] = {
    example_misses_something: "the example keeps a copy",
    example_has_to_ask: "the example keeps a copy",
    example_knows_nobody: "the example keeps a copy",
    lost_entry: "acknowledged is recorded",
    entry_of_another: "acknowledged is recorded",
    entry_untold: "recorded is told",
    entry_told_twice: "recorded is told",
    told_to_a_stranger: "recorded is told",
    told_otherwise: "told is recorded",
    told_of_nothing: "told is recorded",
    hole: "feed has no holes",
    feed_out_of_order: "feed is in order",
    gap_in_a_persons_numbers: "feed is in order",
    first_number_of_a_person_is_zero: "feed is in order",
    ledger_id_leaked: "brands read only their own",
    ledger_id_leaked_deep_inside: "brands read only their own",
    subject_leaked: "brands read only their own",
    scope_of_any_brand: "brands read only their own",
    scope_with_an_address: "brands read only their own",
    one_entry_id_with_two_brands: "brands read only their own",
    one_time_with_two_brands: "brands read only their own",
    wrong_permission_row: "copies are equal",
    one_permission_row_too_many: "copies are equal",
    no_permissions: "copies are equal",
    turned_too_early: "copies are equal",
    broken_chain: "chains are whole",
    miscounted: "counts are the fold",
    counted_out_of_nothing: "counts are the fold",
    never_sent: "nothing is lost",
    only_refused: "nothing is lost",
    sent_otherwise: "webhooks are the feed",
    sent_in_no_feed: "webhooks are the feed",
    swapped: "persons are in order",
    overtaken_while_refused: "persons are in order",
    other_bytes: "repeats are identical",
    other_id: "repeats are identical",
    twice_at_once: "repeats have a reason",
    sent_while_disabled: "disabled is silent",
    never_sent_again: "seeking sends again",
    done_before_it_came: "done means arrived",
    done_and_undone: "done stays done",
    unsigned: "signatures are valid",
    signed_with_an_old_secret: "signatures are valid",
}


def test_a_good_run_violates_nothing() -> None:
    assert check(a_good_run()) == []


@pytest.mark.parametrize("plant", PLANTED, ids=lambda plant: plant.__name__)
def test_what_is_planted_is_caught(plant: Callable[[Evidence], None]) -> None:
    run = a_good_run()
    plant(run)
    assert PLANTED[plant] in {violation.rule for violation in check(run)}


def test_every_rule_has_something_planted_against_it() -> None:
    assert {rule.__name__.replace("_", " ") for rule in RULES} == set(PLANTED.values())


# -- What is no violation ----------------------------------------------------------------------


def test_the_same_bytes_again_are_a_repeat() -> None:
    run = a_good_run()
    run.requests.append(replace(run.requests[0], at=20.0, until=20.1))
    assert check(run) == []


def test_a_batch_tells_each_of_its_events() -> None:
    run = a_good_run()
    batch = {"type": "events.batch", "data": run.feeds["acme"]}
    run.requests = [request(batch, at=10.0, id="bat_1")]
    assert check(run) == []


def test_another_person_may_overtake() -> None:
    run = a_good_run()
    run.requests = [run.requests[1], run.requests[0], run.requests[2]]
    assert check(run) == []


def test_a_repeat_after_the_deadline_has_a_reason() -> None:
    run = a_good_run()
    slow = replace(run.requests[2], until=15.0, how="gone")
    run.requests[2:] = [slow, replace(slow, at=14.1, how="204")]
    assert check(run) == []


def test_what_a_woken_worker_was_at_may_still_come() -> None:
    run = a_good_run()
    twice_at_once(run)
    run.woken.append(12.4)
    assert check(run) == []


def test_what_was_under_way_when_it_was_disabled_may_still_come() -> None:
    run = a_good_run()
    run.disabled.append(Window("acme-1", 11.9, 14.0))
    assert check(run) == []


def test_a_subscription_gets_what_it_asked_for() -> None:
    run = a_good_run()
    run.subscriptions = [Subscribed("acme-1", "acme", ["preference.denied"])]
    run.requests = run.requests[2:]
    assert check(run) == []


def test_what_was_refused_for_itself_may_be_quarantined() -> None:
    run = a_good_run()
    done_before_it_came(run)
    run.requests.insert(
        2, replace(run.requests[2], at=11.2, until=11.2, processed=False, how="422")
    )
    assert check(run) == []


def test_a_seek_whose_answer_was_lost_may_have_gone_back() -> None:
    run = a_good_run()
    done_and_undone(run)
    run.seeks.append(Seek("acme-1", 1, 3, at=20.5, answered_at=20.6, heard=False))
    assert check(run) == []


def test_two_brands_may_be_told_of_one_choice() -> None:
    run = a_good_run()
    at_rival(run)
    assert check(run) == []


def test_a_turn_that_is_over_counts() -> None:
    run = a_good_run()
    then = [{"at": SENT.isoformat(), "allowed": None}]
    run.feeds["acme"][2]["data"]["permissions"][0] |= {"allowed": True, "then": then}
    resend(run)
    assert check(run) == []


def test_the_most_specific_row_decides() -> None:
    run = a_good_run()
    rows = run.feeds["acme"][2]["data"]["permissions"]
    rows.append({**rows[0], "channel": "email", "allowed": True})
    resend(run)
    assert run.example
    run.answers[ANA][BY_EMAIL] = run.example[ANA][BY_EMAIL] = True
    assert check(run) == []


def test_permissions_may_be_too_many_for_an_event() -> None:
    run = a_good_run()
    no_permissions(run)
    run.crowded.add(ANA)
    assert check(run) == []


# -- The logs ----------------------------------------------------------------------------------


def test_a_request_is_two_lines_of_the_log() -> None:
    came = {
        "number": 1,
        "name": "acme-1",
        "at": 1.0,
        "id": "evt_1",
        "timestamp": "1",
        "signature": "v1,x",
        "body": '{"type": "ping"}',
        "processed": True,
    }
    (answered,) = evidence.requests_of([came, {"number": 1, "until": 2.0, "how": "204"}])
    (killed,) = evidence.requests_of([came])
    assert (answered.until, answered.how, answered.events) == (2.0, "204", [])
    assert killed.until == float("inf")


def test_a_window_goes_from_the_answer_to_the_next_asking() -> None:
    lines = [
        {"kind": "disabled", "name": "acme-1", "began": 1.0, "ended": 2.0},
        {"kind": "enabling", "name": "bolt-1", "began": 2.5, "ended": 2.5},
        {"kind": "disabled", "name": "acme-1", "began": 3.0, "ended": 3.5},
        {"kind": "enabling", "name": "acme-1", "began": 4.0, "ended": 4.0},
        {"kind": "enabling", "name": "acme-1", "began": 5.0, "ended": 5.0},
    ]
    assert evidence.windows_of(lines) == [Window("acme-1", 2.0, 4.0)]
