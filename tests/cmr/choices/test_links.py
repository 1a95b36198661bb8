"""Links that may grant: valid for a week, and once."""

from __future__ import annotations

import re
from datetime import timedelta
from threading import Barrier, Thread

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from cmr.choices import links
from cmr.choices.links import Link
from cmr.models import PermissionRequest, UsedLink
from consent.decision.resolution import Scope
from consent.models import LedgerEntry, Relationship
from tests import mails
from tests.conftest import EMAIL, Api
from tests.factories import is_allowed, record_choice

YES = {"say": "grant:marketing:email::"}
OVER = b"You can no longer say yes with this link"
ONCE = b"You can say yes once with this link."
ASK = {
    "contact": {"email": EMAIL},
    "purpose": "research",
    "channel": "email",
    "text": "May we ask you once a year?",
    "evidence": "A form.",
}


@pytest.fixture
def path(met: Relationship) -> str:
    """The page of a link that was sent to Ana a moment ago."""
    Client().post("/link", {"email": EMAIL})
    found = re.search(r"http://127\.0\.0\.1:8000(/p/\S+)", str(mails.sent()[-1].body))
    assert found
    return found[1]


def test_proven_link_says_yes(path: str, met: Relationship) -> None:
    page = Client().post(path, YES)
    assert page.status_code == 200 and b"Done." in page.content
    assert is_allowed(met.brand)
    assert b"ask for a new link" in page.content  # which a further yes would take


@pytest.mark.parametrize("more", ["grant:research:email::", "allow::::", "allow:marketing:email::"])
def test_proven_link_second_yes_is_refused(more: str, path: str, met: Relationship) -> None:
    Client().post(path, YES)
    record_choice(met, "deny", Scope(met.brand_id))
    page = Client().post(path, {"say": more})
    assert page.status_code == 422 and OVER in page.content
    assert not is_allowed(met.brand) and not is_allowed(met.brand, "research")


def test_proven_link_still_says_less_after_its_yes(path: str, met: Relationship) -> None:
    Client().post(path, YES)
    for said in (
        {"say": "limit::::", "max": "1", "per": "week"},
        {"say": "pause::::", "until": "2031-01-01"},
        {"say": "deny::::"},
    ):
        assert Client().post(path, said).status_code == 200
    assert Client().post(path.replace("/p/", "/u/")).status_code == 200
    assert not is_allowed(met.brand)


def yes_buttons(page: str) -> list[str]:
    """Return the buttons that add to what the brand may do."""
    return re.findall(r'<button name="say" value="(?:grant|allow):[^>]*>', page)


def test_proven_link_before_its_yes_says_that_it_has_one(path: str) -> None:
    page = Client().get(path)
    assert ONCE in page.content and OVER not in page.content
    assert len(yes_buttons(page.content.decode())) > 2


def test_proven_link_after_its_yes_has_no_button_for_another_and_says_why_once(path: str) -> None:
    Client().post(path, YES)
    for page in (Client().get(path), Client().post(path, YES)):
        assert ONCE not in page.content and page.content.count(b"this link") == 1
        assert yes_buttons(page.content.decode()) == []
        assert page.content.count(b'role="alert"') == (page.status_code == 422)


def test_link_of_a_mail_of_the_brand_says_why_it_takes_no_yes_once(met: Relationship) -> None:
    path = f"/p/{links.build_token(Link(met))}"
    for page in (Client().get(path), Client().post(path, YES)):
        assert yes_buttons(page.content.decode()) == []
        assert b'value="deny:marketing:email::"' in page.content
        assert page.content.count(b"You came by a link in a mail of theirs.") == 1
        assert page.content.count(b'role="alert"') == (page.status_code == 422)


def test_proven_link_no_does_not_use_it_up(path: str, met: Relationship) -> None:
    Client().post(path, {"say": "deny::::"})
    assert Client().post(path, {"say": "allow::::"}).status_code == 200


def test_proven_link_refused_yes_does_not_use_it_up(path: str, met: Relationship) -> None:
    assert Client().post(path, {"say": "grant:weather:email::"}).status_code == 422
    assert Client().post(path, YES).status_code == 200


def test_proven_link_looked_at_is_not_used_up(path: str, met: Relationship) -> None:
    for each in (path, path.replace("/p/", "/u/")):
        assert Client().get(each).status_code == 200
    assert not UsedLink.objects.exists()


