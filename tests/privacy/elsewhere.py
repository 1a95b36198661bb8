"""What a person does, and what happens to them, away from acme: nothing of it is acme's to know.

Each act is called at three moments of the script: `before` acme meets the person, `between` that
and what the person says to acme, and `after` it. To add one, write it here and put it into
`ELSEWHERE`.
"""

from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator
from django.test import Client

from cmr.accounts import ownership
from cmr.choices import links
from cmr.choices.links import Link
from cmr.personal_data import erasure
from cmr.sign_in import access_tokens
from consent.decision.resolution import Scope
from consent.identity import identifiers
from consent.identity.identifiers import Contact
from consent.ledger.recording import Actor, ChoiceTerms, NewChoice
from consent.models import Relationship
from consent.relationships import lifecycle, merging
from tests.conftest import PASSWORD, Api
from tests.privacy.world import ANA, PHONE, PRIVATE, Elsewhere, World, expect

MAIL: dict[str, Any] = {"purpose": "marketing", "channel": "email"}


def register(world: World, api: Api, contact: dict[str, str], ref: str, **more: str) -> None:
    """Let another brand register an address of the person."""
    world.clock.pass_second()
    said = {"contact": contact, "ref": ref, "note": "Elsewhere.", **more}
    expect(api.post("relationships", said), 200, 201)


def say(world: World, decision: str, more: dict[str, Any] | None = None, **scope: Any) -> None:
    """Let the person, who has an account, say something."""
    world.clock.pass_second()
    said = {"scope": scope, "decision": decision, **(more or {})}
    expect(world.as_person.post("me/choices", said), 201)


def open_account(world: World, moment: str) -> None:
    """An account, opened before acme knows the address."""
    if moment == "before":
        world.open_account()


def open_account_later(world: World, moment: str) -> None:
    """An account, opened by somebody whom acme knows already."""
    if moment == "between":
        world.open_account()


def change_settings(world: World, moment: str) -> None:
    """A language, a time zone, a password, a second factor, a passkey, tokens and sign-ins."""
    consumer = world.open_account()
    zone = {"before": "Asia/Tokyo", "between": "America/Lima", "after": "Europe/Berlin"}[moment]
    change = {"language": "de", "time_zone": zone}
    expect(world.as_person.patch("me", change), 200)
    access_tokens.issue_token(consumer, name=moment)
    consumer.user.set_password(f"{PASSWORD} {moment}")
    consumer.user.save()
    browser = Client()
    browser.force_login(consumer.user)
    assert browser.get("/you").status_code == 200
    kinds = {"before": "totp", "between": "webauthn", "after": "recovery_codes"}
    Authenticator.objects.create(user=consumer.user, type=kinds[moment], data={})


def choose_elsewhere(world: World, moment: str) -> None:
    """Choices about other brands, of every kind."""
    world.open_account()
    if moment == "before":
        expect(world.as_person.post("me/relationships", {"brand": "rival"}), 201)
        say(world, "deny", brand="rival")
        say(world, "grant", brand="third", purpose="marketing")
    if moment == "between":
        say(world, "grant", brand="rival", **MAIL)
        say(world, "limit", {"limit": {"max": 1, "per": "week"}}, brand="rival", **MAIL)
        say(world, "pause", {"until": "2026-03-09T12:34:56Z"}, brand="third")
    if moment == "after":
        say(world, "clear", brand="rival")
        say(world, "deny", {"reason": "not_relevant"}, brand="third", **MAIL)


def deal_with_others(world: World, moment: str) -> None:
    """Relationships with other brands: registered, asked, imported, written to, and ended."""
    if moment == "before":
        register(world, world.as_rival, {"email": ANA}, "rival-1", jurisdiction="US-CA")
        register(world, world.as_third, {"email": ANA}, "customer-1")
    if moment == "between":
        contact = {"email": ANA}
        yes = {"contact": contact, "decision": "grant", "evidence": "By phone"}
        expect(world.as_rival.post("choices", yes | {"scope": {"purpose": "research"}}), 201, 409)
        wanted = {"contact": contact, "purpose": "marketing", "channel": "email", "text": "May we?"}
        expect(
            world.as_rival.post("permission-requests", wanted | {"evidence": "a form"}), 201, 409
        )
        stop = {"from": ANA, "text": "unsubscribe", "id": "mail-1"}
        expect(world.as_third.post("inbound/mail", stop), 200)
        known = Relationship.objects.select_related("brand").get(brand=world.rival, ref="rival-1")
        no = NewChoice(Scope(world.rival.pk, "profiling"), ChoiceTerms("deny"))
        links.record_link_choice(Link(known, proven=True), no, now=world.clock.now)
    if moment == "after":
        known = Relationship.objects.select_related("brand").get(brand=world.rival, ref="rival-1")
        lifecycle.end_relationship(known, by=Actor("portal"), now=world.clock.now)


