"""Account takeover: what a thief can do, what the owner is told, and how they recover.

The thief holds a token, a session that somebody left open, or a session a moment old.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
import time_machine
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import SECRET_SESSION_KEY
from django.core import mail, signing
from django.test import Client, TestCase
from django.utils import timezone

from cmr import tasks
from cmr.accounts import access, notices, ownership, recovery_links
from cmr.accounts.notices import AccountChange
from cmr.models import AccessToken, Consumer, ContactPoint, RemovedAddress, TokenScope, User
from cmr.sign_in import access_tokens
from tests import mails
from tests.conftest import EMAIL, PASSWORD, Api
from tests.factories import open_account
from tests.factors import app_code, enrol

THIEF = "thief@evil.example"
LATE = timedelta(minutes=16)
WEEK = timedelta(days=7, minutes=1)


def code() -> str:
    found = re.search(r"\b[A-Z0-9]{3,4}-?[A-Z0-9]{3,4}\b", str(mail.outbox[-1].body))
    assert found
    return found[0]


def read_mails(address: str = EMAIL) -> list[str]:
    """Return the first line of each mail to *address*, oldest first; forget all mails."""
    texts = [str(each.body).strip() for each in mails.sent() if each.to == [address]]
    mails.sent().clear()
    return [text.split("\n")[0] for text in texts]


def recovery_path() -> str:
    """Return the path of the link in the newest mail that has one."""
    links = [re.search(r"https?://\S+/recover/\S+", str(each.body)) for each in mails.sent()]
    return urlsplit([each for each in links if each][-1][0]).path


def signed_in(consumer: Consumer) -> Client:
    browser = Client()
    browser.force_login(consumer.user)
    return browser


def add_thief(browser: Client, consumer: Consumer, address: str = THIEF) -> ContactPoint:
    browser.post("/you/addresses/add", {"kind": "email", "value": address})
    pending = consumer.pending.get()
    browser.post(f"/you/addresses/prove/{pending.pk}", {"code": code()})
    return consumer.contact_points.get(value=address)


def remove(browser: Client, consumer: Consumer, value: str) -> Any:
    point = consumer.contact_points.get(value=value)
    return browser.post(f"/you/addresses/remove/{point.pk}")


@pytest.fixture
def thief(ana: Consumer) -> Client:
    """A session a moment old."""
    return signed_in(ana)


# -- A stolen token -------------------------------------------------------------------------------


@pytest.mark.parametrize("scope", TokenScope.values)
def test_stolen_token_decides_nothing_about_who_gets_in(scope: str, ana: Consumer) -> None:
    ownership.add_contact(ana, kind="email", value="second@example.org", now=timezone.now())
    api, point = (
        Api(access_tokens.issue_token(ana, name="t", scope=scope)),
        ana.contact_points.get(value=EMAIL),
    )
    answers = [
        api.post("me/contact-points", {"kind": "email", "value": THIEF}),
        api.post("me/contact-points/1/verify", {"code": "123456"}),
        api.delete(f"me/contact-points/{point.pk}"),
        api.post("me/removed-contact-points/1/restore"),
        api.get("me/tokens"),
        api.post("me/tokens", {"name": "another"}),
        api.delete("me/tokens/1"),
        api.delete("me"),
    ]
    assert [(a.status_code, a.json()["code"]) for a in answers] == [(403, "session_required")] * 8
    assert mails.sent() == [] and ana.contact_points.count() == 2


# -- A stolen session that is old -----------------------------------------------------------------


def test_unattended_session_decides_nothing_about_who_gets_in(thief: Client, ana: Consumer) -> None:
    point = ana.contact_points.get()
    with time_machine.travel(timezone.now() + LATE):
        answers = [
            thief.post("/you/addresses/add", {"kind": "email", "value": THIEF}),
            thief.post("/you/addresses/prove/1", {"code": "123456"}),
            thief.post(f"/you/addresses/remove/{point.pk}"),
            thief.post("/you/addresses/restore/1"),
            thief.get("/you/tokens"),
            thief.post("/you/tokens", {"name": "x", "scope": "full", "days": "30"}),
            thief.post("/you/erase", {"word": "erase", "brands": "keep"}),
            thief.get("/account/password/change/"),
            thief.get("/account/factors/totp/activate/"),
            thief.post("/account/factors/webauthn/add/"),
            thief.get("/account/factors/recovery-codes/"),
            thief.post("/account/sessions/"),
        ]
        by_api = Api(client=thief).post("me/contact-points", {"kind": "email", "value": THIEF})
    places = {urlsplit(each.headers["Location"]).path for each in answers}
    assert places == {"/account/reauthenticate/"}
    assert (by_api.status_code, by_api.json()["code"]) == (403, "reauthentication_required")
    assert mails.sent() == []


def test_unattended_session_of_somebody_without_password_takes_a_code(ana: Consumer) -> None:
    ana.user.set_unusable_password()
    ana.user.save()
    browser = signed_in(ana)
    with time_machine.travel(timezone.now() + LATE):
        asked = browser.post("/you/addresses/add", {"kind": "email", "value": THIEF})
        assert urlsplit(asked.headers["Location"]).path == "/you/confirm"
        assert browser.get("/account/password/set/").headers["Location"].startswith("/you/confirm")
        browser.get(asked.headers["Location"])
        assert mails.sent() == []
        browser.post("/you/confirm", {"next": "/you/addresses/add"})
        wrong = browser.post("/you/confirm", {"next": "/you/addresses/add", "code": "WRONG"})
        assert wrong.status_code == 422 and [each.to for each in mails.sent()] == [[EMAIL]]
        browser.post("/you/confirm", {"next": "/you/addresses/add", "code": code()})
    assert ana.pending.get().value == THIEF  # what was typed is not lost


def test_code_that_confirms_is_tried_three_times(ana: Consumer) -> None:
    browser = signed_in(ana)
    browser.post("/you/confirm")
    right = code()
    for _ in range(3):
        browser.post("/you/confirm", {"code": "WRONG"})
    with time_machine.travel(timezone.now() + LATE):
        assert browser.post("/you/confirm", {"code": right}).status_code == 422


def test_code_does_not_confirm_for_somebody_with_a_second_factor(ana: Consumer) -> None:
    Authenticator.objects.create(user=ana.user, type="totp", data={"secret": "x"})
    assert signed_in(ana).post("/you/confirm").status_code == 403


# -- A stolen session that is fresh: the owner hears of each step, and comes back ------------------


def test_owner_hears_of_each_step_of_a_thief(thief: Client, ana: Consumer) -> None:
    add_thief(thief, ana)
    assert read_mails() == [f"{THIEF} was added to your account."]
    thief.post("/you/tokens", {"name": "bot", "scope": "full", "days": "365"})
    assert read_mails() == ["A token was made for the program “bot”."]
    changed = {"oldpassword": PASSWORD, "password1": "x-thief-knows-1", "password2": ""}
    thief.post("/account/password/change/", changed | {"password2": "x-thief-knows-1"})
    assert read_mails() == ["Your password was changed."]
    remove(thief, ana, EMAIL)
    assert read_mails() == [f"{EMAIL} was removed from your account."]
    thief.post("/you/tokens", {"name": "more", "scope": "full", "days": "365"})
    assert read_mails() == ["A token was made for the program “more”."]  # though it was removed
    thief.post("/you/erase", {"word": "erase", "brands": "keep"})
    assert read_mails() == ["Your account was erased."]


def test_owner_takes_the_account_back(thief: Client, ana: Consumer) -> None:
    added = add_thief(thief, ana)
    made = thief.post("/you/tokens", {"name": "bot", "scope": "full", "days": "365"}, follow=True)
    token = re.search(r"cmr_pat_[\w-]+", made.content.decode())[0]  # type: ignore[index]
    new = {"oldpassword": PASSWORD, "password1": "x-thief-knows-1", "password2": "x-thief-knows-1"}
    thief.post("/account/password/change/", new)
    remove(thief, ana, EMAIL)
    path, owner = recovery_path(), Client()
    assert owner.get(path).status_code == 200
    assert RemovedAddress.objects.exists()  # looking at it has done nothing
    page = owner.post(path, follow=True)
    assert page.redirect_chain == [("/you/addresses", 302)]
    assert EMAIL in page.content.decode() and THIEF in page.content.decode()
    assert thief.get("/history").status_code == 302 and Api(token).get("me").status_code == 401
    assert Api().post("session", {"email": EMAIL, "password": new["password1"]}).status_code == 401
    mails.sent().clear()
    owner.post(f"/you/addresses/remove/{added.pk}")  # at once: the session is fresh
    assert [each.value for each in ana.contact_points.all()] == [EMAIL]
    (letter,) = [each for each in mails.sent() if each.to == [THIEF]]
    assert "/recover/" not in str(letter.body)
    assert User.objects.get(pk=ana.user_id).email == EMAIL


def test_thief_who_was_thrown_out_hears_nothing_more(thief: Client, ana: Consumer) -> None:
    added = add_thief(thief, ana)
    access.remove_address(added, now=timezone.now())
    mails.sent().clear()
    signed_in(ana).post("/you/tokens", {"name": "mine", "scope": "read", "days": "30"})
    assert [each.to for each in mails.sent()] == [[EMAIL]]


def test_recovery_takes_away_factors_of_the_thief_and_keeps_older_ones(
    thief: Client, ana: Consumer
) -> None:
    for name, age in (("old", timedelta(days=30)), ("new", timedelta(hours=1))):
        with time_machine.travel(timezone.now() - age):
            data = {"name": name, "secret": "x"}
            Authenticator.objects.create(user=ana.user, type="webauthn", data=data)
    add_thief(thief, ana)
    remove(thief, ana, EMAIL)
    owner = Client()
    answer = owner.post(recovery_path())
    assert [each.data["name"] for each in Authenticator.objects.all()] == ["old"]
    assert answer.headers["Location"].startswith("/account/factors/authenticate/")
    assert owner.get("/history").status_code == 302  # not before it was shown


def test_recovery_link_works_once_and_for_seven_days(thief: Client, ana: Consumer) -> None:
    add_thief(thief, ana)
    remove(thief, ana, EMAIL)
    path = recovery_path()
    with time_machine.travel(timezone.now() + WEEK):
        assert Client().post(path).status_code == 404
    assert Client().post(path[:-1] + ("A" if path[-1] != "A" else "B")).status_code == 404
    assert Client().post(path).status_code == 302
    assert Client().post(path).status_code == Client().get(path).status_code == 404


@pytest.mark.parametrize(
    ("age", "trusted"), [(timedelta(days=8), True), (timedelta(days=1), False)]
)
def test_removed_address_takes_the_account_back_if_it_was_there_for_a_week(
    age: timedelta, trusted: bool, ana: Consumer
) -> None:
    now = timezone.now()
    point = ownership.add_contact(ana, kind="email", value="second@example.org", now=now - age)
    assert ownership.remove_contact(point, now=now).recovers_account is trusted


def test_oldest_address_takes_the_account_back_however_new(db: None) -> None:
    now = timezone.now()
    ben = open_account("ben@example.org", now=now)
    ownership.add_contact(ben, kind="email", value=THIEF, now=now + timedelta(minutes=1))
    point = ben.contact_points.get(value="ben@example.org")
    assert ownership.remove_contact(point, now=now + timedelta(minutes=2)).recovers_account


# -- A removed address is held for its owner ------------------------------------------------------


@pytest.fixture
def held(ana: Consumer) -> RemovedAddress:
    """Ana's address is removed; she keeps another."""
    ownership.add_contact(ana, kind="email", value="second@example.org", now=timezone.now())
    point = ana.contact_points.get(value=EMAIL)
    return access.remove_address(point, now=timezone.now())


