"""What people answer a brand by text and by mail, as the brand hands it on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from brands.credentials import brand_keys
from brands.models import Brand, Event
from cmr.accounts import ownership
from cmr.models import Consumer
from consent.checks import single
from consent.checks.single import Asked
from consent.decision.resolution import Scope
from consent.identity import identifiers
from consent.identity.identifiers import Contact
from consent.ledger import recording
from consent.ledger.recording import Actor, NewChoice
from consent.models import Identifier, LedgerEntry, Relationship, Subject
from consent.relationships import lifecycle
from tests.conftest import EMAIL, Api

NUMBER = "+4915112345678"
SAID_AT = "2026-01-15T12:30:00Z"


def met_by(contact: Contact, brand: Brand, now: datetime) -> Relationship:
    """The brand's relationship with whoever has this address."""
    digest = identifiers.compute_contact_digest(contact)
    assert digest is not None
    person = identifiers.find_or_create_identifier(digest).subject_id
    return lifecycle.start_relationship(person, brand, by=Actor("brand_api", brand.pk), now=now)[0]


@pytest.fixture
def texted(acme: Brand, now: datetime) -> Relationship:
    """Acme knows somebody by a number, and may text them."""
    known = met_by(Contact(phone=NUMBER), acme, now)
    scope = Scope(acme.pk, "marketing", "sms")
    yes = NewChoice(scope, "grant", evidence="Form 7")
    recording.record_choices(known.person_id, [yes], by=Actor("brand_api", acme.pk), now=now)
    return known


def text(api: Api, said: str, **more: Any) -> Any:
    answer = api.post("inbound/sms", {"from": NUMBER, "text": said, **more})
    assert answer.status_code == 200, answer.content
    return answer.json()


def mail(api: Api, subject: str, said: str, **more: Any) -> Any:
    message = {"from": EMAIL, "subject": subject, "text": said, **more}
    answer = api.post("inbound/mail", message)
    assert answer.status_code == 200, answer.content
    return answer.json()


def may_text(brand: Brand) -> str:
    asked = Asked(brand.pk, Contact(phone=NUMBER), "marketing", "sms")
    return single.check_contact(asked, now=timezone.now()).rule


def said() -> list[LedgerEntry]:
    return list(LedgerEntry.objects.exclude(text__evidence="Form 7").order_by("recorded_at"))


# -- Text messages --------------------------------------------------------------------------------


def test_a_stop_is_the_person_s_own_no(as_acme: Api, texted: Relationship) -> None:
    answer = text(as_acme, "STOP", received_at=SAID_AT, id="SM42")
    assert answer["understood"] == "stop"
    scope = {"brand": "acme", "purpose": "marketing", "channel": "sms"}
    assert answer["choice"]["scope"] == {**scope, "topic": None, "contact_point": None}
    assert answer["choice"]["decision"] == "deny"
    assert "no more marketing texts" in answer["confirmation"]
    assert may_text(texted.brand) == "person_denied"
    (entry,) = said()
    assert (entry.maker, entry.source, entry.decision) == ("person", "sms", "deny")
    assert entry.evidence == "Text message SM42: “stop”, 2026-01-15T12:30:00+00:00"
    assert entry.made_at == datetime(2026, 1, 15, 12, 30, tzinfo=UTC)


def test_the_brand_hears_of_it_like_of_any_no(as_acme: Api, texted: Relationship) -> None:
    text(as_acme, "please stop texting me")
    event = Event.objects.filter(brand=texted.brand).latest("sequence")
    assert event.type == "preference.denied"


def test_the_words_are_kept_without_the_address(as_acme: Api, texted: Relationship) -> None:
    text(as_acme, f"Stop texting me, I am {EMAIL} {NUMBER}", id=f"{NUMBER}-7")
    (entry,) = said()
    assert EMAIL not in entry.evidence and NUMBER.lstrip("+") not in entry.evidence
    assert "sha256:" in entry.evidence and "“stop texting”" in entry.evidence


@pytest.mark.parametrize("words", ["don't stop, I love it", "yes", "see you on Monday", "", "👍"])
def test_what_is_not_understood_is_recorded_nowhere(
    words: str, as_acme: Api, texted: Relationship
) -> None:
    nothing = dict.fromkeys(("understood", "choice", "words", "confirmation"))
    assert text(as_acme, words) == {**nothing, "reason": "no_request"}
    assert said() == []