def test_proven_link_ends_after_a_week(path: str, met: Relationship) -> None:
    token = path.removeprefix("/p/")
    sent = timezone.now()
    assert links.read_link(token, now=sent + links.PROVEN_FOR - timedelta(minutes=1)).proven
    ended = links.read_link(token, now=sent + links.PROVEN_FOR)
    assert (ended.proven, ended.is_over) == (False, True)


def test_proven_link_ended_says_less_and_shows_the_way_to_another(
    met: Relationship,
) -> None:
    sent = timezone.now() - links.PROVEN_FOR - timedelta(minutes=1)
    path = f"/p/{links.build_proven_token(Link(met), now=sent)}"
    assert OVER in Client().get(path).content
    assert Client().post(path, YES).status_code == 422
    assert Client().post(path, {"say": "deny::::"}).status_code == 200
    assert LedgerEntry.objects.get().decision == "deny"


def test_proven_link_each_letter_has_another(met: Relationship) -> None:
    """Or the yes by one would use up the other, sent within the same second."""
    now = timezone.now()
    assert links.build_proven_token(Link(met), now=now) != links.build_proven_token(
        Link(met), now=now
    )


@pytest.fixture
def asked(as_acme: Api, met: Relationship) -> str:
    """The page that Ana was mailed with acme's question."""
    as_acme.post("permission-requests", ASK)
    found = re.search(r"http://127\.0\.0\.1:8000(/p/\S+)", str(mails.sent()[-1].body))
    assert found
    return found[1]


def test_proven_link_of_a_question_says_yes_once(asked: str, met: Relationship) -> None:
    answer = {"asked": str(PermissionRequest.objects.get().pk), "answer": "yes"}
    assert Client().post(asked, answer).status_code == 200
    assert is_allowed(met.brand, "research")
    assert Client().post(asked, YES).status_code == 422
    assert not is_allowed(met.brand)


@pytest.mark.parametrize("no", ["no", "never"])
def test_proven_link_no_to_a_question_does_not_use_it_up(
    no: str, asked: str, met: Relationship
) -> None:
    answer = {"asked": str(PermissionRequest.objects.get().pk), "answer": no}
    assert Client().post(asked, answer).status_code == 200
    assert Client().post(asked, YES).status_code == 200


def test_proven_link_answered_elsewhere_does_not_use_it_up(asked: str, met: Relationship) -> None:
    answer = {"asked": str(PermissionRequest.objects.get().pk), "answer": "yes"}
    PermissionRequest.objects.update(answer="no", answered_at=timezone.now())
    assert Client().post(asked, answer).status_code == 422
    assert Client().post(asked, YES).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_proven_link_two_yeses_at_once_are_one(path: str, met: Relationship) -> None:
    start, answers = Barrier(2), []

    def press(say: str) -> None:
        start.wait()
        answers.append(Client().post(path, {"say": say}).status_code)
        connection.close()

    threads = [Thread(target=press, args=(say,)) for say in (YES["say"], "grant:research:email::")]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(answers) == [200, 422]
    assert LedgerEntry.objects.filter(decision="grant").count() == 1


def test_forget_used_keeps_what_has_not_ended(path: str, met: Relationship) -> None:
    Client().post(path, YES)
    now = timezone.now()
    assert links.delete_used_links(now=now) == 0
    assert links.delete_used_links(now=now + links.PROVEN_FOR) == 1
    assert not links.read_link(path.removeprefix("/p/"), now=now + links.PROVEN_FOR).proven


def test_read_link_of_an_old_key_of_the_installation_still_counts(
    met: Relationship, settings: Settings
) -> None:
    brands, own = (
        links.build_token(Link(met)),
        links.build_proven_token(Link(met), now=timezone.now()),
    )
    settings.LINKS_OLD_KEYS, settings.LINKS_KEY = [settings.LINKS_KEY], "another"
    assert links.read_link(own, now=timezone.now()).proven
    assert links.build_token(Link(met)) != brands
    assert Client().post(f"/u/{brands}").status_code == 200
    settings.LINKS_OLD_KEYS = []
    for token in (brands, own):
        assert Client().post(f"/u/{token}").status_code == 404