def test_removed_address_is_restored_on_the_page(held: RemovedAddress, ana: Consumer) -> None:
    browser = signed_in(ana)
    assert "can be restored until" in browser.get("/you/addresses").content.decode()
    browser.post(f"/you/addresses/restore/{held.pk}")
    assert ana.contact_points.get(value=EMAIL).verified_at == held.verified_at
    assert EmailAddress.objects.filter(user=ana.user, email=EMAIL, verified=True).exists()
    assert not RemovedAddress.objects.exists()


def test_removed_address_is_restored_by_rest(
    held: RemovedAddress, as_ana_signed_in: Api, ana: Consumer
) -> None:
    (shown,) = as_ana_signed_in.get("me/removed-contact-points").json()["data"]
    path = f"me/removed-contact-points/{shown['id']}/restore"
    assert as_ana_signed_in.post(path).json()["value"] == EMAIL
    assert as_ana_signed_in.post(path).status_code == 404


def test_nobody_restores_another_s_address(held: RemovedAddress, db: None) -> None:
    ben = open_account("b@example.org")
    assert signed_in(ben).post(f"/you/addresses/restore/{held.pk}").status_code == 404
    api = Api(client=signed_in(ben))
    assert api.post(f"me/removed-contact-points/{held.pk}/restore").status_code == 404


