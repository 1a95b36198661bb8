"""POST /inbound/sms and /inbound/mail: replies that a brand passes on."""

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
from consent.ledger.recording import Actor, ChoiceTerms, NewChoice
from consent.models import Identifier, LedgerEntry, Relationship, Subject
from consent.relationships import lifecycle
from tests.conftest import EMAIL, Api
from tests.factories import record_choice

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
    record_choice(
        known.person_id, "grant", scope, by=Actor("brand_api", acme.pk), now=now, evidence="Form 7"
    )
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


def list_entries() -> list[LedgerEntry]:
    return list(LedgerEntry.objects.exclude(text__evidence="Form 7").order_by("recorded_at"))


# -- Text messages --------------------------------------------------------------------------------


def test_sms_stop_records_denial_of_person(as_acme: Api, texted: Relationship) -> None:
    answer = text(as_acme, "STOP", received_at=SAID_AT, id="SM42")
    assert answer["understood"] == "stop"
    scope = {"brand": "acme", "purpose": "marketing", "channel": "sms"}
    assert answer["choice"]["scope"] == {**scope, "topic": None, "contact_point": None}
    assert answer["choice"]["decision"] == "deny"
    assert "no more marketing texts" in answer["confirmation"]
    assert may_text(texted.brand) == "person_denied"
    (entry,) = list_entries()
    assert (entry.maker, entry.source, entry.decision) == ("person", "sms", "deny")
    assert entry.evidence == "Text message SM42: “stop”, 2026-01-15T12:30:00+00:00"
    assert entry.made_at == datetime(2026, 1, 15, 12, 30, tzinfo=UTC)


def test_sms_stop_appends_event(as_acme: Api, texted: Relationship) -> None:
    text(as_acme, "please stop texting me")
    event = Event.objects.filter(brand=texted.brand).latest("sequence")
    assert event.type == "preference.denied"


def test_sms_stop_stores_words_without_address(as_acme: Api, texted: Relationship) -> None:
    text(as_acme, f"Stop texting me, I am {EMAIL} {NUMBER}", id=f"{NUMBER}-7")
    (entry,) = list_entries()
    assert EMAIL not in entry.evidence and NUMBER.lstrip("+") not in entry.evidence
    assert "sha256:" in entry.evidence and "“stop texting”" in entry.evidence


@pytest.mark.parametrize("words", ["don't stop, I love it", "yes", "see you on Monday", "", "👍"])
def test_sms_without_request_records_nothing(
    words: str, as_acme: Api, texted: Relationship
) -> None:
    nothing = dict.fromkeys(("understood", "choice", "words", "confirmation"))
    assert text(as_acme, words) == {**nothing, "reason": "no_request"}
    assert list_entries() == []


def test_sms_help_records_nothing(as_acme: Api, texted: Relationship) -> None:
    answer = text(as_acme, "Help")
    assert (answer["understood"], answer["choice"]) == ("help", None)
    assert "STOP" in answer["confirmation"]
    assert list_entries() == []


def test_sms_start_without_denial_records_grant(as_acme: Api, acme: Brand, now: datetime) -> None:
    met_by(Contact(phone=NUMBER), acme, now)
    answer = text(as_acme, "START", id="SM1")
    assert (answer["understood"], answer["choice"]["decision"]) == ("start", "grant")
    assert may_text(acme) == "brand_granted"
    (entry,) = list_entries()
    assert (entry.maker, entry.source) == ("brand", "brand_api")
    assert entry.evidence.startswith("Text message SM1: “start”, ")


def test_sms_start_after_denial_records_nothing(as_acme: Api, texted: Relationship) -> None:
    """Nobody but the brand can say that it was ever written."""
    text(as_acme, "STOP")
    assert text(as_acme, "START")["understood"] == "start"
    assert may_text(texted.brand) == "person_denied"


