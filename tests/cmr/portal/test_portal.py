"""Pages of the portal: brands, choices in one click, undo."""

from __future__ import annotations

import html
import re
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from brands.models import Brand, Topic
from cmr.accounts import ownership
from cmr.choices import choose
from cmr.models import Consumer, User
from cmr.portal import brand_summaries, home
from cmr.portal.listing import MOST_CHOSEN
from consent.decision.resolution import Scope
from consent.ledger.recording import Actor
from consent.models import Explanation, LedgerEntry, Preference, Relationship, Send
from consent.relationships import lifecycle
from tests.conftest import EMAIL
from tests.factories import is_allowed, open_account, record_choice, submit_choice


def undo_button(page: str) -> dict[str, str]:
    found = dict(re.findall(r'name="(done|n)" value="([^"]+)"', page))
    return {**found, "next": "/brands/acme"}


# -- The list -------------------------------------------------------------------------------------


def test_home_without_account_explains_service(db: None) -> None:
    page = Client().get("/")
    assert page.status_code == 200
    assert b"Your no applies until you say yes" in page.content


def test_home_without_brands_suggests_some(browser: Client, rival: Brand) -> None:
    Brand.objects.filter(pk=rival.pk).update(website="https://rival.example", countries=["all"])
    page = browser.get("/").content
    assert b"We do not know any company of yours yet" in page
    assert b"Add Rival" in page


def test_directory_search_finds_and_adds_brand(browser: Client, acme: Brand, rival: Brand) -> None:
    found = browser.get("/brands", {"q": "aCm"}).content
    assert b"Add Acme" in found
    assert b"Rival" not in found
    page = browser.post("/add", {"brand": "acme"}, follow=True).content
    assert b"Acme is now one of your brands." in page
    assert b"One of your brands" in browser.get("/brands").content


@pytest.fixture
def both(met: Relationship, rival: Brand, ana: Consumer) -> list[Brand]:
    now = timezone.now()
    lifecycle.start_relationship(ana.subject_id, rival, by=Actor("portal"), now=now)
    return [met.brand, rival]


def names(page: bytes) -> list[str]:
    return re.findall(r'href="/brands/\w+">(\w+)</a>', page.decode())


def test_home_sorts_by_most_sends(browser: Client, both: list[Brand], ana: Consumer) -> None:
    assert names(browser.get("/", {"sort": "name"}).content) == ["Acme", "Rival"]
    Send.objects.create(
        subject=ana.subject, brand=both[1], purpose_id="marketing", at=timezone.now()
    )
    page = browser.get("/").content
    assert names(page) == ["Rival", "Acme"]
    assert b"Last contact" in page


def test_home_is_searched_and_filtered(browser: Client, both: list[Brand]) -> None:
    submit_choice(browser, "grant:marketing:email::")
    assert names(browser.get("/", {"q": "riv"}).content) == ["Rival"]
    assert names(browser.get("/", {"show": "receiving"}).content) == ["Acme"]
    assert names(browser.get("/", {"show": "silent"}).content) == ["Rival"]
    assert names(browser.get("/", {"show": "stopped"}).content) == []
    assert b"None of your companies matches" in browser.get("/", {"show": "asking"}).content
    assert b"has \xe2\x80\x9czzz\xe2\x80\x9d in its name" in browser.get("/", {"q": "zzz"}).content


def test_home_describes_state_in_words(browser: Client, met: Relationship, offers: Topic) -> None:
    submit_choice(browser, "grant:research:sms::")
    submit_choice(browser, f"grant:marketing:email:{offers.code}:")
    submit_choice(browser, "grant:profiling:::")
    page = re.sub(r"<[^>]+>", "", browser.get("/").content.decode())
    page = re.sub(r"\s+", " ", page)
    assert "SMS: research. E-mail: Weekly offers. Your data: profiling." in page


def test_home_row_button_stops_and_allows_brand(browser: Client, both: list[Brand]) -> None:
    submit_choice(browser, "grant:marketing:email::")
    sent = {"one": "deny:acme", "brand": "rival", "ticked": "1", "next": "/"}
    assert b"Done." in browser.post("/choose", sent, follow=True).content
    assert not is_allowed(both[0])
    assert not LedgerEntry.objects.filter(brand=both[1]).exists()
    assert b"Allow again" in browser.get("/").content
    browser.post("/choose", {"one": "allow:acme", "next": "/"})
    assert is_allowed(both[0])


def test_home_selected_brands_are_stopped(browser: Client, both: list[Brand]) -> None:
    sent = {"brand": ["acme", "rival"], "ticked": "1", "say": "deny::::", "next": "/?sort=name"}
    page = browser.post("/choose", sent, follow=True).content
    assert b"for 2 brands" in page
    assert LedgerEntry.objects.filter(decision="deny").count() == 2


