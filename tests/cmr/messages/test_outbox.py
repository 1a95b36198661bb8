"""The outbox: no mail is lost while the mail server is down, none is sent twice."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
import time_machine
from django.core import mail
from django.db import IntegrityError, connection, transaction
from django.test import Client, TestCase
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import Settings
from pytest_httpserver import HTTPServer

from brands.models import Brand
from cmr import members, tasks
from cmr.accounts import access
from cmr.messages import outbox
from cmr.messages.outbox import KEPT, LONGEST, NewMessage
from cmr.models import (
    Consumer,
    ContactKind,
    Member,
    OutgoingMessage,
    PendingContact,
    PermissionRequest,
    Role,
)
from cmr.personal_data import erasure
from config.celery import Sweep, app
from consent.identity import identifiers
from consent.ledger.recording import Actor
from consent.models import Relationship
from consent.relationships import lifecycle
from tests.cmr.mail_servers import MailServer, mail_server
from tests.conftest import EMAIL, Api
from tests.factories import open_account
from tests.ownership import as_owner

pytestmark = pytest.mark.django_db

ZOE = "zoë@example.org"
ASK = {
    "contact": {"email": EMAIL},
    "purpose": "research",
    "channel": "email",
    "text": "May we ask you once a year?",
    "evidence": "Form 1",
}


@pytest.fixture
def server(settings: Settings) -> Iterator[MailServer]:
    with mail_server(settings, utf8=True) as started:
        yield started


@pytest.fixture
def ben() -> Consumer:
    now = timezone.now()
    return open_account("ben@example.org", now=now)


def write(subject: str, to: str = EMAIL) -> None:
    outbox.add_messages([NewMessage(ContactKind.EMAIL, to, subject, "text")], now=timezone.now())


def send_all(*, after: timedelta = timedelta()) -> None:
    with time_machine.travel(timezone.now() + after):
        tasks.send_waiting()


def received(server: MailServer) -> list[str]:
    return [each.subject for each in server.mails]


# -- The server is away, or refuses ----------------------------------------------------------------


def test_server_away_and_back_each_mail_comes_once_in_order(server: MailServer) -> None:
    server.stop()
    for n in range(3):
        write(f"ana {n}")
        write(f"ben {n}", to="ben@example.org")
        send_all()
    assert OutgoingMessage.objects.count() == 6
    server.start()
    write("ana 3")
    send_all()  # the older mails still rest, and this one waits behind them
    send_all(after=LONGEST)
    send_all(after=LONGEST)
    assert [each for each in received(server) if "ana" in each] == [f"ana {n}" for n in range(4)]
    assert sorted(received(server)) == [f"ana {n}" for n in range(4)] + [
        f"ben {n}" for n in range(3)
    ]
    assert len({each.message_id for each in server.mails}) == 7
    assert not OutgoingMessage.objects.exists()


def test_server_away_is_asked_once_for_all_that_waits(
    server: MailServer, caplog: pytest.LogCaptureFixture
) -> None:
    server.stop()
    for n in range(5):
        write("x", to=f"p{n}@example.org")
    send_all()
    assert caplog.text.count("no server") == 1


def test_permission_request_while_the_server_is_away_is_mailed_later(
    server: MailServer, as_acme: Api, met: Relationship
) -> None:
    server.stop()
    assert as_acme.post("permission-requests", ASK).status_code == 201
    send_all()
    assert as_acme.post("permission-requests", ASK).json()["code"] == "asked_already"
    assert PermissionRequest.objects.count() == 1
    server.start()
    send_all(after=LONGEST)
    assert received(server) == ["Acme asks you to confirm"]


def test_refused_mail_waits_and_holds_up_no_other(server: MailServer) -> None:
    server.refuse = {"bad": "451 later"}
    write("bad")
    write("good")
    send_all()
    assert received(server) == ["good"]
    server.refuse = {}
    send_all()
    assert received(server) == ["good"]
    send_all(after=outbox.SHORTEST)
    assert received(server) == ["good", "bad"]


def test_mail_that_is_refused_for_good_is_dropped(
    server: MailServer, caplog: pytest.LogCaptureFixture
) -> None:
    server.refuse = {"bad": f"550 5.1.1 no mail to {EMAIL}"}
    write("bad")
    send_all()
    assert not OutgoingMessage.objects.exists()
    ours = [each.getMessage() for each in caplog.records if each.name == outbox.log.name]
    assert ours == ["an outgoing email was dropped: CannotReach"]


@pytest.mark.parametrize(
    "answer",
    [
        "554 5.7.1 Relay access denied",
        "550 5.7.1 Client host blocked",
        "530 5.7.0 Authentication required",
        "553 5.1.8 Sender address rejected",
        "554 denied",
        "450 5.1.1 try again",
    ],
)
def test_what_a_server_refuses_to_all_waits(answer: str, server: MailServer) -> None:
    server.refuse_recipients = answer
    for n in range(3):
        write(f"{n}", to=f"p{n}@example.org")
    send_all()
    server.refuse_recipients = ""
    send_all(after=LONGEST)
    assert sorted(received(server)) == ["0", "1", "2"]


@pytest.mark.parametrize(
    "answer", ["550 5.1.1 unknown", "554 5.1.10 null MX", "550 No such user", "551 moved", "553 x"]
)
def test_recipient_that_is_refused_for_good_is_dropped(answer: str, server: MailServer) -> None:
    server.refuse_recipients = answer
    write("x")
    send_all()
    assert not OutgoingMessage.objects.exists()


def test_mail_is_dropped_after_three_days(server: MailServer) -> None:
    server.stop()
    write("old")
    send_all(after=KEPT - timedelta(minutes=1))
    assert OutgoingMessage.objects.exists()
    send_all(after=KEPT + LONGEST)
    assert not OutgoingMessage.objects.exists()


def test_text_message_waits_for_its_gateway_and_holds_up_no_mail(
    server: MailServer, httpserver: HTTPServer, settings: Settings
) -> None:
    settings.SMS_URL = httpserver.url_for("/sms")
    httpserver.stop()
    outbox.add_messages(
        [NewMessage(ContactKind.PHONE, "+4915112345678", "", "Hi")], now=timezone.now()
    )
    write("mail")
    send_all()
    assert received(server) == ["mail"] and OutgoingMessage.objects.get().kind == "phone"
    httpserver.start()
    said = {"to": "+4915112345678", "text": "Hi"}
    httpserver.expect_oneshot_request("/sms", "POST", json=said).respond_with_data("")
    settings.SMS_URL = httpserver.url_for("/sms")
    send_all(after=LONGEST)
    assert not OutgoingMessage.objects.exists()


# -- One transaction, kept encrypted, and no longer than needed ------------------------------------


def test_change_that_is_undone_mails_nothing(ana: Consumer) -> None:
    with transaction.atomic():
        access.create_token(ana, name="x", scope="read", days=1, now=timezone.now())
        transaction.set_rollback(True)
    assert not OutgoingMessage.objects.exists() and not ana.tokens.exists()


def test_message_that_cannot_be_kept_undoes_its_change(ana: Consumer) -> None:
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE cmr_outgoingmessage ADD CHECK (made_at IS NULL)")
    with pytest.raises(IntegrityError):
        access.create_token(ana, name="x", scope="read", days=1, now=timezone.now())
    assert not ana.tokens.exists()


def test_worker_is_woken_after_the_commit() -> None:
    with app.connection_for_read() as broker:
        queue = broker.SimpleQueue("records")
        queue.clear()
        with TestCase.captureOnCommitCallbacks(execute=True):
            write("x")
        message = queue.get(timeout=60)
        message.ack()
    assert message.headers["task"] == tasks.send_messages.name


def test_sweep_of_any_worker_sends_without_a_wake_up(server: MailServer) -> None:
    write("x")
    Sweep(None).send_messages()
    assert received(server) == ["x"]


def test_message_at_rest_shows_neither_address_nor_text() -> None:
    write("Secret subject")
    row = OutgoingMessage.objects.values().get()
    shown = str({name: bytes(v) if isinstance(v, memoryview) else v for name, v in row.items()})
    assert EMAIL not in shown and "Secret" not in shown


def test_replaced_key_still_opens_messages(server: MailServer, settings: Settings) -> None:
    write("x")
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "new", [settings.SECRET_KEY]
    send_all()
    assert received(server) == ["x"]


def test_message_whose_key_is_gone_is_dropped(server: MailServer, settings: Settings) -> None:
    write("x")
    write("y")
    settings.SECRET_KEY = "new"
    send_all()
    assert received(server) == [] and not OutgoingMessage.objects.exists()


def test_erasure_drops_what_waits_for_the_person_and_says_goodbye(
    server: MailServer, ana: Consumer
) -> None:
    write("for ana")
    write("for ben", to="ben@example.org")
    erasure.erase_account(ana, first_stop=False, by="portal", now=timezone.now())
    send_all()
    assert received(server) == ["for ben", "Your CMR account was changed"]


def test_erasure_calls_off_invitations_that_name_the_person(
    server: MailServer, ana: Consumer, ben: Consumer
) -> None:
    now = timezone.now()
    workspace = members.begin_workspace_as_owner(
        ben.user, name="Acme", domain="acme.example", now=now
    )
    Member.objects.create(workspace=workspace, user=ana.user, role=Role.VIEWER, since=now)
    for user in (ana.user, ben.user):
        to = f"for-{user.pk}@example.org"
        members.invite_member(workspace, to, role=Role.VIEWER, link="x/{token}", by=user, now=now)
    erasure.erase_account(ana, first_stop=False, by="portal", now=now)
    assert [each.by for each in members.list_invitations(workspace, now=now)] == [ben.user]
    send_all()
    assert received(server) == ["An invitation to a workspace", "Your CMR account was changed"]


def test_metrics_show_how_many_wait_and_how_long() -> None:
    with time_machine.travel(timezone.now() - timedelta(hours=1)):
        write("x")
    write("y")
    text = Client().get("/metrics").content.decode()
    found = {
        (sample.name, sample.labels["kind"]): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if family.name.startswith("cmr_outgoing")
    }
    assert found["cmr_outgoing_messages", "email"] == 2
    assert found["cmr_outgoing_messages", "phone"] == 0
    assert 3600 <= found["cmr_outgoing_oldest_seconds", "email"] < 3700


# -- Codes, which somebody waits for ---------------------------------------------------------------


@pytest.fixture
def away(server: MailServer) -> MailServer:
    server.stop()
    return server


def test_api_code_that_cannot_be_sent_is_503_and_costs_nothing(
    away: MailServer, as_ana_signed_in: Api, ana: Consumer
) -> None:
    new = {"kind": "email", "value": "new@example.org"}
    for _ in range(6):  # more than an address may get in a day
        answer = as_ana_signed_in.post("me/contact-points", new)
        assert (answer.status_code, answer.json()["code"]) == (503, "cannot_send_now")
        assert answer.headers["Retry-After"] == "60"
    assert not PendingContact.objects.exists()
    away.start()
    assert as_ana_signed_in.post("me/contact-points", new).status_code == 202


def test_api_contact_that_no_server_can_judge_is_503(
    away: MailServer, as_acme: Api, acme: Brand, now: datetime
) -> None:
    zoe = identifiers.find_or_create_identifier(identifiers.compute_identifier_digest(ZOE)).subject
    lifecycle.start_relationship(zoe.pk, acme, by=Actor("api"), now=now)
    answer = as_acme.post("permission-requests", ASK | {"contact": {"email": ZOE}})
    assert (answer.status_code, answer.json()["code"]) == (503, "cannot_send_now")
    assert not PermissionRequest.objects.exists()


@pytest.mark.parametrize("address", [EMAIL, "stranger@example.org"])
@pytest.mark.parametrize(
    "path", ["/account/signup/", "/account/login/code/", "/account/password/reset/"]
)
def test_page_that_cannot_mail_a_code_says_so_alike(
    path: str, address: str, away: MailServer, ana: Consumer
) -> None:
    page = Client().post(path, {"email": address})
    assert page.status_code == 503
    assert b"We cannot send messages at the moment." in page.content
    assert address.encode() not in page.content


def test_sign_up_that_could_not_mail_goes_on_when_the_server_is_back(
    away: MailServer, settings: Settings
) -> None:
    address = "new@example.org"
    assert Client().post("/account/signup/", {"email": address}).status_code == 503
    away.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    browser = Client()
    browser.post("/account/login/code/", {"email": address})
    code = str(mail.outbox[-1].body).split()[0]
    browser.post("/account/login/code/confirm/", {"code": code})
    assert browser.get("/you/addresses").status_code == 200


def test_refused_recipient_of_a_code_is_422(
    server: MailServer, as_ana_signed_in: Api, ana: Consumer
) -> None:
    server.refuse = {"Your code for CMR": "554 5.1.1 no such user"}
    new = {"kind": "email", "value": "new@example.org"}
    answer = as_ana_signed_in.post("me/contact-points", new)
    assert (answer.status_code, answer.json()["code"]) == (422, "unreachable_address")
    for for_now in ("451 later", "554 5.7.1 Relay access denied"):
        server.refuse = {"Your code for CMR": for_now}
        assert as_ana_signed_in.post("me/contact-points", new).status_code == 503


def test_code_to_confirm_a_change_that_cannot_be_sent_is_503(
    away: MailServer, ana: Consumer
) -> None:
    browser = Client()
    browser.force_login(ana.user)
    assert browser.post("/you/confirm").status_code == 503