def test_help_is_answered_and_recorded_nowhere(as_acme: Api, texted: Relationship) -> None:
    answer = text(as_acme, "Help")
    assert (answer["understood"], answer["choice"]) == ("help", None)
    assert "STOP" in answer["confirmation"]
    assert said() == []


def test_a_start_counts_where_the_person_had_said_nothing(
    as_acme: Api, acme: Brand, now: datetime
) -> None:
    met_by(Contact(phone=NUMBER), acme, now)
    answer = text(as_acme, "START", id="SM1")
    assert (answer["understood"], answer["choice"]["decision"]) == ("start", "grant")
    assert may_text(acme) == "brand_granted"
    (entry,) = said()
    assert (entry.maker, entry.source) == ("brand", "brand_api")
    assert entry.evidence.startswith("Text message SM1: “start”, ")


def test_a_start_lifts_no_no_of_the_person_s_own(as_acme: Api, texted: Relationship) -> None:
    """Nobody but the brand can say that it was ever written."""
    text(as_acme, "STOP")
    assert text(as_acme, "START")["understood"] == "start"
    assert may_text(texted.brand) == "person_denied"


def test_the_same_message_does_nothing_twice(as_acme: Api, texted: Relationship) -> None:
    """Not even when the person said yes in between."""
    first = text(as_acme, "STOP", id="SM42", received_at=SAID_AT)
    scope = Scope(texted.brand_id, "marketing", "sms")
    yes = [NewChoice(scope, "grant")]
    recording.record_choices(texted.person_id, yes, by=Actor("portal"), now=timezone.now())
    assert text(as_acme, "STOP", id="SM42", received_at=SAID_AT) == first
    assert may_text(texted.brand) == "person_granted"
    text(as_acme, "STOP", id="SM43")
    assert may_text(texted.brand) == "person_denied"


def test_a_repeated_start_is_one_yes(as_acme: Api, acme: Brand, now: datetime) -> None:
    met_by(Contact(phone=NUMBER), acme, now)
    for _ in range(2):
        text(as_acme, "START", id="SM42")
    assert len(said()) == 1


def test_a_no_that_stands_is_not_said_again(as_acme: Api, texted: Relationship) -> None:
    for _ in range(3):
        text(as_acme, "STOP")
    assert len(said()) == 1


def test_a_pause_is_no_reason_to_lose_a_no(as_acme: Api, texted: Relationship) -> None:
    scope, now = Scope(texted.brand_id, "marketing", "sms"), timezone.now()
    pause = NewChoice(scope, "pause", until=now + timedelta(days=1))
    recording.record_choices(texted.person_id, [pause], by=Actor("portal"), now=now)
    text(as_acme, "STOP")
    assert said()[-1].decision == "deny"


def test_a_clock_that_runs_ahead_loses_nothing(as_acme: Api, texted: Relationship) -> None:
    text(as_acme, "STOP", received_at="2099-01-01T00:00:00Z")
    (entry,) = said()
    assert entry.made_at == entry.recorded_at


def test_an_older_stop_does_not_beat_a_newer_yes(as_acme: Api, texted: Relationship) -> None:
    scope = Scope(texted.brand_id, "marketing", "sms")
    recording.record_choices(
        texted.person_id, [NewChoice(scope, "grant")], by=Actor("portal"), now=timezone.now()
    )
    text(as_acme, "STOP", received_at=SAID_AT)
    assert may_text(texted.brand) == "person_granted"


# -- Mail -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("subject", "words"),
    [
        ("unsubscribe", ""),
        ("Re: Spring", "Please remove me from your list.\n\n> Spring is here"),
        (
            "AW: Frühling",
            "Bitte melden Sie mich ab.\n\nAm 3.2. schrieb Acme:\n> Hallo",
        ),
    ],
)
def test_a_mail_that_asks_for_no_more(
    subject: str, words: str, as_acme: Api, met: Relationship
) -> None:
    answer = mail(as_acme, subject, words, received_at=SAID_AT, id="m-1")
    assert answer["understood"] == "stop"
    assert answer["choice"]["scope"]["channel"] == "email"
    (entry,) = said()
    assert (entry.maker, entry.source, entry.channel) == ("person", "mail_reply", "email")
    assert entry.evidence.startswith("Mail m-1: “")