def test_sms_same_id_again_records_nothing(as_acme: Api, texted: Relationship) -> None:
    """Not even when the person said yes in between."""
    first = text(as_acme, "STOP", id="SM42", received_at=SAID_AT)
    scope = Scope(texted.brand_id, "marketing", "sms")
    yes = [NewChoice(scope, ChoiceTerms("grant"))]
    recording.record_choices(texted.person_id, yes, by=Actor("portal"), now=timezone.now())
    assert text(as_acme, "STOP", id="SM42", received_at=SAID_AT) == first
    assert may_text(texted.brand) == "person_granted"
    text(as_acme, "STOP", id="SM43")
    assert may_text(texted.brand) == "person_denied"


def test_sms_start_again_records_one_grant(as_acme: Api, acme: Brand, now: datetime) -> None:
    met_by(Contact(phone=NUMBER), acme, now)
    for _ in range(2):
        text(as_acme, "START", id="SM42")
    assert len(list_entries()) == 1


def test_sms_stop_again_records_one_denial(as_acme: Api, texted: Relationship) -> None:
    for _ in range(3):
        text(as_acme, "STOP")
    assert len(list_entries()) == 1


def test_sms_stop_while_paused_records_denial(as_acme: Api, texted: Relationship) -> None:
    scope, now = Scope(texted.brand_id, "marketing", "sms"), timezone.now()
    record_choice(texted.person_id, "pause", scope, now=now, until=now + timedelta(days=1))
    text(as_acme, "STOP")
    assert list_entries()[-1].decision == "deny"


def test_sms_stop_in_future_is_recorded_now(as_acme: Api, texted: Relationship) -> None:
    text(as_acme, "STOP", received_at="2099-01-01T00:00:00Z")
    (entry,) = list_entries()
    assert entry.made_at == entry.recorded_at


def test_sms_older_stop_keeps_newer_grant(as_acme: Api, texted: Relationship) -> None:
    scope = Scope(texted.brand_id, "marketing", "sms")
    record_choice(texted.person_id, "grant", scope)
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
def test_mail_with_request_records_denial(
    subject: str, words: str, as_acme: Api, met: Relationship
) -> None:
    answer = mail(as_acme, subject, words, received_at=SAID_AT, id="m-1")
    assert answer["understood"] == "stop"
    assert answer["choice"]["scope"]["channel"] == "email"
    (entry,) = list_entries()
    assert (entry.maker, entry.source, entry.channel) == ("person", "mail_reply", "email")
    assert entry.evidence.startswith("Mail m-1: “")


def test_mail_sender_with_name_is_found(as_acme: Api, met: Relationship) -> None:
    mail(as_acme, "unsubscribe", "", **{"from": f'"Ana, of course" <{EMAIL}>'})
    assert len(list_entries()) == 1


def test_mail_id_is_not_masked_as_address(as_acme: Api, met: Relationship) -> None:
    for _ in range(2):
        mail(as_acme, "unsubscribe", "", id="<CAF1@mail.example.org>")
    (entry,) = list_entries()
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
def test_mail_without_request_records_nothing(
    subject: str, words: str, auto_submitted: str, reason: str, as_acme: Api
) -> None:
    answer = mail(as_acme, subject, words, auto_submitted=auto_submitted)
    assert (answer["understood"], answer["words"], answer["reason"]) == (None, None, reason)
    assert list_entries() == []


@pytest.mark.usefixtures("met")
def test_mail_by_apple_mail_button_records_denial(as_acme: Api) -> None:
    headers = {"auto_submitted": "auto-replied", "x_apple_unsubscribe": "true"}
    answer = mail(as_acme, "Re: 8f2c41", "", **headers)
    assert (answer["understood"], answer["words"]) == ("stop", "apple mail")
    assert len(list_entries()) == 1


@pytest.mark.usefixtures("met")
def test_mail_missing_headers_may_be_null(as_acme: Api) -> None:
    answer = mail(as_acme, "unsubscribe", "", auto_submitted=None, x_apple_unsubscribe=None)
    assert answer["understood"] == "stop"