def test_nobody_else_claims_a_removed_address_within_a_week(held: RemovedAddress) -> None:
    ben = open_account("b@example.org")
    with pytest.raises(ownership.AddressTaken):
        ownership.add_contact(ben, kind="email", value=EMAIL, now=timezone.now())
    later = timezone.now() + WEEK
    assert ownership.add_contact(ben, kind="email", value=EMAIL, now=later).consumer == ben


def test_sign_up_with_a_removed_address_looks_like_any(held: RemovedAddress) -> None:
    pages = []
    for address in (EMAIL, "dora@example.org"):
        answer = Client().post("/account/signup/", {"email": address}, follow=True)
        text = re.sub(r'value="[^"]{64}"', "", answer.content.decode().replace(address, "X"))
        pages.append((answer.status_code, answer.redirect_chain, text))
    assert pages[0] == pages[1]
    assert not User.objects.filter(email=EMAIL).exists()


def test_removed_address_does_not_sign_in(held: RemovedAddress, ana: Consumer) -> None:
    mails.sent().clear()
    Client().post("/account/login/code/", {"email": EMAIL})
    assert "/account/signup/" in str(mails.sent()[-1].body)  # as to any unknown address
    assert Api().post("session", {"email": EMAIL, "password": PASSWORD}).status_code == 401


