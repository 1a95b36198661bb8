"""What a brand does by the client, against the running service."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer
from pytest_httpserver import HTTPServer

from brands.catalogue import privacy_notices
from brands.credentials import brand_keys
from brands.events import restore_gaps
from brands.models import Brand, Topic
from cmr_client import (
    BeyondStream,
    Client,
    CMRError,
    Conflict,
    Contact,
    Day,
    Decision,
    Invalid,
    Limit,
    Mistake,
    NotAllowed,
    NotAuthenticated,
    NotFound,
)
from cmr_client.answers import Gap, Links
from consent.decision import resolution
from consent.decision.resolution import Scope
from consent.ledger.recording import Actor
from consent.models import Relationship
from tests.client.conftest import MAILS
from tests.conftest import EMAIL
from tests.factories import record_choice
from tests.ownership import as_owner

pytestmark = pytest.mark.django_db(transaction=True)

YES = "email,purpose,channel,decision,made_at,evidence\n"


# -- Checks ----------------------------------------------------------------------------------------


def test_check_returns_rule(acme_client: Client, met: Relationship) -> None:
    assert acme_client.check(EMAIL, **MAILS).rule == "default_opt_in"
    record_choice(met, "deny", Scope(met.brand_id, "marketing"), by=Actor("api"))
    decision = acme_client.check(EMAIL, **MAILS)
    assert (decision.allowed, decision.rule) == (False, "person_denied")
    assert decision.because and decision.because.scope.purpose == "marketing"
    assert decision.as_of.tzinfo is not None


def test_check_with_as_of_and_suppose(acme_client: Client, met: Relationship) -> None:
    before = timezone.now()
    record_choice(met, "deny", Scope(met.brand_id, "marketing"), by=Actor("api"))
    yes = [{"scope": {"purpose": "marketing"}, "decision": "grant"}]
    assert acme_client.check(EMAIL, **MAILS, as_of=before).rule == "default_opt_in"
    assert acme_client.check(EMAIL, **MAILS, suppose=yes).allowed
    assert not acme_client.check(EMAIL, **MAILS, at=before + timedelta(days=1)).allowed


def test_check_several_questions_of_one_person(
    acme_client: Client, met: Relationship, offers: Topic
) -> None:
    topic = {"purpose": "marketing", "channel": "email", "topic": offers.code}
    asked = [{"purpose": "service", "channel": "email"}, topic]
    service, marketing = acme_client.check_each(EMAIL, asked)
    assert (service.allowed, service.purpose, service.topic) == (True, "service", None)
    assert (marketing.allowed, marketing.topic) == (False, offers.code)


def test_checks_invalid_contact_is_not_allowed(acme_client: Client, met: Relationship) -> None:
    record_choice(met, "grant", Scope(met.brand_id, "marketing"), by=Actor("api"))
    no = [{"scope": {}, "decision": "deny"}]
    (supposed,) = acme_client.check_many([EMAIL], **MAILS, suppose=no)
    assert isinstance(supposed, Decision) and supposed.rule == "person_denied"
    allowed, unknown, wrong = acme_client.check_many(
        [EMAIL, "nobody@example.org", Contact(phone="12")], **MAILS
    )
    assert isinstance(allowed, Decision) and allowed.allowed
    assert isinstance(unknown, Decision) and unknown.rule == "no_relationship"
    assert isinstance(wrong, Mistake) and wrong.code == "invalid_contact" and not wrong.allowed


def test_checks_stream_is_read_while_sent(acme_client: Client, met: Relationship) -> None:
    read = []

    def contacts() -> Iterator[str]:
        for number in range(4_500):
            read.append(number)
            yield EMAIL if number == 4_321 else f"p{number}@example.org"

    record_choice(met, "grant", Scope(met.brand_id, "marketing"), by=Actor("api"))
    answers = iter(acme_client.check_stream(contacts(), **MAILS))
    assert next(answers)[0] == "p0@example.org"
    assert len(read) == 2_000, "it reads no further than it asks"
    assert [whom for whom, decision in answers if decision.allowed] == [EMAIL]
    assert len(read) == 4_500


def test_suppressions_full_and_since(acme_client: Client, met: Relationship) -> None:
    with acme_client.suppressions(**MAILS) as people:
        through = people.through
        assert [(each.subject.id, each.rule) for each in people] == [
            (str(met.pk), "default_opt_in")
        ]
    record_choice(met, "grant", Scope(met.brand_id, "marketing"), by=Actor("api"))
    with acme_client.suppressions(**MAILS, since=through) as people:
        assert [each.allowed for each in people] == [True]
        assert people.through == through + 1


def test_suppressions_closed_frees_slot(acme_client: Client, met: Relationship) -> None:
    for _ in range(5):
        with acme_client.suppressions(**MAILS):
            pass


def test_purposes_list_regimes(acme_client: Client, offers: Topic) -> None:
    marketing = next(each for each in acme_client.purposes() if each.code == "marketing")
    assert marketing.regime == "opt_in" and any(e.law for e in marketing.regimes)
    assert [each.code for each in acme_client.topics()] == [offers.code]


# -- Sends -----------------------------------------------------------------------------------------


def test_sends_reserve_same_key_and_cancel(acme_client: Client, met: Relationship) -> None:
    record_choice(met, "grant", Scope(met.brand_id, "marketing"), by=Actor("api"))
    record_choice(
        met,
        "limit",
        Scope(met.brand_id, "marketing"),
        by=Actor("api"),
        limit=resolution.Limit(2, "week"),
    )
    first = acme_client.sends.reserve(EMAIL, **MAILS, idempotency_key="mail-1")
    again = acme_client.sends.reserve(EMAIL, **MAILS, idempotency_key="mail-1")
    other = acme_client.sends.reserve(EMAIL, **MAILS)
    assert first.reserved and first.send == again.send != other.send
    assert (first.limit, other.remaining) == (Limit(max=2, per="week"), 0)
    assert not acme_client.sends.reserve(EMAIL, **MAILS).reserved
    assert other.send
    acme_client.sends.give_back(other.send)
    assert acme_client.check(EMAIL, **MAILS).remaining == 1


# -- People ----------------------------------------------------------------------------------------


def test_people_register_and_record(acme_client: Client, acme: Brand) -> None:
    privacy_notices.write_notice(
        acme, code="shop", texts={"en": "Shown in the shop"}, now=timezone.now()
    )
    known = acme_client.relationships.register(
        "dora@example.org", note="Customer account.", ref="C-9", jurisdiction="DE"
    )
    assert known.subject.ref == "C-9"
    entry = acme_client.choices.record(
        Contact(ref="C-9"),
        "grant",
        **MAILS,
        evidence="Form 7",
        notice="shop@1",
        made_at=datetime(2026, 1, 2, tzinfo=UTC),
    )
    assert (entry.decision, entry.maker) == ("grant", "brand")
    assert (entry.evidence, entry.notice) == ("Form 7", "shop@1")
    assert entry.made_at == datetime(2026, 1, 2, tzinfo=UTC)
    assert acme_client.check("dora@example.org", **MAILS).rule == "brand_granted"


def test_people_record_grant_after_denial_raises_conflict(
    acme_client: Client, met: Relationship
) -> None:
    record_choice(met, "deny", Scope(met.brand_id, "marketing"), by=Actor("api"))
    with pytest.raises(Conflict) as refused:
        acme_client.choices.record(EMAIL, "grant", **MAILS, evidence="Form 7")
    assert (refused.value.code, refused.value.status) == ("person_said_no", 409)
    assert refused.value.request_id


def test_links_make_one_and_many(acme_client: Client, met: Relationship) -> None:
    one = acme_client.links.make(EMAIL, **MAILS, campaign="spring")
    assert "List-Unsubscribe" in one.headers and one.preferences_url.startswith("http")
    known, unknown = acme_client.links.make_many(
        [EMAIL, "nobody@example.org"], **MAILS, campaign="spring"
    )
    assert known == one and isinstance(known, Links)
    assert isinstance(unknown, Mistake) and unknown.code == "no_relationship"
    assert acme_client.links.key().brand == "acme"


def test_permission_requests_ask(acme_client: Client, met: Relationship) -> None:
    asked = acme_client.permission_requests.ask(
        EMAIL, purpose="research", text="May we ask you?", channel="email"
    )
    assert asked.answer is None and asked.subject.id == str(met.pk)
    assert acme_client.permission_requests.get(asked.id) == asked
    assert [*acme_client.permission_requests.list()] == [asked]


# -- Events and webhooks ---------------------------------------------------------------------------


def test_events_read_all_pages(acme_client: Client, met: Relationship) -> None:
    assert acme_client.events.newest() == 1
    for _ in range(12):
        record_choice(met, "deny", Scope(met.brand_id, "marketing"), by=Actor("api"))
    assert acme_client.events.newest() == 13
    assert [each.sequence for each in acme_client.events.read(after=10)] == [11, 12, 13]
    page = acme_client.events.page(after=2, limit=3)
    assert ([each.sequence for each in page.events], page.next_cursor) == ([3, 4, 5], 5)
    assert acme_client.events.ack(through=7) == 7
    assert acme_client.events.overdue().events == []
    assert "preference.denied" in {each.type for each in acme_client.events.types()}


def test_topics_list_of_several_pages_is_whole(acme_client: Client, acme: Brand) -> None:
    codes = [f"t{number:03}" for number in range(501)]
    Topic.objects.bulk_create(
        Topic(brand=acme, code=code, name=code, purpose_id="marketing") for code in codes
    )
    assert [each.code for each in acme_client.topics()] == codes


def test_events_follow_beyond_stream_raises(acme_client: Client, met: Relationship) -> None:
    with pytest.raises(BeyondStream) as refused:
        next(iter(acme_client.events.follow(after=2)))
    assert refused.value.code == "beyond_stream"


def test_events_follow_after_restore_continues_or_raises(
    acme_client: Client, met: Relationship
) -> None:
    now = timezone.now()
    with as_owner():
        restore_gaps.open_restore_gaps(now=now)
    end = restore_gaps.compute_restart_number(now)
    record_choice(met, "deny", Scope(met.brand_id, "marketing"), by=Actor("api"))
    assert [event.sequence for event in acme_client.events.read(after=0)] == [1, end + 1]
    assert acme_client.events.page(after=1).gaps == (Gap(first=2, last=end),)
    with pytest.raises(BeyondStream):
        next(iter(acme_client.events.follow(after=2)))


def test_events_newest_of_empty_stream_is_zero(acme_client: Client) -> None:
    assert acme_client.events.newest() == 0
    assert [*acme_client.events.read()] == []


def test_events_follow_waits_for_new_events(acme_client: Client, met: Relationship) -> None:
    def later() -> None:
        time.sleep(0.5)
        record_choice(met, "deny", Scope(met.brand_id, "marketing"), by=Actor("api"))
        connection.close()

    thread = threading.Thread(target=later)
    thread.start()
    event = next(iter(acme_client.events.follow(after=1, wait=10)))
    thread.join()
    assert (event.sequence, event.type) == (2, "preference.denied")


def test_event_body_equals_stored_bytes(
    acme_client: Client, acme: Brand, met: Relationship
) -> None:
    record_choice(met, "deny", Scope(met.brand_id, "marketing"), by=Actor("api"))
    kept = [bytes(each.body) for each in acme.events.order_by("sequence")]
    assert [each.body for each in acme_client.events.read()] == kept


def test_subscriptions_create_change_and_delete(
    acme_client: Client, met: Relationship, httpserver: HTTPServer
) -> None:
    httpserver.expect_request("/hook").respond_with_data(status=204)
    hooks = acme_client.subscriptions
    made = hooks.create(httpserver.url_for("/hook"), event_types=["preference.*"], batch=10)
    assert made.secret and made.secret not in repr(made)
    assert hooks.ping(made.id).status == 204
    changed = hooks.change(made.id, url=made.url, event_types=["*"], rate_limit=5)
    assert (changed.batch, changed.rate_limit, changed.purposes) == (10, 5, None)
    assert (
        hooks.change(made.id, url=made.url, event_types=["*"], rate_limit=None).rate_limit is None
    )
    rotated = hooks.rotate(made.id).secret
    assert rotated and rotated != made.secret
    assert hooks.replay(made.id, first=1, last=1) in (0, 1)
    assert hooks.replay_parked(made.id) == 0
    assert hooks.seek(made.id, after=0).delivered_through == 0
    assert not hooks.disable(made.id).enabled and hooks.enable(made.id).enabled
    assert [*hooks.attempts(made.id)] == [*hooks.parked(made.id)] == []
    assert [each.id for each in hooks.list()] == [made.id]
    hooks.delete(made.id)
    with pytest.raises(NotFound):
        hooks.get(made.id)


# -- Imports ---------------------------------------------------------------------------------------


@pytest.mark.usefixtures("at_work")
def test_imports_upload_in_parts(acme_client: Client, tmp_path: Path) -> None:
    rows = [f"p{n}@example.org,marketing,email,grant,2024-03-01T10:00:00Z,form" for n in range(50)]
    file = tmp_path / "people.csv"
    file.write_text(YES + "\n".join([*rows, "nobody,marketing,email,grant,,form"]))
    job = acme_client.imports.create(note="Our newsletter")
    sent: list[int] = []
    parts = acme_client.imports.upload(job.id, file, part_bytes=1_000, progress=sent.append)
    assert len(parts) == len(sent) > 2 and sum(part.rows for part in parts) == 51
    assert acme_client.imports.upload(job.id, file, part_bytes=1_000) == parts, "again is the same"
    acme_client.imports.start(job.id)
    done = acme_client.imports.wait(job.id, every=0.05)
    assert (done.state, done.rows, done.applied, done.bad) == ("done", 51, 50, 1)
    (bad,) = acme_client.imports.exceptions(job.id)
    assert (bad.part, bad.row_of_all, bad.code) == (len(parts), 51, "invalid_contact")
    assert [each.id for each in acme_client.imports.list()] == [job.id]


def test_imports_cancel(acme_client: Client) -> None:
    job = acme_client.imports.create(note="Our newsletter")
    acme_client.imports.cancel(job.id)
    assert acme_client.imports.get(job.id).state == "cancelled"


# -- Campaigns, reports, oneself -------------------------------------------------------------------


def test_campaigns_name_and_report(acme_client: Client) -> None:
    acme_client.campaigns.name("spring", name="Spring sale")
    assert acme_client.campaigns.name("spring", name="Spring sale").code == "spring"
    day = Day(channel="email", day=date.today(), sends=10, deliveries=9, responses=3, complaints=0)
    assert acme_client.campaigns.report("spring", [day]) == 1
    assert acme_client.campaigns.report("spring", [day]) == 0
    (kept,) = acme_client.campaigns.stats("spring")
    assert (kept.day, kept.deliveries, kept.revision) == (day.day, 9, 1)
    lines = "campaign,channel,day,sends,deliveries,responses,complaints\n"
    lines += f"spring,email,{day.day},11,9,3,0\n"
    assert acme_client.campaigns.report_csv(lines.encode()) == 1
    assert [acme_client.campaigns.get("spring")] == [*acme_client.campaigns.list()]


def test_reports_own(acme_client: Client, met: Relationship) -> None:
    report = acme_client.reports.own(weeks=4)
    assert report.report and report.figures


def test_brand_get_and_change(acme_client: Client) -> None:
    assert acme_client.brand.get().slug == "acme"
    changed = acme_client.brand.change(operations_email="ops@acme.example")
    assert changed.operations_email == "ops@acme.example"


# -- Refusals --------------------------------------------------------------------------------------


def test_invalid_question_raises_with_field(acme_client: Client) -> None:
    with pytest.raises(Invalid) as refused:
        acme_client.check(EMAIL, purpose="marketing", channel="email", topic="zz")
    error = refused.value
    assert (error.code, error.field, error.status) == ("unknown_topic", "topic", 422)
    assert error.errors[0].code == "unknown_topic"
    assert "zz" in str(error) and "unknown_topic" in str(error)


def test_unknown_key_raises_not_authenticated(service: LiveServer) -> None:
    with Client(service.url, "cmr_live_none") as client, pytest.raises(NotAuthenticated) as no:
        client.check(EMAIL, **MAILS)
    assert no.value.code == "invalid_key"


def test_key_without_scope_raises_not_allowed(service: LiveServer, acme: Brand) -> None:
    key = brand_keys.issue_key(acme, name="reads", scopes=["events"])
    with Client(service.url, key) as client:
        assert client.events.newest() == 0
        with pytest.raises(NotAllowed) as refused:
            client.check(EMAIL, **MAILS)
    assert refused.value.code == "missing_scope" and isinstance(refused.value, CMRError)