def test_home_select_all_stops_every_page(
    browser: Client, both: list[Brand], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert b'name="all"' not in browser.get("/").content
    monkeypatch.setattr(home, "PAGE_SIZE", 1)
    page = browser.get("/", {"sort": "name"}).content.decode()
    (query,) = re.findall(r'name="all" value="([^"]+)"', page)
    assert "Select all 2" in page and names(page.encode()) == ["Acme"]
    sent = {"all": html.unescape(query), "brand": "acme", "ticked": "1", "say": "deny::::"}
    browser.post("/choose", sent)
    stopped = LedgerEntry.objects.filter(decision="deny").values_list("brand__slug", flat=True)
    assert set(stopped) == {"acme", "rival"}


def test_home_select_all_respects_search(browser: Client, both: list[Brand]) -> None:
    sent = {"all": "q=riv&show=&sort=name", "ticked": "1", "say": "deny::::"}
    browser.post("/choose", sent)
    assert LedgerEntry.objects.get().brand == both[1]
    answer = browser.post("/choose", sent | {"all": "q=nobody"})
    assert answer.status_code == 422 and LedgerEntry.objects.count() == 1


def test_choose_too_many_brands_is_refused(browser: Client, both: list[Brand]) -> None:
    slugs = ["acme", *(f"brand-{n}" for n in range(MOST_CHOSEN))]
    answer = browser.post("/choose", {"brand": slugs, "ticked": "1", "say": "deny::::"})
    assert answer.status_code == 422
    assert f"Select at most {MOST_CHOSEN} brands at once." in answer.text
    assert not Preference.objects.exists()


def test_choose_without_selection_is_refused(browser: Client, both: list[Brand]) -> None:
    answer = browser.post("/choose", {"ticked": "1", "say": "deny::::"})
    assert answer.status_code == 422
    assert b"Select the brands first" in answer.content
    assert not LedgerEntry.objects.exists()


# -- One brand ------------------------------------------------------------------------------------


def test_choose_grant_or_denial_takes_one_click(browser: Client, met: Relationship) -> None:
    assert "Yes to marketing by e-mail: Acme" in re.sub(
        r"\s+", " ", submit_choice(browser, "grant:marketing:email::")
    )
    assert is_allowed(met.brand)
    submit_choice(browser, "deny:marketing:email::")
    assert not is_allowed(met.brand)
    assert LedgerEntry.objects.filter(source="portal").count() == 2


def test_undo_restores_previous_choice(browser: Client, met: Relationship) -> None:
    submit_choice(browser, "grant:marketing:email::")
    page = submit_choice(browser, "deny:marketing:email::")
    undone = browser.post("/undo", undo_button(page), follow=True).content
    assert b"Undone. It is as it was before." in undone
    assert is_allowed(met.brand)


def test_undo_keeps_limit_and_pause(browser: Client, met: Relationship) -> None:
    until = (timezone.now() + timedelta(days=9)).date().isoformat()
    submit_choice(browser, "limit::::", max="2", per="week")
    submit_choice(browser, "pause::::", until=until)
    page = submit_choice(browser, "deny::::")
    browser.post("/undo", undo_button(page))
    shown = browser.get("/brands/acme").content
    assert b"<p>At most 2 a week.</p>" in shown
    assert b"Paused until" in shown
    assert b"Stopped by you: everything" not in shown


def test_undo_after_later_change_is_refused(browser: Client, met: Relationship) -> None:
    page = submit_choice(browser, "deny:marketing:email::")
    submit_choice(browser, "grant:marketing:email::")
    answer = browser.post("/undo", undo_button(page), follow=True).content
    assert b"You have changed this since" in answer
    assert is_allowed(met.brand)


def test_explain_records_reason_once(browser: Client, met: Relationship) -> None:
    button = undo_button(submit_choice(browser, "deny:marketing:email::"))
    for reason in ("not_relevant", "privacy"):
        browser.post("/explain", {**button, "reason": reason})
    assert Explanation.objects.get().reason == "not_relevant"
    told = met.brand.events.get(type="preference.explained")
    assert b'"reason":"not_relevant"' in bytes(told.body)
    assert browser.post("/explain", {**button, "reason": "none"}).status_code == 422


def test_end_pause_keeps_limit(browser: Client, met: Relationship) -> None:
    until = (timezone.now() + timedelta(days=9)).date().isoformat()
    submit_choice(browser, "limit::::", max="2", per="week")
    assert "Paused until" in submit_choice(browser, "pause::::", until=until)
    page = submit_choice(browser, "allow::::")
    assert "End the pause" not in page and "Ended your pause of everything" in page
    assert "<p>At most 2 a week.</p>" in page
    assert "<p>At most 2 a week.</p>" not in submit_choice(browser, "unlimit::::")


def test_choose_topic_names_it(browser: Client, met: Relationship, offers: Topic) -> None:
    said = re.sub(r"\s+", " ", submit_choice(browser, f"deny:marketing:email:{offers.code}:"))
    assert "No to “Weekly offers” by e-mail: Acme" in said
    assert "Weekly offers" in browser.get("/history").content.decode()


def test_choose_same_topic_code_of_two_brands_is_separate(
    browser: Client, ana: Consumer, met: Relationship, offers: Topic, rival: Brand
) -> None:
    for brand, name in [(met.brand, offers.name), (rival, "Other things")]:
        choose.add_brand(ana, brand, by="portal", now=timezone.now())
        topic, _ = Topic.objects.get_or_create(
            brand=brand, code=offers.code, defaults={"name": name, "purpose_id": "marketing"}
        )
        submit_choice(browser, f"grant:marketing:email:{topic.code}:", brand.slug)
    rows = {
        row.relationship.brand.slug: row
        for row in brand_summaries.list_rows(ana, now=timezone.now())
    }
    assert rows["acme"].messages == {"email": ["Weekly offers"]}
    assert rows["rival"].messages == {"email": ["Other things"]}


def test_choose_per_address_hides_it_from_brand(
    browser: Client, met: Relationship, ana: Consumer
) -> None:
    submit_choice(browser, "grant:marketing:email::")
    point = ana.contact_points.get()
    submit_choice(browser, f"deny::::{point.pk}")
    assert not is_allowed(met.brand)
    submit_choice(browser, f"clear::::{point.pk}")
    assert is_allowed(met.brand)


def test_brand_page_ends_and_restarts_relationship(browser: Client, met: Relationship) -> None:
    page = browser.post("/brands/acme/end", follow=True).content
    assert b"They may not contact you at all" in page
    assert not is_allowed(met.brand)
    assert b"Stop everything" in browser.post("/add", {"brand": "acme"}, follow=True).content


def test_brand_page_without_relationship_offers_to_add(browser: Client, acme: Brand) -> None:
    assert b"You have not added this brand" in browser.get("/brands/acme").content


# -- All brands -----------------------------------------------------------------------------------


def test_choose_pause_for_all_brands(browser: Client, met: Relationship) -> None:
    submit_choice(browser, "grant:marketing:email::")
    until = (timezone.now() + timedelta(days=9)).date().isoformat()
    page = submit_choice(browser, "pause::::", brand="", until=until)
    assert "Everyone is paused until" in page
    assert not is_allowed(met.brand)
    submit_choice(browser, "allow::::", brand="")
    assert is_allowed(met.brand)


def test_choose_denial_of_data_use_takes_one_click(browser: Client, met: Relationship) -> None:
    codes = ("sale_or_sharing", "profiling", "personalised_ads", "ai_training")
    sent = {"say": [f"deny:{code}:::" for code in codes], "next": "/"}
    page = browser.post("/choose", sent, follow=True).content
    assert b"Nobody may sell, share, profile" not in page
    assert LedgerEntry.objects.filter(brand=None, decision="deny").count() == 4


# -- What makes no sense --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"say": ""},
        {"say": "deny"},
        {"say": "everything::::"},
        {"say": "deny::::x"},
        {"say": "deny::::9"},
        {"say": "deny:nonsense:::"},
        {"say": "deny:marketing:smoke::"},
        {"say": "deny:service:email::"},
        {"say": "limit:service:::", "max": "1", "per": "day"},
        {"say": "deny:profiling:email::"},
        {"say": "deny:::no-topic:"},
        {"say": "pause::::"},
        {"say": "pause::::", "until": "2020-01-01"},
        {"say": "pause::::", "until": "2030-13-45"},
        {"say": "pause::::", "until": "2030-W01-1"},
        {"say": "pause::::", "until": "20300101"},
        {"say": "pause::::", "until": "２０３０-01-01"},
        {"say": "pause::::", "until": "2030-01-01\n"},
        {"say": "limit::::", "max": "0", "per": "week"},
        {"say": "limit::::", "max": "2", "per": "year"},
        {"say": "limit::::", "max": "²", "per": "week"},
        {"one": "deny:nobody"},
    ],
)
def test_choose_invalid_form_changes_nothing(
    browser: Client, met: Relationship, sent: dict[str, str]
) -> None:
    answer = browser.post("/choose", {"brand": "acme", **sent})
    assert answer.status_code == 422
    assert b"Nothing was changed" in answer.content
    assert not LedgerEntry.objects.exists()


