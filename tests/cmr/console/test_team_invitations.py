"""Invitations and names cannot be used to send foreign text by our mails."""

from __future__ import annotations

from datetime import datetime

import pytest
import time_machine
from django.core import mail
from django.core.mail import EmailMessage
from django.utils import timezone
from pytest_django import Settings

from brands.models import Workspace
from cmr.messages import outbox
from cmr.messages.mail import send_mail_now
from cmr.models import Invitation
from tests import mails
from tests.cmr.console.conftest import Browser
from tests.cmr.mail_servers import mail_server


def invite(olga: Browser, address: str) -> int:
    return olga.post("acme/team", address=address, role="developer").status_code


def test_invitations_to_one_address_count_when_withdrawn(
    workspace: Workspace, olga: Browser
) -> None:
    given = []
    for _ in range(30):
        given.append(invite(olga, "victim@target.example"))
        for each in Invitation.objects.all():
            olga.post(f"acme/team/invitations/{each.pk}/withdraw")
    assert given == [302] * 3 + [429] * 27
    assert len(mails.sent()) == 3


def test_invitations_of_a_workspace_are_limited_by_day(workspace: Workspace, olga: Browser) -> None:
    given = []
    for n in range(22):
        given.append(invite(olga, f"p{n}@target.example"))
        Invitation.objects.all().delete()
    assert given == [302] * 20 + [429] * 2


def test_invitation_of_an_unproven_workspace_names_who_invites_alone(
    workspace: Workspace, olga: Browser
) -> None:
    Workspace.objects.update(name="Your bank account is locked")
    assert invite(olga, "victim@target.example") == 302
    (letter,) = mails.sent()
    assert letter.subject == "An invitation to a workspace"
    assert "bank" not in f"{letter.subject}{letter.body}"
    assert "olga@example.org invites you to work on a workspace at CMR." in str(letter.body)


def test_invitation_of_a_proven_workspace_names_it(is_live: Workspace, olga: Browser) -> None:
    assert invite(olga, "nick@example.org") == 302
    assert mails.sent()[0].subject == "Acme invites you"


def test_invitation_waits_for_a_mail_server_that_is_away(
    workspace: Workspace, olga: Browser, settings: Settings
) -> None:
    with mail_server(settings, utf8=True) as server:
        server.stop()
        assert invite(olga, "nick@example.org") == 302
        mails.sent()
        server.start()
        with time_machine.travel(timezone.now() + outbox.LONGEST):
            mails.sent()
    assert [each.recipients for each in server.mails] == [["nick@example.org"]]
    assert Invitation.objects.exists()


@pytest.mark.parametrize(
    "name",
    [
        "Line1\nBcc: x@y.zz",
        "Line1\r\nLine2",
        "a\u202eb",
        "Verify now at evil.example/login",
        "Evil.Example",
        "acme.example.evil.example",
    ],
)
def test_workspace_with_such_a_name_is_not_made(name: str, olga: Browser) -> None:
    assert olga.post("new", name=name, domain="acme.example").status_code == 422
    assert not Workspace.objects.exists()


@pytest.mark.parametrize("name", ["Acme.example", "shop.acme.example", "Acme & Söhne"])
def test_workspace_may_be_called_like_its_domain(name: str, olga: Browser) -> None:
    assert olga.post("new", name=name, domain="acme.example").status_code == 302


def test_workspaces_are_limited_by_account_and_day(olga: Browser) -> None:
    given = [olga.post("new", name=f"W{n}", domain=f"w{n}.example").status_code for n in range(7)]
    assert given == [302] * 5 + [429] * 2


def test_workspace_that_is_refused_does_not_count(olga: Browser, now: datetime) -> None:
    assert {olga.post("new", name="W", domain="10.0.0.1").status_code for _ in range(7)} == {422}
    assert olga.post("new", name="W", domain="w.example").status_code == 302


@pytest.mark.parametrize("page", ["test/keys/new", "test/catalogue", "test/campaigns"])
def test_names_by_form_have_no_line_breaks(page: str, workspace: Workspace, olga: Browser) -> None:
    form = {"name": "a\nb", "called": "a\nb", "code": "c", "purpose": "marketing"}
    answer = olga.post(f"acme/{page}", **form, scopes=["check"])
    assert answer.status_code == 422
    assert b"cannot contain line breaks" in answer.content


def test_mail_about_a_name_with_a_line_break_is_sent() -> None:
    send_mail_now(EmailMessage("Line1\nBcc: x@y.zz invites you", "text", to=["nick@example.org"]))
    assert mail.outbox[0].subject == "Line1 Bcc: x@y.zz invites you"