def be_sent_elsewhere(world: World, moment: str) -> None:
    """Sends of other brands, that no limit of theirs counts."""
    if moment == "before":
        register(world, world.as_rival, {"email": ANA}, "rival-1")
    yes = {"contact": {"email": ANA}, "scope": MAIL, "decision": "grant", "evidence": "Form 1"}
    expect(world.as_rival.post("choices", yes), 201, 409)
    world.clock.pass_second()
    expect(world.as_rival.post("sends/reserve", {"contact": {"email": ANA}, **MAIL}), 200, 201)


def prove_addresses(world: World, moment: str) -> None:
    """Other addresses, proved before or later, of which one is known to another brand; and noes
    for them alone, to acme and to everybody."""
    world.open_account()
    if moment == "before":
        register(world, world.as_rival, {"email": PRIVATE}, "rival-private")
        point = world.prove(PRIVATE)
        say(world, "deny", brand="acme", contact_point=point)
        say(world, "deny", contact_point=point)
    if moment == "between":
        register(world, world.as_third, {"phone": PHONE}, "third-phone")
        point = world.prove(PHONE)
        say(world, "grant", purpose="profiling", contact_point=point)
        say(world, "deny", brand="acme", purpose="research", channel="sms", contact_point=point)
    if moment == "after":
        points = world.open_account().contact_points.order_by("pk")
        ownership.remove_contact(points[1], now=world.clock.now)


def be_merged_elsewhere(world: World, moment: str) -> None:
    """Two subjects that others know, with things said of others, turn out to be one person."""
    if moment == "before":
        register(world, world.as_rival, {"email": PRIVATE}, "rival-private")
        known = Relationship.objects.select_related("brand").get(
            brand=world.rival, ref="rival-private"
        )
        for scope in (Scope(world.rival.pk), Scope(world.rival.pk, "marketing", "sms")):
            world.clock.pass_second()
            no = NewChoice(scope, ChoiceTerms("deny"))
            links.record_link_choice(Link(known, proven=True), no, now=world.clock.now)
    if moment == "between":
        world.prove(PRIVATE)
    if moment == "after":
        contact = Contact(phone=PHONE)
        digest = identifiers.compute_contact_digest(contact)
        assert digest is not None
        phone = identifiers.find_or_create_identifier(digest).subject_id
        merging.merge_subjects(phone, into=world.known().person_id, now=world.clock.now)


def erase_account(world: World, moment: str) -> None:
    """An account that is gone again, of somebody whose no to acme stands."""
    consumer = world.open_account()
    if moment == "after":
        erasure.erase_account(consumer, first_stop=False, by="api", now=world.clock.now)


def know_others(world: World, moment: str) -> None:
    """Other people, whom other brands know and write to."""
    contact = {"email": f"dora.{moment}@example.org"}
    register(world, world.as_rival, contact, f"dora-{moment}")
    no = {"contact": contact, "scope": {}, "decision": "deny"}
    expect(world.as_rival.post("choices", no), 201)


ELSEWHERE: dict[str, list[Elsewhere]] = {
    "an account": [open_account],
    "an account, later": [open_account_later],
    "settings": [change_settings],
    "choices": [choose_elsewhere],
    "relationships": [deal_with_others],
    "sends": [be_sent_elsewhere],
    "addresses": [prove_addresses],
    "a merge": [be_merged_elsewhere],
    "an erased account": [erase_account],
    "other people": [know_others],
}
#: As much of it as fits into one life.
ALL: list[Elsewhere] = [
    know_others,
    change_settings,
    choose_elsewhere,
    be_sent_elsewhere,
    deal_with_others,
    prove_addresses,
]