def test_clear_text_of_a_removed_address_is_gone_after_a_week(held: RemovedAddress) -> None:
    tasks.forget_removed_addresses()
    assert RemovedAddress.objects.get() == held
    with time_machine.travel(timezone.now() + WEEK):
        tasks.forget_removed_addresses()
    assert not RemovedAddress.objects.exists()


def test_erasing_forgets_removed_addresses(held: RemovedAddress, ana: Consumer) -> None:
    signed_in(ana).post("/you/erase", {"word": "erase", "brands": "keep"})
    assert not RemovedAddress.objects.exists() and not Consumer.objects.exists()


# -- A thief who comes back, or locks the owner out ------------------------------------------------


def recovery_paths() -> dict[str, str]:
    """Return the path of the newest link in the mails to each address; forget all mails."""
    found = {
        each.to[0]: urlsplit(link[0]).path
        for each in mails.sent()
        if (link := re.search(r"https?://\S+/recover/\S+", str(each.body)))
    }
    mails.sent().clear()
    return found


def set_up_app(browser: Client) -> None:
    browser.get("/account/factors/totp/activate/")
    secret = browser.session[SECRET_SESSION_KEY]
    with TestCase.captureOnCommitCallbacks(execute=True):
        browser.post("/account/factors/totp/activate/", {"code": app_code(secret)})


def is_signed_in(browser: Client) -> bool:
    return browser.get("/history").status_code == 200


@pytest.fixture
def ben(db: None) -> Consumer:
    """Somebody whose account is two days old."""
    opened = timezone.now() - timedelta(days=2)
    return open_account("ben@example.org", now=opened)