def test_the_sender_may_have_a_name(as_acme: Api, met: Relationship) -> None:
    mail(as_acme, "unsubscribe", "", **{"from": f'"Ana, of course" <{EMAIL}>'})
    assert len(said()) == 1


def test_the_id_of_a_mail_is_not_taken_for_an_address(as_acme: Api, met: Relationship) -> None:
    for _ in range(2):
        mail(as_acme, "unsubscribe", "", id="<CAF1@mail.example.org>")
    (entry,) = said()
    assert "@" not in entry.evidence


@pytest.mark.usefixtures("met")
@pytest.mark.parametrize(
    ("subject", "words", "auto_submitted", "reason"),
    [
        ("Re: Spring", "Thank you!\n\n> To unsubscribe click here: unsubscribe", "", "quoted_only"),
        ("Re: Spring", "\n> Spring is here", "", "quoted_only"),
        ("Re: Unsubscribe any time", "Lovely.", "", "no_request"),
        ("Out of office", "Please stop by on Monday. Unsubscribe", "", "automatic"),
        ("Spring", "unsubscribe", "auto-replied", "automatic"),
        ("START", "start", "", "no_request"),
        ("Help", "help", "", "no_request"),
        ("Re: Spring", "Thank you!\n\n> Spring is here", "", "no_request"),
    ],
)
def test_a_mail_that_says_nothing_of_the_kind(
    subject: str, words: str, auto_submitted: str, reason: str, as_acme: Api
) -> None:
    answer = mail(as_acme, subject, words, auto_submitted=auto_submitted)
    assert (answer["understood"], answer["words"], answer["reason"]) == (None, None, reason)
    assert said() == []


@pytest.mark.usefixtures("met")
def test_the_button_of_apple_mail_whatever_the_mail_says(as_acme: Api) -> None:
    headers = {"auto_submitted": "auto-replied", "x_apple_unsubscribe": "true"}
    answer = mail(as_acme, "Re: 8f2c41", "", **headers)
    assert (answer["understood"], answer["words"]) == ("stop", "apple mail")
    assert len(said()) == 1


@pytest.mark.usefixtures("met")
def test_headers_that_a_mail_has_not_may_be_null(as_acme: Api) -> None:
    answer = mail(as_acme, "unsubscribe", "", auto_submitted=None, x_apple_unsubscribe=None)
    assert answer["understood"] == "stop"


@pytest.mark.usefixtures("texted")
def test_the_brand_is_told_the_words_and_not_what_stood_between(as_acme: Api) -> None:
    answer = text(as_acme, "Please remove Ana Doe from your list")
    assert (answer["words"], answer["reason"]) == ("remove from list", None)


@pytest.mark.usefixtures("texted")
def test_a_reaction_to_a_text_is_no_request(as_acme: Api) -> None:
    answer = text(as_acme, "Liked “Acme: 20% off boots today. Reply STOP to opt out”")
    assert (answer["understood"], answer["reason"]) == (None, "quoted_only")
    assert said() == []


# -- Whoever it is from ---------------------------------------------------------------------------


@pytest.fixture
def stranger(db: None, now: datetime) -> Consumer:
    """A person that acme has never met."""
    return ownership.open_account(email="bo@example.org", password="x" * 20, verified_at=now)


@pytest.mark.usefixtures("met", "texted", "stranger")
@pytest.mark.parametrize("words", ["STOP", "START", "HELP", "hello"])
def test_known_and_unknown_are_answered_alike(words: str, as_acme: Api) -> None:
    with time_machine.travel(datetime(2026, 2, 1, tzinfo=UTC), tick=False):
        texts = [
            as_acme.post("inbound/sms", {"from": each, "text": words, "received_at": SAID_AT})
            for each in (NUMBER, "+4915187654321")
        ]
        mails = [
            as_acme.post("inbound/mail", {"from": each, "subject": words, "text": ""})
            for each in (EMAIL, "bo@example.org", "nobody@example.org")
        ]
    for answers in (texts, mails):
        assert {each.status_code for each in answers} == {200}
        assert len({each.content for each in answers}) == 1
        heads = [set(each.headers) for each in answers]
        assert all(head == heads[0] for head in heads)


BO = "bo@example.org"
MARKETING = {"contact": {"email": BO}, "purpose": "marketing", "channel": "email"}


