"""Console pages: creating a workspace, proving its domain, and roles."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from pytest_django import Settings
from pytest_httpserver import HTTPServer

from brands.catalogue import topics
from brands.credentials.brand_keys import KEY_SCOPES
from brands.models import Brand, BrandKey, Topic, Workspace
from brands.workspaces import domain_proof, lifecycle
from cmr import members
from cmr.models import Consumer, Invitation, Member, Role
from consent.models import Subject
from tests import mails
from tests.cmr.console.conftest import Browser
from tests.conftest import Api
from tests.hostile.names import Names


@pytest.fixture
def names(settings: Settings) -> Iterator[Names]:
    """A name server that the product asks; it knows no name until a test gives it one."""
    server = Names()
    settings.DNS_SERVERS = [server.address]
    yield server
    server.close()


# -- Beginning ------------------------------------------------------------------------------------


def test_create_test_key_takes_two_forms(olga: Browser) -> None:
    """From an account to a key that works."""
    answer = olga.post("new", name="Acme", domain="https://www.acme.example/shop")
    assert answer.headers["Location"] == "/console/acme/test/"
    page = olga.post("acme/test/keys/new", name="first", scopes=["check", "relationships"])
    (key,) = re.findall(r"<pre [^>]*>(cmr_test_[^<]+)</pre>", page.content.decode())
    assert Api(key).get("keys/current").json()["brand"]["slug"] == "acme-test"
    assert key not in olga.text("acme/test/keys")
    assert Workspace.objects.get().domain == "acme.example"


def test_create_key_without_key_scope_cannot_create_keys(
    workspace: Workspace, dev: Browser
) -> None:
    form = dev.text("acme/test/keys/new")
    ticked = {
        name
        for box in re.findall(r'<input type="checkbox" name="scopes"[^>]*checked[^>]*>', form)
        for name in re.findall(r'value="(\w+)"', box)
    }
    assert ticked == set(KEY_SCOPES) - {"keys"}


def test_create_key_shows_documented_command(workspace: Workspace, dev: Browser) -> None:
    page = dev.post("acme/test/keys/new", name="first", scopes=["check"]).content.decode()
    assert re.search(r"export CMR_URL=http://127.0.0.1:8000\nexport CMR_KEY=cmr_test_[^<]+<", page)


@pytest.mark.parametrize(
    "domain", ["", "acme", "127.0.0.1", "[::1]", "user@acme.example", "acme.example:8080", "a b.c"]
)
def test_begin_workspace_invalid_domain_is_refused(
    domain: str, olga: Browser, settings: Settings
) -> None:
    settings.OUTBOUND_ALLOW_LOOPBACK = False
    answer = olga.post("new", name="Acme", domain=domain)
    assert answer.status_code == 422 and not Workspace.objects.exists()
    assert "Acme" in answer.content.decode()  # what was typed is not lost


def test_begin_workspace_same_domain_again_is_refused(
    workspace: Workspace, olga: Browser, dev: Browser, nick: Browser
) -> None:
    for member in (olga, dev):
        answer = member.post("new", name="Acme", domain="https://www.acme.example/")
        assert answer.status_code == 422
        assert "You already have a workspace with this domain: Acme." in answer.content.decode()
    assert nick.post("new", name="Acme", domain="acme.example").status_code == 302
    assert olga.post("new", name="Acme", domain="acme.example.org").status_code == 302
    page = olga.text("")
    assert "acme.example · <code>acme</code>" in page
    assert "acme.example.org · <code>acme-3</code>" in page


def test_begin_workspace_too_many_is_refused(olga: Browser, now: datetime) -> None:
    for n in range(members.MOST_WORKSPACES):
        members.begin_workspace_as_owner(olga.user, name=f"W{n}", domain=f"w{n}.example", now=now)
    answer = olga.post("new", name="One more", domain="more.example")
    assert answer.status_code == 422
    assert Workspace.objects.count() == members.MOST_WORKSPACES


def test_workspace_of_non_member_is_not_found(workspace: Workspace, nick: Browser) -> None:
    for path in ("acme/test/", "acme/test/keys", "acme/team", "acme/domain", "nothing/test/"):
        assert nick.get(path).status_code == 404
    assert nick.post("acme/test/keys/new", name="x", scopes=["check"]).status_code == 404
    assert "Create a workspace" in nick.text("")


def test_workspace_without_session_redirects_to_sign_in(
    workspace: Workspace, client: object
) -> None:
    answer = Api().client.get("/console/acme/test/")
    assert answer.status_code == 302 and "/account/login/" in answer.headers["Location"]


@pytest.mark.parametrize("page", ["login", "signup"])
def test_sign_in_page_for_console_explains_why(page: str, db: None) -> None:
    text = Api().client.get(f"/account/{page}/", {"next": "/console/"}).content.decode()
    assert "the console" in text.partition("<main")[2].partition("</main>")[0]
    other = Api().client.get(f"/account/{page}/", {"next": "/history"}).content.decode()
    assert "the console" not in other.partition("<main")[2].partition("</main>")[0]


def test_workspace_has_test_and_live_mode(workspace: Workspace, olga: Browser) -> None:
    assert olga.get("acme/other/").status_code == 404
    assert olga.get("acme/live/keys").headers["Location"] == "/console/acme/domain"


def test_overview_shows_next_step(workspace: Workspace, olga: Browser) -> None:
    assert olga.text("acme/test/").count('class="is-done"') == 0
    olga.post("acme/test/keys/new", name="first", scopes=["check"])
    assert olga.text("acme/test/").count('class="is-done"') == 1


# -- Roles ----------------------------------------------------------------------------------------


def test_viewer_changes_are_refused(workspace: Workspace, vera: Browser) -> None:
    assert vera.get("acme/test/keys").status_code == 200
    assert vera.post("acme/test/keys/new", name="x", scopes=["check"]).status_code == 403
    assert vera.post("acme/domain").status_code == 403
    assert not BrandKey.objects.exists()


def test_developer_changes_of_members_are_refused(workspace: Workspace, dev: Browser) -> None:
    form = {"address": "x@example.org", "role": "owner"}
    assert dev.post("acme/team", **form).status_code == 403
    (own,) = Member.objects.filter(user=dev.user)
    assert dev.post(f"acme/team/{own.pk}", role="owner").status_code == 403
    assert dev.post("acme/domain").status_code == 403
    assert not Invitation.objects.exists() and mails.sent() == []


def test_remove_last_owner_is_refused(workspace: Workspace, olga: Browser, dev: Browser) -> None:
    own, other = Member.objects.get(user=olga.user), Member.objects.get(user=dev.user)
    for wish in ("viewer", "remove"):
        olga.post(f"acme/team/{own.pk}", role=wish)
        assert Member.objects.get(pk=own.pk).role == Role.OWNER
    olga.post(f"acme/team/{other.pk}", role="owner")
    olga.post(f"acme/team/{own.pk}", role="remove")
    assert not Member.objects.filter(pk=own.pk).exists()
    assert olga.get("acme/test/").status_code == 404


def test_member_of_other_workspace_is_not_found(
    workspace: Workspace, olga: Browser, nick: Browser, now: datetime
) -> None:
    theirs = members.begin_workspace_as_owner(
        nick.user, name="Rival", domain="rival.example", now=now
    )
    member = Member.objects.get(workspace=theirs)
    assert olga.post(f"acme/team/{member.pk}", role="viewer").status_code == 404
    key = BrandKey.objects.create(
        brand=theirs.test, name="k", prefix="0" * 16, digest=b"", scopes=[]
    )
    assert olga.post(f"acme/test/keys/{key.pk}/revoke").status_code == 404
    assert olga.post(f"acme/test/keys/{key.pk}/rotate", hours=1).status_code == 404


# -- Invitations ----------------------------------------------------------------------------------


def invited(olga: Browser, role: str = "developer") -> str:
    assert olga.post("acme/team", address="nick@example.org", role=role).status_code == 302
    (link,) = re.findall(r"http://127.0.0.1:8000/console/(join/\S+)", str(mails.sent()[-1].body))
    return str(link)


def test_accept_invitation_again_is_refused(
    workspace: Workspace, olga: Browser, nick: Browser, vera: Browser
) -> None:
    link = invited(olga)
    assert "Acme invites you" in nick.text(link)
    assert not Member.objects.filter(user=nick.user).exists()  # looking accepts nothing
    assert nick.post(link).headers["Location"] == "/console/acme/test/"
    assert Member.objects.get(user=nick.user).role == "developer"
    assert vera.post(link).status_code == 404
    assert Member.objects.get(user=vera.user).role == "viewer"


def test_change_team_needs_fresh_session(
    workspace: Workspace, olga: Browser, vera: Browser
) -> None:
    member = Member.objects.get(user=vera.user)
    with time_machine.travel(datetime.now().astimezone() + timedelta(minutes=16)):
        assert olga.get("acme/team").status_code == 200
        for path, form in (
            ("acme/team", {"address": "thief@evil.example", "role": "owner"}),
            (f"acme/team/{member.pk}", {"role": "owner"}),
        ):
            assert olga.post(path, **form).headers["Location"].startswith("/you/confirm?next=")
    assert mails.sent() == [] and Member.objects.get(user=vera.user).role == "viewer"


def test_invitation_stores_no_address(workspace: Workspace, olga: Browser) -> None:
    link = invited(olga)
    row = str(list(Invitation.objects.values()))
    assert "nick" not in row and link.rpartition("/")[2].split("_", 2)[2] not in row
    assert mails.sent()[-1].to == ["nick@example.org"]


def test_invitation_expired_is_refused(workspace: Workspace, olga: Browser, nick: Browser) -> None:
    link = invited(olga)
    with time_machine.travel(datetime.now().astimezone() + timedelta(days=8)):
        nick.client.force_login(nick.user)
        assert nick.post(link).status_code == 404
    olga.post(f"acme/team/invitations/{Invitation.objects.get().pk}/withdraw")
    assert nick.post(link).status_code == 404
    assert not Member.objects.filter(user=nick.user).exists()


# -- The domain -----------------------------------------------------------------------------------


def test_prove_domain_by_dns_record_opens_live_mode(
    workspace: Workspace, olga: Browser, names: Names
) -> None:
    Topic.objects.create(brand=workspace.test, code="news", name="News", purpose_id="marketing")
    answer = olga.post("acme/domain")
    said = answer.content.decode()
    assert answer.status_code == 422 and "no TXT record at _cmr-challenge.acme.example" in said
    names.texts["_cmr-challenge.acme.example"] = ["something else"]
    assert (
        "_cmr-challenge.acme.example has a different value"
        in olga.post("acme/domain").content.decode()
    )
    names.texts["_cmr-challenge.acme.example"].append(domain_proof.build_txt_value(workspace))
    assert olga.post("acme/domain").status_code == 302
    workspace.refresh_from_db()
    assert workspace.live and workspace.live.slug == "acme" and not workspace.live.test
    assert list(Topic.objects.filter(brand=workspace.live).values_list("code")) == [("news",)]
    page = olga.post("acme/live/keys/new", name="shop", scopes=["check"])
    assert "cmr_live_" in page.content.decode()


def test_prove_domain_by_file_opens_live_mode(
    workspace: Workspace, olga: Browser, names: Names, httpserver: HTTPServer
) -> None:
    Workspace.objects.update(domain=f"127.0.0.1:{httpserver.port}")
    httpserver.expect_request(domain_proof.FILE).respond_with_data("nothing")
    assert olga.post("acme/domain").status_code == 422
    httpserver.clear()
    value = domain_proof.build_txt_value(workspace)
    httpserver.expect_request(domain_proof.FILE).respond_with_data(f"{value}\n")
    assert olga.post("acme/domain").status_code == 302


@pytest.mark.parametrize(
    ("domain", "said"),
    [
        ("acme.example", "and the name acme.example does not exist."),
        ("10.0.0.1", "and the address of 10.0.0.1 is not public."),
    ],
)
def test_prove_domain_without_record_explains(
    domain: str, said: str, workspace: Workspace, olga: Browser, names: Names
) -> None:
    Workspace.objects.update(domain=domain)
    page = olga.post("acme/domain").content.decode()
    assert said in page and re.search(r"Looked at \d{4}-\d\d-\d\d [0-9:]{8} UTC", page)


def test_prove_domain_unreachable_dns_is_told_apart(
    workspace: Workspace, olga: Browser, settings: Settings
) -> None:
    settings.DNS_SERVERS = ["127.0.0.1:1"]
    page = olga.post("acme/domain").content.decode()
    assert "No name server answered for _cmr-challenge.acme.example" in page
    assert "does not exist" not in page


def test_prove_domain_by_file_shows_answer(
    workspace: Workspace, olga: Browser, names: Names, httpserver: HTTPServer
) -> None:
    domain = f"127.0.0.1:{httpserver.port}"
    Workspace.objects.update(domain=domain)
    httpserver.expect_oneshot_request(domain_proof.FILE).respond_with_data("other")
    httpserver.expect_oneshot_request(domain_proof.FILE).respond_with_data("", status=404)
    assert f"the file at http://{domain}" in olga.post("acme/domain").content.decode()
    assert "cmr-challenge.txt was answered with 404" in olga.post("acme/domain").content.decode()
    Workspace.objects.update(domain="127.0.0.1:1")
    assert "no connection to 127.0.0.1:1" in olga.post("acme/domain").content.decode()


def test_prove_domain_page_names_documented_file(workspace: Workspace, olga: Browser) -> None:
    assert "<code>https://acme.example/.well-known/cmr-challenge.txt</code>" in olga.text(
        "acme/domain"
    )


def test_prove_domain_by_redirect_is_refused(
    workspace: Workspace, olga: Browser, names: Names, httpserver: HTTPServer
) -> None:
    Workspace.objects.update(domain=f"127.0.0.1:{httpserver.port}")
    value = domain_proof.build_txt_value(workspace)
    httpserver.expect_request("/other").respond_with_data(value)
    away = {"Location": httpserver.url_for("/other")}
    httpserver.expect_request(domain_proof.FILE).respond_with_data("", status=302, headers=away)
    assert olga.post("acme/domain").status_code == 422


def test_prove_domain_takes_over_listed_brand(workspace: Workspace, now: datetime) -> None:
    Brand.objects.create(slug="not-acme", name="x", website="https://acme.example.org/")
    entry = Brand.objects.create(
        slug="acme-inc", name="Acme Inc", website="http://www.ACME.example/x"
    )
    assert lifecycle.make_workspace_live(workspace, now=now) == entry


def test_prove_domain_of_other_workspace_is_refused(
    workspace: Workspace, nick: Browser, now: datetime, names: Names
) -> None:
    second = members.begin_workspace_as_owner(
        nick.user, name="Also Acme", domain="acme.example", now=now
    )
    lifecycle.make_workspace_live(workspace, now=now)
    value = domain_proof.build_txt_value(second)
    names.texts["_cmr-challenge.acme.example"] = [value]
    answer = nick.post("also-acme/domain")
    assert answer.status_code == 422 and "Another workspace" in answer.content.decode()
    assert Brand.objects.live().count() == 1
    assert nick.post("new", name="Third", domain="acme.example").status_code == 422


def test_prove_domain_of_connected_brand_is_refused(
    workspace: Workspace, now: datetime, nick: Browser
) -> None:
    """Also where its entry names another's domain."""
    live = lifecycle.make_workspace_live(workspace, now=now)
    Brand.objects.filter(pk=live.pk).update(website="https://other.example")
    other = members.begin_workspace_as_owner(
        nick.user, name="Other", domain="other.example", now=now
    )
    assert lifecycle.make_workspace_live(other, now=now) != live


# -- Around every page ----------------------------------------------------------------------------


def test_console_is_always_english(workspace: Workspace, olga: Browser) -> None:
    """It has no translation; its numbers and the times, too, are those of the documentation."""
    consumer = Consumer.objects.get(user=olga.user)
    Consumer.objects.update(language="de")
    Subject.objects.filter(pk=consumer.subject_id).update(time_zone="Pacific/Auckland")
    page = olga.text("acme/test/imports")
    assert '<html lang="en">' in page and "up to 20 MB." in page and "Deutsch" not in page
    assert "Times are in UTC." in page
    topic = topics.create_topic(workspace.test, code="news", name="News", purpose="marketing")[0]
    at = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)
    topics.withdraw_topic(topic, now=at)
    assert "retired 2026-03-01 23:30" in olga.text("acme/test/catalogue/topics/news")
    assert '<html lang="de">' in olga.client.get("/you").content.decode()


def test_console_header_names_user(workspace: Workspace, olga: Browser) -> None:
    header = olga.text("acme/test/").partition("</header>")[0]
    assert "olga@example.org" in header and "Sign out" in header
