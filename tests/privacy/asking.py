"""Everything that a brand can ask and do, as one script of steps at fixed times.

`ask_everything` is what a brand may ask again and again. The other parts do what changes something:
they set the brand up, meet the person, write about them, wait, and end. Each step begins a minute
of its own, so that however much happens elsewhere the next one has the same time.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.utils import timezone

from consent import tasks
from consent.imports import applying, jobs
from consent.ledger.recording import Actor
from consent.models import Relationship
from consent.propagation import expirations, propagate
from consent.relationships import lifecycle
from consent.reporting import counters
from tests import mails
from tests.conftest import JSON, Api
from tests.privacy.comparing import Raw
from tests.privacy.world import ANA, ANA_REF, BEN, HOOK, NOBODY, PHONE, PRIVATE, Elsewhere, World

CSV, NDJSON = "text/csv", "application/x-ndjson"
#: What a brand may be interested in; the last four are mistakes.
MATTERS: list[dict[str, Any]] = [
    {"purpose": "marketing", "channel": "email"},
    {"purpose": "marketing", "channel": "sms"},
    {"purpose": "marketing", "channel": "email", "topic": "offers"},
    {"purpose": "research", "channel": "email"},
    {"purpose": "profiling"},
    {"purpose": "service", "channel": "email"},
    {"purpose": "marketing"},
    {"purpose": "nothing", "channel": "email"},
    {"purpose": "marketing", "channel": "fax"},
    {"purpose": "marketing", "channel": "email", "topic": "rival-news"},
]
QUESTIONS = MATTERS[:6]


def digest(address: str) -> str:
    return hashlib.sha256(address.encode()).hexdigest()


#: Whom a brand may name: the person, their other addresses, others, and nobody.
CONTACTS: list[dict[str, str]] = [
    {"email": ANA},
    {"ref": ANA_REF},
    {"sha256": digest(ANA)},
    {"email": " ANA@Example.ORG "},
    {"email": PRIVATE},
    {"sha256": digest(PRIVATE)},
    {"phone": PHONE},
    {"sha256": digest(PHONE)},
    {"email": BEN},
    {"email": NOBODY},
    {"ref": "nobody"},
    {"phone": "12"},
]


@dataclass
class Recorder:
    """Asks as one brand, and keeps what comes back."""

    world: World
    answers: list[Raw] = field(default_factory=list)
    #: Each call's method and path.
    visited: set[tuple[str, str]] = field(default_factory=set)

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        form: str = JSON,
        trial: bool = False,
        **headers: str,
    ) -> Any:
        """Make a call in a minute of its own; return what its JSON holds, or its text."""
        self.world.clock.begin_minute()
        api = self.world.as_trial if trial else self.world.as_acme
        return self._ask(api, method, path, body, form=form, **headers)

    def _ask(
        self, api: Api, method: str, path: str, body: Any, *, form: str = JSON, **headers: str
    ) -> Any:
        raw = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        raw = b"" if body is None else raw
        number = f"{len(self.answers) + 1}"
        answer = api.send(method, path, raw, form, X_Request_Id=number, **headers)
        self.visited.add((method, "/api/v1/" + path.partition("?")[0]))
        return self._keep(f"{number} {method} {path} {body or ''}", answer)

    def open_page(self, method: str, address: str, **form: str) -> None:
        """Open a page of a link as anybody who holds it."""
        self.world.clock.begin_minute()
        number = f"{len(self.answers) + 1}"
        path = "/" + address.split("/", 3)[3]
        headers = {"X-Request-Id": number}
        client = Api().client
        answer = (
            client.post(path, form, headers=headers)
            if method == "POST"
            else client.get(path, headers=headers)
        )
        self._keep(f"{number} {method} {path} {form or ''}", answer)

    def _keep(self, label: str, answer: Any) -> Any:
        content = answer.getvalue()
        headers = dict(answer.headers.items())
        assert answer.status_code < 500, (label, content)
        self.answers.append(Raw(label, answer.status_code, headers, content))
        is_json = (
            "json" in headers.get("Content-Type", "") and "x-ndjson" not in headers["Content-Type"]
        )
        return json.loads(content) if is_json and content else content.decode()

    def work(self, *, later: timedelta = timedelta()) -> None:
        """Let the workers do what is due a minute *later*, and keep what comes to the webhook."""
        self.world.clock.begin_minute(later=later)
        for subject in propagate.list_waiting_subjects():
            propagate.propagate_choices(subject, now=timezone.now())
        for each in applying.list_running_imports():
            jobs.run_import(each, now=timezone.now())
        expirations.tell_due_endings(now=timezone.now())
        counters.count_new_events()
        for headers, body in self.world.deliver():
            label = f"{len(self.answers) + 1} webhook"
            self.answers.append(Raw(label, 0, headers, body))


class Script:
    """The whole life of a relationship; *elsewhere* is what happens beside it, at three moments."""

    def __init__(self, world: World, elsewhere: Sequence[Elsewhere] = ()) -> None:
        self.world, self.elsewhere = world, elsewhere
        self.recorder = Recorder(world)
        self.ask = self.recorder.ask
        self.hook_id = self.inlet = ""

    def run(self) -> Recorder:
        self.set_up()
        self.pass_by("before")
        self.meet()
        self.ask_everything()
        self.pass_by("between")
        self.let_the_person_speak()
        self.write()
        self.hear()
        self.use_links()
        self.pass_by("after")
        self.recorder.work(later=timedelta(days=8))
        tasks.refresh_reports()
        self.look_back()
        self.end()
        self.close()
        return self.recorder

    def run_shortly(self) -> Recorder:
        """Leave out the brand's own things, its links and the end."""
        self.set_up_shortly()
        self.pass_by("before")
        self.meet()
        self.pass_by("between")
        self.let_the_person_speak()
        self.write()
        self.pass_by("after")
        self.hear_mail()
        self.ask_everything()
        return self.recorder

    def run_briefly(self) -> Recorder:
        """Do only what shows the leaks that are planted."""
        self.set_up_shortly()
        self.pass_by("before")
        if self.world.is_member:
            self.world.open_account()
        if self.world.adds_brand:
            self.world.as_person.post("me/relationships", {"brand": "acme"})
        ana = {"contact": {"email": ANA}, "ref": ANA_REF, "note": "Bought a bicycle."}
        self.ask("POST", "relationships", ana)
        self.pass_by("between")
        self.let_the_person_speak()
        for contact in (CONTACTS[0], CONTACTS[0], CONTACTS[4]):
            for matter in MATTERS[:2]:
                self.ask("POST", "sends/reserve", {"contact": contact, **matter})
        for contact in (CONTACTS[0], CONTACTS[4]):
            for matter in MATTERS[:4]:
                self.ask("POST", "check", {"contact": contact, **matter})
        self.hear_mail()
        self.ask("GET", "exports/preferences")
        self.ask("GET", "events?limit=1000")
        return self.recorder

    def pass_by(self, moment: str) -> None:
        self.world.clock.begin_minute()
        for act in self.elsewhere:
            act(self.world, moment)
        self.recorder.work()

    # -- The brand and its own things --------------------------------------------------------------

    def set_up_shortly(self) -> None:
        offers = {"code": "offers", "name": "Offers", "purpose": "marketing"}
        self.ask("POST", "brand/topics", offers)
        url = self.world.hook.url_for(HOOK)
        made = self.ask("POST", "subscriptions", {"url": url, "after": 0, "batch": 100})
        self.hook_id = made["id"]

    def set_up(self) -> None:
        ask = self.ask
        self.set_up_shortly()
        for path in (
            "brand", "brand/purposes", "brand/topics", "brand/notices", "campaigns", "keys",
            "keys/current", "subscriptions", "inbound/inlets", "links/key", "event-types",
            "reports/own", "imports", "permission-requests", "events", "campaigns/none",
            "brand/notices/none", "imports/00000000-0000-0000-0000-000000000000",
        ):  # fmt: skip
            ask("GET", path)
        ask("PUT", "brand", {"operations_email": "ops@acme.example"})
        ask("PUT", "brand/topics/offers", {"name": "Weekly offers"})
        ask("PUT", "brand/notices/form", {"texts": {"en": "We write once a week."}})
        ask("GET", "brand/notices/form")
        ask("POST", "brand/topics", {"code": "old", "name": "Old", "purpose": "marketing"})
        ask("DELETE", "brand/topics/old")
        for code in ("spring", "autumn"):
            ask("POST", "campaigns", {"code": code, "topic": "offers"})
        ask("GET", "campaigns?limit=1")
        ask("GET", "campaigns/spring")
        day = {"channel": "email", "day": "2026-03-01", "sends": 90, "deliveries": 80}
        day |= {"responses": 9, "complaints": 1}
        ask("PUT", "campaigns/spring/stats", {"days": [day]})
        line = (
            "campaign,channel,day,sends,deliveries,responses,complaints\n"
            "spring,sms,2026-03-01,9,8,1,0"
        )
        ask("PUT", "campaigns/stats", line, form=CSV)
        ask("GET", "campaigns/spring/stats")
        self.inlet = ask("POST", "inbound/inlets", {"provider": "postmark"})["url"]
        other = ask("POST", "inbound/inlets", {"provider": "mailgun"})["id"]
        ask("PUT", f"inbound/inlets/{other}", {"signing_key": "a-signing-key"})
        ask("DELETE", f"inbound/inlets/{other}")
        key = ask("POST", "keys", {"name": "second", "scopes": ["check"]})["id"]
        key = ask("POST", f"keys/{key}/rotate", {"hours": 1})["id"]
        ask("DELETE", f"keys/{key}")
        self.use_test_mode()

    def use_test_mode(self) -> None:
        """The people of test mode are made up, and know nothing of those who have the address."""
        ask, contact = self.ask, {"email": ANA}
        ask("POST", "relationships", {"contact": contact, "note": "a trial"}, trial=True)
        said = {"contact": contact, "scope": {"purpose": "marketing"}, "decision": "deny"}
        ask("POST", "test/choices", said, trial=True)
        wanted = {"contact": contact, "purpose": "research", "channel": "email", "text": "May we?"}
        asked = ask("POST", "permission-requests", wanted | {"evidence": "form"}, trial=True)["id"]
        ask("GET", "test/mails", trial=True)
        ask("POST", f"test/permission-requests/{asked}/answer", {"answer": "never"}, trial=True)
        ask("POST", "test/relationships/end", {"contact": contact}, trial=True)
        ask("GET", "exports/preferences", trial=True)
        ask("GET", "events", trial=True)
        ask("POST", "test/choices", said)  # a live key may not

    # -- Meeting -----------------------------------------------------------------------------------

    def meet(self) -> None:
        ask, world = self.ask, self.world
        if world.is_member:
            world.open_account()
        if world.adds_brand:
            world.as_person.post("me/relationships", {"brand": "acme"})
        ana = {"contact": {"email": ANA}, "ref": ANA_REF, "note": "Bought a bicycle."}
        ask("POST", "relationships", ana, Idempotency_Key="meet")
        ask("POST", "relationships", ana, Idempotency_Key="meet")
        ask("POST", "relationships", ana)
        ask("POST", "relationships", ana | {"contact": {"email": BEN}})  # the reference is taken
        ask("POST", "relationships", ana | {"contact": {"email": BEN}, "ref": "customer-2"})
        ask("POST", "relationships", ana | {"contact": {"email": "none"}})
        yes = {"scope": {"purpose": "research"}, "decision": "grant", "evidence": "Form 7"}
        for contact in ({"email": ANA}, {"ref": "customer-2"}, {"email": NOBODY}, {"phone": PHONE}):
            ask("POST", "choices", yes | {"contact": contact, "notice": "form"})
        implied = yes | {"basis": "implied", "ground": "purchase", "contact": {"email": ANA}}
        implied |= {"scope": {"purpose": "marketing", "channel": "email"}}
        ask("POST", "choices", implied, Idempotency_Key="implied")
        ask("POST", "choices", implied, Idempotency_Key="implied")
        no = {"contact": {"ref": ANA_REF}, "scope": {"purpose": "profiling"}, "decision": "deny"}
        ask("POST", "choices", no)
        ask("POST", "choices", no | {"decision": "clear"})
        ask("POST", "choices", no | {"scope": {"brand": "rival", "purpose": "profiling"}})
        self.import_people()
        self.recorder.work()

    def import_people(self) -> None:
        ask = self.ask
        begun = ask("POST", "imports", {"note": "Our list", "webhooks": True}, Idempotency_Key="i")
        job = begun["id"]
        rows = [
            "email,ref,purpose,channel,decision,evidence",
            f"{ANA},{ANA_REF},research,sms,grant,Form 8",
            f"{BEN},customer-2,research,sms,grant,Form 8",
            f"{ANA},customer-2,,,,",
            "none,customer-9,,,,",
            "cleo@example.org,customer-3,,,,",
        ]
        ask("PUT", f"imports/{job}/parts/1", "\r\n".join(rows), form=CSV)
        line = {"ref": ANA_REF, "purpose": "research", "channel": "sms", "decision": "deny"}
        ask("PUT", f"imports/{job}/parts/2", json.dumps(line), form=NDJSON)
        ask("POST", f"imports/{job}/start")
        self.recorder.work()
        ask("GET", f"imports/{job}")
        ask("GET", f"imports/{job}/exceptions?limit=1")
        ask("GET", f"imports/{job}/exceptions")
        ask("GET", f"imports/{job}/exceptions?form=csv")
        spare = ask("POST", "imports", {"note": "By mistake"})["id"]
        ask("DELETE", f"imports/{spare}")
        ask("GET", "imports?limit=1")

    # -- What is said and done ---------------------------------------------------------------------

    def let_the_person_speak(self) -> None:
        """Let the person say something of acme; a worker comes by later each time."""
        world = self.world
        for said in (
            {"decision": "deny", "purpose": "marketing", "channel": "sms"},
            {"decision": "grant", "purpose": "research", "channel": "email"},
            {"decision": "grant", "purpose": "marketing", "channel": "email"},
            {"decision": "limit", "purpose": "marketing", "channel": "email", "limit": world.limit},
            {"decision": "pause", "purpose": "ai_training", "until": "2026-03-09T12:00:00Z"},
            {"decision": "deny", "purpose": "profiling"},
            {"decision": "deny", "purpose": "marketing", "channel": "post"},
            {"decision": "clear", "purpose": "marketing", "channel": "post"},
        ):
            world.clock.begin_minute()
            world.say(**said)
            self.recorder.work()
        if world.names_address:
            world.clock.begin_minute()
            point = world.open_account().contact_points.order_by("pk")[0]
            world.say("deny", purpose="research", channel="post", contact_point=point.pk)
            self.recorder.work()

    def write(self) -> None:
        """Reserve sends, ask for permission, and say yes where the person said no."""
        ask = self.ask
        matter = {"purpose": "marketing", "channel": "email"}
        for nth, contact in enumerate([CONTACTS[0], CONTACTS[1], CONTACTS[4], CONTACTS[9]]):
            question = {"contact": contact, "campaign": "spring", **matter}
            ask("POST", "sends/reserve", question, Idempotency_Key=f"send-{nth}")
        sent = ask("POST", "sends/reserve", {"contact": CONTACTS[0], **matter})["send"]
        ask("POST", "check", {"contact": CONTACTS[0], **matter})
        ask("DELETE", f"sends/{sent or Relationship().pk}")
        ask("POST", "check", {"contact": CONTACTS[0], **matter})
        ask(
            "POST",
            "sends/reserve",
            {"contact": CONTACTS[0], "purpose": "marketing", "channel": "sms"},
        )
        yes = {"contact": {"email": ANA}, "decision": "grant", "evidence": "By phone"}
        for scope in ({"purpose": "profiling"}, {"purpose": "marketing", "channel": "sms"}):
            ask("POST", "choices", yes | {"scope": scope})
        self.ask_for_permission()

    def ask_for_permission(self) -> None:
        ask = self.ask
        for contact in (CONTACTS[0], CONTACTS[4], CONTACTS[9]):
            for scope in ({"purpose": "sale_or_sharing"}, {"purpose": "profiling"}):
                wanted = {"contact": contact, "text": "May we?", "evidence": "a form", **scope}
                ask("POST", "permission-requests", wanted)
        ask(
            "POST",
            "permission-requests",
            {"contact": CONTACTS[0], "text": "May we?", "purpose": "sale_or_sharing"},
        )
        asked = ask("GET", "permission-requests?limit=1")["data"][0]["id"]
        ask("GET", f"permission-requests/{asked}")
        self._answer_by_mail()
        ask("GET", f"permission-requests/{asked}")
        self.recorder.work()

    def _answer_by_mail(self) -> None:
        """Let the person say yes by the link in the mail that they got."""
        self.world.clock.begin_minute()
        (letter,) = (
            each for each in mails.sent() if each.to == [ANA] and "Acme asks" in each.subject
        )
        found = re.search(r"/p/\S+", str(letter.body))
        assert found
        page = Api().client.get(found[0]).content.decode()
        asked = re.search(r'name="asked" value="([^"]+)"', page)
        assert asked
        answer = Api().client.post(found[0], {"asked": asked[1], "answer": "yes"})
        assert answer.status_code == 200

    def hear(self) -> None:
        """Hand on what came by text message and mail, of other addresses first, under one name."""
        ask = self.ask
        for sender in (PHONE, "+4915100000000"):
            for text in ("STOP", "HELP", "START", "hello"):
                ask("POST", "inbound/sms", {"from": sender, "text": text, "id": f"sms-{text}"})
        self.hear_mail()
        for sender in (PRIVATE, ANA):
            told = {
                "RecordType": "SubscriptionChange", "Recipient": sender, "SuppressSending": True,
                "ChangedAt": "2026-03-02T07:00:00Z", "MessageID": "one-message", "Tag": "spring",
                "SuppressionReason": "ManualSuppression", "Origin": "Recipient",
            }  # fmt: skip
            self._call_inlet(told)
        self.recorder.work()
        ask("GET", "events?after=10")

    def hear_mail(self) -> None:
        for sender in (PRIVATE, ANA, NOBODY, "none"):
            letter = {"from": sender, "subject": "unsubscribe", "text": "stop", "id": "mail-1"}
            self.ask("POST", "inbound/mail", letter)
        self.recorder.work()

    def _call_inlet(self, told: dict[str, Any]) -> None:
        self.world.clock.begin_minute()
        number = f"{len(self.recorder.answers) + 1}"
        path = "/" + self.inlet.split("/", 3)[3]
        answer = Api().client.post(path, told, JSON, headers={"X-Request-Id": number})
        self.recorder._keep(f"{number} POST {path} {told}", answer)

    def use_links(self) -> None:
        ask, page = self.ask, self.recorder.open_page
        about = {
            "purpose": "marketing",
            "channel": "email",
            "topic": "offers",
            "campaign": "spring",
        }
        many = ask("POST", "links", {"contacts": CONTACTS, **about})["data"]
        ask("POST", "links", {"contact": CONTACTS[4]})
        made = ask("POST", "links", {"contact": CONTACTS[0]})
        page("GET", made["preferences_url"])
        page("GET", made["one_click_url"])
        page("POST", made["preferences_url"], say="deny:research:voice::")
        page("POST", made["preferences_url"], say="grant:research:voice::")
        page("POST", many[0]["one_click_url"], **{"List-Unsubscribe": "One-Click"})
        page("POST", many[0]["one_click_url"], **{"List-Unsubscribe": "One-Click"})
        page("GET", many[0]["preferences_url"])
        self.recorder.work()

    def look_back(self) -> None:
        """Ask about the past and the time to come, and use what a subscription offers."""
        ask, about = self.ask, {"contact": {"email": ANA}, **MATTERS[1]}
        moments = [
            "2026-03-01T00:00:00Z",
            "2026-03-02T09:30:00Z",
            "2026-03-02T12:00:00Z",
            "2027-01-01T00:00:00Z",
        ]
        for contact in (CONTACTS[0], CONTACTS[1], CONTACTS[4], CONTACTS[9]):
            for moment in moments:
                ask("POST", "check", about | {"contact": contact, "as_of": moment})
                ask("POST", "check", about | {"contact": contact, "at": moment})
        hook = f"subscriptions/{self.hook_id}"
        for path in ("", "/attempts?limit=3", "/attempts", "/parked", "/jwks.json"):
            ask("GET", hook + path)
        for path, body in [
            ("/ping", None), ("/seek", {"after": 3}), ("/replay", {"from": 1, "to": 4}),
            ("/rotate", None), ("/disable", None), ("/enable", None),
        ]:  # fmt: skip
            ask("POST", hook + path, body)
        ask("PUT", hook, {"url": self.world.hook.url_for(HOOK), "event_types": ["preference.*"]})
        self.recorder.work()
        last = ask("GET", "events?limit=1000")["data"][-1]["sequence"]
        ask("POST", "events/ack", {"through": last - 2})
        ask("POST", "events/ack", {"through": last + 1})
        ask("GET", "reports/own")
        ask("GET", "campaigns/spring/stats")

    # -- The end -----------------------------------------------------------------------------------

    def end(self) -> None:
        """Let the person end the relationship."""
        world, ask = self.world, self.ask
        world.clock.begin_minute()
        lifecycle.end_relationship(world.known(), by=Actor("portal"), now=world.clock.now)
        self.recorder.work(later=timedelta(days=1))
        again = {"contact": {"email": ANA}, "ref": ANA_REF, "note": "Once more."}
        ask("POST", "relationships", again)
        ask("POST", "choices", {"contact": {"email": ANA}, "scope": {}, "decision": "deny"})
        ask("POST", "inbound/mail", {"from": ANA, "text": "unsubscribe", "id": "mail-9"})
        ask(
            "POST",
            "check",
            {"contact": {"ref": ANA_REF}, **MATTERS[0], "as_of": "2026-03-02T12:00:00Z"},
        )
        self.ask_everything()

    def close(self) -> None:
        self.ask("DELETE", f"subscriptions/{self.hook_id}")
        self.ask("GET", "subscriptions")

    # -- Asking ------------------------------------------------------------------------------------

    def ask_everything(self) -> None:
        """Ask all that can be asked at any time and changes nothing."""
        ask = self.ask
        for contact in CONTACTS:
            ask("POST", "check", {"contact": contact, **MATTERS[0]})
            ask("POST", "check", {"contact": contact, "questions": QUESTIONS})
        for matter in MATTERS[1:]:
            ask("POST", "check", {"contact": CONTACTS[0], "campaign": "spring", **matter})
        supposed = [{"scope": {"purpose": "marketing"}, "decision": "grant"}]
        for contact in (CONTACTS[0], CONTACTS[4]):
            ask("POST", "check", {"contact": contact, "questions": QUESTIONS, "suppose": supposed})
        for matter in MATTERS[:4]:
            ask("POST", "checks", {"contacts": CONTACTS, **matter})
        lines = "\n".join(json.dumps(each) for each in [*CONTACTS, {}])
        ask("POST", "checks/stream?purpose=marketing&channel=email", lines, form=NDJSON)
        for path in _lists():
            ask("GET", path)


def _lists() -> Iterator[str]:
    for form in ("ndjson", "csv"):
        yield f"exports/preferences?form={form}"
        for channel in ("email", "sms"):
            asked = f"suppressions?purpose=marketing&channel={channel}&form={form}"
            yield asked
            yield f"{asked}&contact=email"
            yield f"{asked}&contact=phone&since=3"
    yield "exports/preferences?since=5"
    yield "exports/preferences?since=100000"
    yield from ("events?limit=1000", "events?after=4&limit=2", "events/overdue", "events/newest")
    yield from ("permission-requests", "imports", "keys")