@pytest.mark.usefixtures("stranger", "acme")
def test_the_no_of_a_stranger_is_kept_for_this_address(as_acme: Api) -> None:
    """It counts from the moment at which the brand registers the address."""
    mail(as_acme, "unsubscribe", "", **{"from": BO})
    mail(as_acme, "unsubscribe", "", **{"from": BO})
    (no,) = said()
    assert no.contact_point == Identifier.objects.get(subject=no.subject)
    assert not Event.objects.exists()
    assert as_acme.post("check", MARKETING).json()["rule"] == "no_relationship"
    as_acme.post("relationships", {"contact": {"email": BO}, "note": "A customer."})
    assert as_acme.post("check", MARKETING).json()["rule"] == "person_denied"


def test_a_yes_of_a_stranger_is_not_kept(as_acme: Api) -> None:
    before = Identifier.objects.count(), Subject.objects.count()
    text(as_acme, "START")
    mail(as_acme, "Thank you", "How nice.", **{"from": BO})
    assert said() == []
    assert (Identifier.objects.count(), Subject.objects.count()) == before


def test_a_no_from_another_address_of_one_s_own_is_not_told_of_the_first(
    as_acme: Api, ana: Consumer, met: Relationship, now: datetime
) -> None:
    """Acme knows her by one address alone. Her other one stays unknown to it, and its no stands."""
    ownership.add_contact(ana, kind="email", value=BO, now=now)
    before = Event.objects.count()
    mail(as_acme, "unsubscribe", "", **{"from": BO})
    assert Event.objects.count() == before
    asked = MARKETING | {"contact": {"email": EMAIL}}
    assert as_acme.post("check", asked).json()["rule"] == "default_opt_in"
    as_acme.post("relationships", {"contact": {"email": BO}, "note": "A customer."})
    assert as_acme.post("check", MARKETING).json()["rule"] == "person_denied"
    assert as_acme.post("check", asked).json()["rule"] == "default_opt_in"
    (no,) = said()
    assert list(LedgerEntry.objects.of_person(ana.subject_id)) == [no]


@pytest.mark.usefixtures("met")
def test_one_brand_says_no_for_itself_alone(as_rival: Api, as_acme: Api, rival: Brand) -> None:
    mail(as_rival, "unsubscribe", "")
    (no,) = said()
    assert no.brand == rival
    asked = MARKETING | {"contact": {"email": EMAIL}}
    assert as_acme.post("check", asked).json()["rule"] == "default_opt_in"


def test_a_relationship_that_ended_keeps_the_no(
    as_acme: Api, met: Relationship, ana: Consumer
) -> None:
    lifecycle.end_relationship(met, by=Actor("api"), now=timezone.now())
    mail(as_acme, "unsubscribe", "")
    assert len(said()) == 1


# -- Calls that are wrong -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "message", "code", "field"),
    [
        ("sms", {"from": "nobody", "text": "STOP"}, "invalid_contact", "from"),
        ("sms", {"from": "nobody", "text": "hello"}, "invalid_contact", "from"),
        ("sms", {"from": "0151 123", "text": "STOP"}, "invalid_contact", "from"),
        ("mail", {"from": "nobody", "text": "STOP"}, "invalid_contact", "from"),
        ("sms", {"text": "STOP"}, "required", "from"),
        ("sms", {"from": NUMBER}, "required", "text"),
        ("sms", {"from": NUMBER, "text": "a\0"}, "null_characters_not_allowed", "text"),
        ("sms", {"from": NUMBER, "text": "STOP", "to": "1"}, "unknown_field", "to"),
        ("sms", {"from": NUMBER, "text": "STOP", "received_at": "2026-01-01"}, "invalid", None),
        ("sms", {"from": NUMBER, "text": "x" * 5_001}, "max_length", "text"),
    ],
)
def test_a_message_that_cannot_be(
    path: str, message: Any, code: str, field: str | None, as_acme: Api
) -> None:
    answer = as_acme.post(f"inbound/{path}", message)
    assert answer.status_code == 422
    problem = answer.json()
    assert problem["code"] == code or (field is None and problem["field"] == "received_at")
    assert field is None or problem["field"] == field


@pytest.mark.parametrize("path", ["sms", "mail"])
def test_a_key_needs_the_scope(path: str, acme: Brand) -> None:
    narrow = Api(brand_keys.issue_key(acme, name="narrow", scopes=["check"]))
    answer = narrow.post(f"inbound/{path}", {"from": NUMBER, "text": "STOP"})
    assert (answer.status_code, answer.json()["code"]) == (403, "missing_scope")