def test_thief_who_removes_the_owner_s_address_before_their_own_gets_no_link(ben: Consumer) -> None:
    thief, second = signed_in(ben), "thief2@evil.example"
    for address in (THIEF, second):
        add_thief(thief, ben, address)
    remove(thief, ben, "ben@example.org")
    remove(thief, ben, THIEF)
    paths = recovery_paths()
    assert paths.keys() == {"ben@example.org"}
    owner = Client()
    owner.post(paths["ben@example.org"])
    remove(owner, ben, second)
    assert recovery_paths().keys() <= {"ben@example.org"} and is_signed_in(owner)
    assert [each.value for each in ben.contact_points.all()] == ["ben@example.org"]
    assert not ben.removed_addresses.filter(recovers_account=True).exists()


def test_recovery_ends_the_links_of_newer_addresses(ana: Consumer) -> None:
    """Even where a thief was not noticed for a week, and has a link of their own."""
    now = timezone.now()
    ownership.add_contact(ana, kind="email", value=THIEF, now=now - timedelta(days=8))
    ownership.add_contact(ana, kind="email", value="third@example.org", now=now)
    thief = signed_in(ana)
    remove(thief, ana, EMAIL)
    remove(thief, ana, THIEF)
    paths = recovery_paths()
    assert paths.keys() == {EMAIL, THIEF}
    assert Client().post(paths[EMAIL]).status_code == 302
    assert Client().post(paths[THIEF]).status_code == 404
    assert not ana.removed_addresses.get(value=THIEF).recovers_account


def test_owner_gets_past_a_factor_that_a_thief_added(thief: Client, ana: Consumer) -> None:
    set_up_app(thief)
    path = recovery_paths()[EMAIL]
    owner = Client()
    page = owner.get(path)
    assert EMAIL in page.content.decode() and is_signed_in(thief)  # looking at it does nothing
    assert owner.post(path).headers["Location"] == "/you/addresses"
    assert is_signed_in(owner) and not is_signed_in(thief)
    assert not Authenticator.objects.exists()
    assert read_mails() == [
        f"Your account was taken back by a link in a mail to {EMAIL}. Your password was removed, "
        "all sessions and programs were signed out."
    ]


def test_owner_gets_past_a_factor_though_the_thief_signs_out_everywhere(
    thief: Client, ana: Consumer
) -> None:
    set_up_app(thief)
    path = recovery_paths()[EMAIL]
    thief.post("/you/security/end")
    assert Client().post(path).status_code == 302


def test_owner_gets_in_after_a_thief_took_an_older_factor_away(
    thief: Client, ana: Consumer
) -> None:
    with time_machine.travel(timezone.now() - timedelta(days=30)):
        enrol(ana.user)
    thief.post("/account/factors/totp/deactivate/")
    assert recovery_paths().keys() == {EMAIL}
    set_up_app(thief)
    owner = Client()
    owner.post(recovery_paths()[EMAIL])
    assert is_signed_in(owner)


def test_older_factor_is_asked_for_after_a_recovery(thief: Client, ana: Consumer) -> None:
    with time_machine.travel(timezone.now() - timedelta(days=30)):
        enrol(ana.user)
    change_password(thief)
    owner = Client()
    answer = owner.post(recovery_paths()[EMAIL])
    assert answer.headers["Location"].startswith("/account/factors/authenticate/")
    assert not is_signed_in(owner)


def change_password(browser: Client) -> None:
    new = {"oldpassword": PASSWORD, "password1": "x-thief-knows-1", "password2": "x-thief-knows-1"}
    browser.post("/account/password/change/", new)


def test_owner_puts_the_password_of_a_thief_out_of_use(ben: Consumer) -> None:
    thief = signed_in(ben)
    new = {"password1": "x-thief-knows-1", "password2": "x-thief-knows-1"}
    thief.post("/account/password/set/", new)
    credentials = {"email": "ben@example.org", "password": "x-thief-knows-1"}
    assert Api().post("session", credentials).status_code == 200
    Client().post(recovery_paths()["ben@example.org"])
    assert Api().post("session", credentials).status_code == 401 and not is_signed_in(thief)