@pytest.mark.parametrize(
    "place", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "/\\evil.example"]
)
def test_choose_redirects_to_own_pages_only(browser: Client, met: Relationship, place: str) -> None:
    answer = browser.post("/choose", {"brand": "acme", "say": "deny::::", "next": place})
    assert answer.headers["Location"].startswith("/?done=")


def test_undo_and_explain_of_other_person_are_not_found(
    browser: Client, met: Relationship, rival: Brand
) -> None:

    ben = open_account("ben@example.org")
    entry = record_choice(ben, "deny", Scope(rival.pk))
    for path in ("/undo", "/explain"):
        sent = {"done": str(entry.pk), "n": "1", "reason": "other"}
        assert browser.post(path, sent).status_code == 404
    assert browser.get(f"/history/{entry.pk}").status_code == 404
    assert b"Undo" not in browser.get("/", {"done": str(entry.pk)}).content


def test_brand_page_unsafe_website_is_no_link(browser: Client, met: Relationship) -> None:
    Brand.objects.filter(pk=met.brand_id).update(website="javascript:alert(1)")
    assert b'href="javascript' not in browser.get("/brands/acme").content
    Brand.objects.filter(pk=met.brand_id).update(website="https://acme.example")
    assert b'href="https://acme.example"' in browser.get("/brands/acme").content