@pytest.mark.usefixtures("texted")
def test_mail_answer_contains_only_matched_words(as_acme: Api) -> None:
    answer = text(as_acme, "Please remove Ana Doe from your list")
    assert (answer["words"], answer["reason"]) == ("remove from list", None)


@pytest.mark.usefixtures("texted")
def test_sms_reaction_records_nothing(as_acme: Api) -> None:
    answer = text(as_acme, "Liked “Acme: 20% off boots today. Reply STOP to opt out”")
    assert (answer["understood"], answer["reason"]) == (None, "quoted_only")
    assert list_entries() == []


# -- Whoever it is from ---------------------------------------------------------------------------


@pytest.fixture
def stranger(db: None, now: datetime) -> Consumer:
    """A person that acme has never met."""
    return ownership.open_account(email="bo@example.org", password="x" * 20, verified_at=now)


@pytest.mark.usefixtures("met", "texted", "stranger")
@pytest.mark.parametrize("words", ["STOP", "START", "HELP", "hello"])
def test_message_of_known_and_unknown_gets_same_answer(words: str, as_acme: Api) -> None:
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
def test_mail_of_unknown_address_stores_denial(as_acme: Api) -> None:
    """It counts from the moment at which the brand registers the address."""
    mail(as_acme, "unsubscribe", "", **{"from": BO})
    mail(as_acme, "unsubscribe", "", **{"from": BO})
    (no,) = list_entries()
    assert no.contact_point == Identifier.objects.get(subject=no.subject)
    assert not Event.objects.exists()
    assert as_acme.post("check", MARKETING).json()["rule"] == "no_relationship"
    as_acme.post("relationships", {"contact": {"email": BO}, "note": "A customer."})
    assert as_acme.post("check", MARKETING).json()["rule"] == "person_denied"


def test_sms_start_of_unknown_number_stores_nothing(as_acme: Api) -> None:
    before = Identifier.objects.count(), Subject.objects.count()
    text(as_acme, "START")
    mail(as_acme, "Thank you", "How nice.", **{"from": BO})
    assert list_entries() == []
    assert (Identifier.objects.count(), Subject.objects.count()) == before


def test_mail_from_other_own_address_is_hidden_from_brand(
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
    (no,) = list_entries()
    assert list(LedgerEntry.objects.of_person(ana.subject_id)) == [no]


@pytest.mark.usefixtures("met")
def test_mail_records_denial_of_own_brand_only(as_rival: Api, as_acme: Api, rival: Brand) -> None:
    mail(as_rival, "unsubscribe", "")
    (no,) = list_entries()
    assert no.brand == rival
    asked = MARKETING | {"contact": {"email": EMAIL}}
    assert as_acme.post("check", asked).json()["rule"] == "default_opt_in"


def test_mail_after_relationship_end_records_denial(
    as_acme: Api, met: Relationship, ana: Consumer
) -> None:
    lifecycle.end_relationship(met, by=Actor("api"), now=timezone.now())
    mail(as_acme, "unsubscribe", "")
    assert len(list_entries()) == 1


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
def test_message_invalid_body_is_refused(
    path: str, message: Any, code: str, field: str | None, as_acme: Api
) -> None:
    answer = as_acme.post(f"inbound/{path}", message)
    assert answer.status_code == 422
    problem = answer.json()
    assert problem["code"] == code or (field is None and problem["field"] == "received_at")
    assert field is None or problem["field"] == field


@pytest.mark.parametrize("path", ["sms", "mail"])
def test_message_without_scope_is_refused(path: str, acme: Brand) -> None:
    narrow = Api(brand_keys.issue_key(acme, name="narrow", scopes=["check"]))
    answer = narrow.post(f"inbound/{path}", {"from": NUMBER, "text": "STOP"})
    assert (answer.status_code, answer.json()["code"]) == (403, "missing_scope")