def test_mail_about_a_changed_password_names_the_link_first(thief: Client, ana: Consumer) -> None:
    change_password(thief)
    (letter,) = [str(each.body) for each in mails.sent()]
    assert letter.split("\n\n")[2].startswith("If it was not you: this link takes your account")


def test_page_says_that_signing_out_everywhere_keeps_the_password(ana: Consumer) -> None:
    page = signed_in(ana).get("/you/security").content.decode()
    assert "Your password stays as it is." in page
    ana.user.set_unusable_password()
    ana.user.save()
    assert "Your password stays" not in signed_in(ana).get("/you/security").content.decode()


def test_young_address_gets_no_link(thief: Client, ana: Consumer) -> None:
    add_thief(thief, ana)
    assert recovery_paths().keys() == {EMAIL}  # nor the address that the change is about
    set_up_app(thief)
    assert {each.to[0] for each in mails.sent()} == {EMAIL, THIEF}
    assert recovery_paths().keys() == {EMAIL}


def test_mail_about_a_token_or_a_recovery_has_no_link(thief: Client, ana: Consumer) -> None:
    thief.post("/you/tokens", {"name": "bot", "scope": "full", "days": "365"})
    assert len(mails.sent()) == 1 and recovery_paths() == {}
    notices.notify_owner(
        ana.user, AccountChange.ACCOUNT_RECOVERED, now=timezone.now(), address=EMAIL
    )
    assert len(mails.sent()) == 1 and recovery_paths() == {}


def test_link_about_a_change_works_once(thief: Client, ana: Consumer) -> None:
    set_up_app(thief)
    path = recovery_paths()[EMAIL]
    assert Client().post(path).status_code == 302
    assert Client().post(path).status_code == Client().get(path).status_code == 404


def test_link_about_a_change_works_for_seven_days(thief: Client, ana: Consumer) -> None:
    set_up_app(thief)
    path = recovery_paths()[EMAIL]
    with time_machine.travel(timezone.now() + WEEK):
        assert Client().post(path).status_code == 404
    with time_machine.travel(timezone.now() + timedelta(days=6, hours=23)):
        assert Client().post(path).status_code == 302


def test_link_dies_once_another_address_took_the_account_back(thief: Client, ana: Consumer) -> None:
    ownership.add_contact(ana, kind="email", value="second@example.org", now=ana.created_at - WEEK)
    set_up_app(thief)
    paths = recovery_paths()
    assert paths.keys() == {EMAIL, "second@example.org"}
    assert Client().post(paths["second@example.org"]).status_code == 302
    assert Client().post(paths[EMAIL]).status_code == 404


def test_link_works_while_the_address_is_held_and_no_longer(thief: Client, ana: Consumer) -> None:
    add_thief(thief, ana)
    path = recovery_paths()[EMAIL]
    remove(thief, ana, EMAIL)
    assert Client().get(path).status_code == 200
    RemovedAddress.objects.all().delete()
    assert Client().post(path).status_code == 404


def test_two_clicks_at_once_recover_once(thief: Client, ana: Consumer) -> None:
    set_up_app(thief)
    token = recovery_paths()[EMAIL].split("/")[-1]
    recovery = recovery_links.read_recovery_link(token, now=timezone.now())
    access.recover_account(recovery, now=timezone.now())
    with pytest.raises(recovery_links.BadRecoveryLink):
        access.recover_account(recovery, now=timezone.now())


def test_link_names_no_account_by_a_number_that_a_restore_gives_again(
    thief: Client, ana: Consumer
) -> None:
    set_up_app(thief)
    named, *rest = signing.loads(recovery_paths()[EMAIL].split("/")[-1], salt=recovery_links.SALT)
    assert named == str(ana.subject_id)
    by_number = signing.dumps([ana.pk, *rest], salt=recovery_links.SALT)
    with pytest.raises(recovery_links.BadRecoveryLink):
        recovery_links.read_recovery_link(by_number, now=timezone.now())