def test_brand_page_shows_last_send(browser: Client, met: Relationship, ana: Consumer) -> None:
    Send.objects.create(
        subject=ana.subject, brand=met.brand, purpose_id="marketing", channel="sms",
        campaign="spring", at=timezone.now(),
    )  # fmt: skip
    page = browser.get("/brands/acme").content.decode()
    assert "What they sent you last" in page and "(spring)" in page


def test_error_page_is_rendered(browser: Client, met: Relationship) -> None:
    missing = browser.get("/no-such-page")
    assert missing.status_code == 404
    assert b"There is no such page" in missing.content
    guarded = Client(enforce_csrf_checks=True)
    old = guarded.post("/link", {"email": EMAIL})
    assert old.status_code == 403
    assert b"The form was too old" in old.content
    for page in (missing, old):
        assert b"style=" not in page.content and b"<style" not in page.content


def test_home_of_admin_redirects_to_report(admin: User) -> None:
    client = Client()
    client.force_login(admin)
    assert client.get("/").headers["Location"] == "/reports/"
    assert client.get("/brands").headers["Location"] == "/"


def test_brand_page_escapes_note(browser: Client, ana: Consumer, acme: Brand) -> None:
    by, note = Actor("brand_api", acme.pk), "<script>alert(1)</script>"
    lifecycle.start_relationship(ana.subject_id, acme, by=by, now=timezone.now(), note=note)
    for path in ("/", "/brands/acme"):
        page = browser.get(path).content
        assert b"<script>alert" not in page
        assert b"&lt;script&gt;alert(1)" in page


@pytest.mark.usefixtures("acme_key")
def test_brand_page_lists_known_addresses(
    ana: Consumer, acme: Brand, met: Relationship, client: Client, now: datetime
) -> None:
    second = ownership.add_contact(ana, kind="email", value="second@example.org", now=now)
    client.force_login(ana.user)
    page = client.get("/brands/acme").content.decode()
    assert page.count("They know you by it.") == 1
    assert page.count("We have not given them this address.") == 1
    client.post("/add", {"brand": "acme", "point": second.pk})
    assert client.get("/brands/acme").content.decode().count("They know you by it.") == 2
    first = ana.contact_points.exclude(pk=second.pk).get()
    record_choice(ana, "deny", Scope(acme.pk, contact_point=first.identifier_id))
    assert "You said no for this address only" in client.get("/brands/acme").content.decode()
    ownership.remove_contact(second, now=now)
    assert "an address that you removed here" in client.get("/brands/acme").content.decode()


def test_add_brand_with_several_addresses_asks_which(
    ana: Consumer, acme: Brand, client: Client, now: datetime
) -> None:
    second = ownership.add_contact(ana, kind="email", value="second@example.org", now=now)
    client.force_login(ana.user)
    assert b"Which of your addresses may they know?" in client.get("/brands/acme").content
    client.post("/add", {"brand": "acme", "choice": "1"})
    assert not Relationship.objects.exists()  # none was ticked
    client.post("/add", {"brand": "acme", "choice": "1", "point": second.pk})
    assert Relationship.objects.get().subject_id == second.identifier.subject_id