def test_administrator_gets_no_link_past_a_factor(thief: Client, ana: Consumer) -> None:
    set_up_app(thief)
    path = recovery_paths()[EMAIL]
    User.objects.filter(pk=ana.user_id).update(is_staff=True)
    assert Client().post(path).status_code == 404
    ana.user.refresh_from_db()
    notices.notify_owner(ana.user, AccountChange.FACTOR_ADDED, now=timezone.now())
    assert len(mails.sent()) == 1 and recovery_paths() == {}


def test_held_address_that_is_proved_anew_is_as_old_as_before(
    held: RemovedAddress, ana: Consumer
) -> None:
    """Or a thief's address would be the older one."""
    point = ownership.add_contact(ana, kind="email", value=EMAIL, now=timezone.now())
    assert point.verified_at == held.verified_at


def test_restored_address_of_a_thief_is_young(ana: Consumer) -> None:
    """The days in which it was removed do not count as days on the account."""
    now = timezone.now()
    point = ownership.add_contact(ana, kind="email", value=THIEF, now=now)
    removed = ownership.remove_contact(point, now=now + timedelta(days=1))
    later = now + timedelta(days=7, hours=1)
    ownership.restore_contact(removed, now=later)
    assert ownership.find_trusted_address(ana, now=later).keys() == {EMAIL}


def test_code_that_was_mailed_to_a_removed_address_signs_nobody_in(
    thief: Client, ana: Consumer
) -> None:
    point, late = add_thief(thief, ana), Client()
    late.post("/account/login/code/", {"email": THIEF})
    right = code()
    access.remove_address(point, now=timezone.now())
    mails.sent().clear()
    answer = late.post("/account/login/code/confirm/", {"code": right})
    assert answer.headers["Location"] == "/account/login/" and not is_signed_in(late)
    assert mails.sent() == []  # nor is a code sent that would prove the address anew


def test_code_that_was_mailed_to_a_removed_address_resets_no_password(
    thief: Client, ana: Consumer
) -> None:
    point, late = add_thief(thief, ana), Client()
    late.post("/account/password/reset/", {"email": THIEF})
    late.post("/account/password/reset/confirm/", {"code": code()})
    access.remove_address(point, now=timezone.now())
    new = {"password1": "x-thief-knows-1", "password2": "x-thief-knows-1"}
    late.post("/account/password/reset/complete/", new)
    assert User.objects.get(pk=ana.user_id).check_password(PASSWORD)


# -- Tokens end with what lets others out ---------------------------------------------------------


@pytest.fixture
def token(ana: Consumer) -> Api:
    return Api(access_tokens.issue_token(ana, name="agent"))


def test_tokens_end_with_a_changed_password(token: Api, thief: Client) -> None:
    new = {"oldpassword": PASSWORD, "password1": "x-new-one-77", "password2": "x-new-one-77"}
    thief.post("/account/password/change/", new)
    assert token.get("me").status_code == 401


def test_tokens_end_with_a_set_password(token: Api, ana: Consumer) -> None:
    ana.user.set_unusable_password()
    ana.user.save()
    new = {"password1": "x-new-one-77", "password2": "x-new-one-77"}
    signed_in(ana).post("/account/password/set/", new)
    assert token.get("me").status_code == 401
    assert read_mails() == ["A password was set for your account."]


def test_tokens_end_with_a_reset_password(token: Api) -> None:
    browser = Client()
    browser.post("/account/password/reset/", {"email": EMAIL})
    browser.post("/account/password/reset/confirm/", {"code": code()})
    new = {"password1": "x-new-one-77", "password2": "x-new-one-77"}
    browser.post("/account/password/reset/complete/", new)
    assert token.get("me").status_code == 401
    assert "Your password was reset by a code." in read_mails()


def test_tokens_end_with_signing_out_everywhere(token: Api, thief: Client) -> None:
    thief.post("/you/security/end")
    assert token.get("me").status_code == 401
    assert not AccessToken.objects.usable(timezone.now()).exists()
