"""What people come for, from the first page to the last; each journey with JavaScript and without.

By role and label, as somebody with a screen reader would find the way.
"""

from __future__ import annotations

import base64
import hmac
import json
import re
import struct
import time
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect
from pytest_django import Settings
from pytest_httpserver import HTTPServer

from brands import webhooks
from brands.credentials import brand_keys
from brands.models import Brand, Subscription
from brands.webhooks.delivery.worker import DeliveryWorker
from cmr.accounts import ownership
from cmr.models import Consumer
from cmr.portal import brand_summaries, home, past
from consent.imports import applying, jobs
from consent.ledger.recording import Actor
from consent.models import LedgerEntry, Relationship
from consent.propagation import propagate
from consent.relationships import lifecycle
from tests import mails
from tests.browser import world as worlds
from tests.browser.conftest import Open, sign_in
from tests.browser.world import World
from tests.conftest import ROOT, Api
from tests.factories import find_subject

DORA = "dora@example.org"


def newest_code() -> str:
    found = re.search(r"\b[A-Z]{4}-[A-Z]{4}\b", str(mails.sent()[-1].body))
    assert found
    return found[0]


def sign_up(page: Page) -> None:
    page.goto("/")
    page.get_by_role("link", name="Sign up with your e-mail address").click()
    page.get_by_label("Email").fill(DORA)
    page.get_by_role("button", name="Send me a code").click()
    page.get_by_label("Code").fill(newest_code())
    page.get_by_role("button", name="Confirm").click()
    page.get_by_role("link", name="To my companies").click()
    expect(page.get_by_role("heading", name="Your companies")).to_be_visible()


@pytest.fixture
def acme(transactional_db: None) -> Brand:
    """Knows Dora, as a customer of its shop."""
    brand = Brand.objects.create(slug="acme", name="Acme Outdoor")
    known = find_subject(DORA)
    by = Actor("brand_api", brand.pk)
    lifecycle.start_relationship(known, brand, by=by, now=timezone.now(), note="Bought a tent.")
    return brand


@pytest.fixture
def endpoint(acme: Brand, httpserver: HTTPServer) -> Subscription:
    httpserver.expect_request("/hook").respond_with_data("")
    terms = webhooks.SubscriptionTerms(url=httpserver.url_for("/hook"))
    return webhooks.create_subscription(acme, terms, now=timezone.now())[0]


def in_a_month() -> str:
    return (timezone.now() + timedelta(days=30)).date().isoformat()


def test_from_sign_up_to_erasure(
    page: Page, acme: Brand, endpoint: Subscription, worker: DeliveryWorker
) -> None:
    """Dora signs up, finds the shop that knew her already, stops it, thinks again, pauses
    everybody, sees her word delivered and applied, keeps the proof, takes her data and goes."""
    sign_up(page)
    expect(page.get_by_text("They added you: Bought a tent.")).to_be_visible()

    page.get_by_role("link", name="Acme Outdoor").click()
    page.get_by_role("button", name="E-mail: Yes").first.click()
    expect(page.get_by_role("status")).to_contain_text("Yes to marketing by e-mail")
    page.get_by_role("button", name="Stop everything").click()
    expect(page.get_by_text("Stopped by you: everything.")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("status")).to_contain_text("It is as it was before")
    expect(page.get_by_role("button", name="E-mail: Yes").first).to_have_attribute(
        "aria-pressed", "true"
    )

    page.get_by_role("link", name="Companies").first.click()
    page.get_by_text("For all brands", exact=True).click()
    page.locator("#everywhere").get_by_label("or until").fill(in_a_month())
    page.locator("#pause-all").click()
    expect(page.get_by_text("Everyone is paused until")).to_be_visible()

    dora = Consumer.objects.get(user__email=DORA)
    propagate.propagate_choices(dora.subject_id, now=timezone.now())
    worker.start_delivery(endpoint.pk).result(20)
    page.get_by_role("link", name="See what happens").click()
    expect(page.get_by_role("main")).to_contain_text(re.compile(r"delivered \d"))
    expect(page.get_by_role("main")).to_contain_text("to be applied by")
    told = acme.events.latest("sequence").sequence
    Api(brand_keys.issue_key(acme, name="x")).post("events/ack", {"through": told})
    page.reload()
    expect(page.get_by_role("main")).to_contain_text(re.compile(r"applied \d"))

    page.get_by_role("link", name="Receipt", exact=True).click()
    page.get_by_text("The signed text, for experts").click()
    text = page.locator("#receipt").inner_text()
    page.get_by_role("main").get_by_role("link", name="Check a receipt").click()
    page.get_by_label("The signed text").fill(text)
    page.get_by_role("button", name="Check it").click()
    expect(page.get_by_text("This receipt is genuine.")).to_be_visible()

    page.get_by_role("link", name="You", exact=True).click()
    page.get_by_role("link", name="Your data").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download as JSON").click()
    said = json.loads(download.value.path().read_bytes())
    assert [each["brand"] for each in said["relationships"]] == ["acme"]

    page.get_by_role("link", name="Erase my account").click()
    page.get_by_label("What I have chosen stays as it is").check()
    page.get_by_label("Type “erase” to go on").fill("erase")
    page.get_by_role("button", name="Erase my account").click()
    expect(page.get_by_role("heading", name="Your account is gone")).to_be_visible()
    assert not Consumer.objects.exists()
    assert LedgerEntry.objects.filter(decision="pause").exists()


def test_a_second_address_brings_what_brands_knew_by_it(page: Page, acme: Brand) -> None:
    """Ana proves a second address, and sees the shop that knew her by it."""
    ownership.open_account(
        email="ana@example.org", password="only-ana-knows-it", verified_at=timezone.now()
    )
    sign_in(page)
    page.get_by_role("link", name="You", exact=True).click()
    page.get_by_role("link", name="Addresses and numbers").click()
    page.get_by_label("E-mail address").fill(DORA)
    page.get_by_role("button", name="Send a code there").first.click()
    typed = page.get_by_label(f"The code that we sent to {DORA}")
    typed.wait_for()
    typed.fill(newest_code())
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_text(f"{DORA} is yours.")).to_be_visible()
    page.get_by_role("link", name="Companies").first.click()
    expect(page.get_by_role("link", name="Acme Outdoor")).to_be_visible()


def test_a_wrong_code_loses_nothing(page: Page, acme: Brand) -> None:
    """Dora mistypes her code, is told so, and goes on with the right one."""
    page.goto("/account/signup/")
    page.get_by_label("Email").fill(DORA)
    page.get_by_role("button", name="Send me a code").click()
    page.get_by_label("Code").fill("WRONG1")
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_label("Code").fill(newest_code())
    page.get_by_role("button", name="Confirm").click()
    page.get_by_role("link", name="To my companies").click()
    expect(page.get_by_role("heading", name="Your companies")).to_be_visible()


@pytest.mark.parametrize(
    ("button", "decision"),
    [("No", "deny"), ("Yes", "grant"), ("No, and never ask again", "deny")],
)
def test_what_a_brand_asks_is_answered_in_one_click(
    button: str, decision: str, page: Page, world: World
) -> None:
    """Ana is asked for a yes to surveys, and answers."""
    sign_in(page)
    page.get_by_role("link", name="Requests").click()
    page.get_by_role("button", name=button, exact=True).click()
    expect(page.get_by_text("Nobody is waiting for an answer.")).to_be_visible()
    newest = LedgerEntry.objects.latest("recorded_at")
    assert (newest.decision, newest.purpose_id, newest.channel) == (decision, "research", "email")


def test_several_brands_are_stopped_at_once(page: Page, world: World) -> None:
    """Ana ticks two brands, stops both, and takes it back."""
    sign_in(page)
    for brand in (world.brands[5], world.brands[6]):
        page.get_by_role("checkbox", name=brand.name).check()
    page.locator(".bulk").get_by_role("button", name="Stop everything").click()
    expect(page.get_by_role("status")).to_contain_text("for 2 brands")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("status")).to_contain_text("It is as it was before")


def test_a_reason_is_asked_for_when_it_is_done(page: Page, world: World) -> None:
    """Ana says no first, and why only because she wants to."""
    sign_in(page)
    page.get_by_role("button", name="Stop everything from Acme Outdoor").click()
    expect(page.get_by_role("status")).to_contain_text("Done.")
    page.get_by_label("Why? (optional)").select_option("Not relevant to me")
    page.get_by_role("button", name="Give a reason").click()
    expect(page.get_by_role("status")).to_contain_text("Your reason was passed on.")


def test_two_quick_clicks_are_one_choice_that_undo_takes_back(page: Page, world: World) -> None:
    sign_in(page)
    page.goto("/brands/acme")
    entries = LedgerEntry.objects.count()
    page.locator("#pause-week").dblclick()
    expect(page.get_by_role("status")).to_contain_text("Done.")
    expect(page.get_by_role("main")).to_contain_text("Paused until")
    assert LedgerEntry.objects.count() == entries + 1
    page.locator("#undo").dblclick()
    expect(page.get_by_role("status")).to_contain_text("Undone. It is as it was before.")
    expect(page.locator("#pause-week")).to_be_visible()


def test_an_allowed_brand_is_given_its_yes_by_the_next_click(page: Page, world: World) -> None:
    rows = brand_summaries.list_rows(world.consumer, now=timezone.now())
    silent = next(row.relationship.brand for row in rows if row.state == "silent")
    sign_in(page)
    page.goto(f"/brands/{silent.slug}")
    page.get_by_role("button", name="Stop everything").click()
    page.get_by_role("button", name="Allow again").click()
    page.get_by_role("button", name="Allow marketing by e-mail").click()
    expect(page.locator("#yes-marketingemail-b")).to_have_attribute("aria-pressed", "true")


def test_times_are_by_the_browser_s_clock_from_the_first_page(
    open_page: Open, world: World
) -> None:
    page = open_page(timezone_id="Asia/Tokyo")
    sign_in(page)
    page.goto(f"/history/{world.entry.pk}")
    expect(page.get_by_role("main")).to_contain_text(" JST")
    page.goto("/brands/acme/contacted")
    expect(page.get_by_label("When it came (time in Asia/Tokyo)")).to_be_visible()


def test_a_message_after_the_no_is_judged(page: Page, world: World) -> None:
    """Ana got a text message after her no, and reports it."""
    sign_in(page)
    page.get_by_role("link", name="Acme Outdoor").click()
    page.get_by_role("link", name="They contacted me after my no").click()
    at = timezone.localtime() - timedelta(hours=1)
    page.get_by_label("When it came").fill(at.strftime("%Y-%m-%dT%H:%M"))
    page.get_by_label("By which way").select_option("SMS")
    page.get_by_label("The message").fill("Only today!")
    page.get_by_role("button", name="Report it").click()
    expect(page.get_by_text("They should not have sent it.")).to_be_visible()
    page.get_by_role("link", name="All your reports").click()
    expect(page.get_by_text("Only today!")).to_be_visible()


def test_without_an_account(page: Page, acme: Brand) -> None:
    """Dora has no account: she has the link sent, says no on the page of that one brand, and
    unsubscribes from a mail in one click."""
    page.goto("/")
    page.get_by_role("link", name="Without an account: have").click()
    page.get_by_label("E-mail address").fill(DORA)
    page.get_by_role("button", name="Send me the links").click()
    expect(page.get_by_text("We will write to this address")).to_be_visible()
    link = re.search(r"http\S+/p/\S+", str(mails.sent()[-1].body))
    assert link
    page.goto(link[0])
    page.get_by_role("button", name="SMS: No").first.click()
    expect(page.get_by_role("status")).to_contain_text("No to marketing by SMS")
    page.goto(link[0].replace("/p/", "/u/"))
    page.get_by_role("button", name="Unsubscribe").click()
    expect(page.get_by_text("No more everything from Acme Outdoor.")).to_be_visible()
    assert LedgerEntry.objects.filter(source="link", maker="person").count() == 2


@pytest.mark.parametrize("javascript", [True, False])
def test_a_global_privacy_control_signal_is_honoured(
    javascript: bool, open_page: Open, world: World
) -> None:
    """Ana's browser says that nobody may sell her data; she sees that it counts, allows one
    purpose again herself, and the signal does not take that back."""
    page = open_page(java_script_enabled=javascript, extra_http_headers={"Sec-GPC": "1"})
    sign_in(page)
    expect(page.get_by_text("Global Privacy Control: honoured.")).to_be_visible()
    page.get_by_role("link", name="See it in your history").click()
    expect(page.get_by_text("Global Privacy Control signal").first).to_be_visible()
    page.get_by_role("link", name="Companies").first.click()
    page.get_by_text("For all brands", exact=True).click()
    page.get_by_role("button", name="Personalised ads: Yes").click()
    page.goto("/history")
    newest = LedgerEntry.objects.latest("recorded_at")
    assert (newest.decision, newest.source) == ("grant", "portal")
    assert LedgerEntry.objects.filter(source="gpc").count() == 2


def test_the_pages_speak_german(page: Page, world: World) -> None:
    """Ana reads everything in German, dates by the clock in Berlin."""
    sign_in(page)
    page.get_by_role("link", name="You", exact=True).click()
    page.get_by_label("Language").select_option("Deutsch")
    page.get_by_label("Time zone").select_option("Europe/Berlin")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("Gespeichert.")
    page.get_by_role("link", name="Verlauf").click()
    moment = world.entry.recorded_at + timedelta(hours=1)  # in winter; in summer it is two
    assert page.locator("html").get_attribute("lang") == "de"
    shown = page.get_by_role("main").inner_text()
    assert f"{moment:%H:%M}" in shown or f"{moment + timedelta(hours=1):%H:%M}" in shown


def test_a_passkey_signs_in(open_page: Open, world: World) -> None:
    """Ana adds a passkey and signs in with nothing else. (It takes JavaScript by its nature.)"""
    page = open_page()
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True,
        "hasUserVerification": True, "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }  # fmt: skip
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    sign_in(page)
    page.goto("/account/factors/webauthn/add/")  # signing in a moment ago is enough
    page.get_by_label("Passwordless").check()
    page.get_by_role("button", name="Add").click()
    page.wait_for_url("**/recovery-codes/**")
    page.get_by_role("button", name="Sign out").click()
    page.goto("/account/login/")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("heading", name="Your companies")).to_be_visible()


def test_a_second_factor_is_set_up_and_asked_for(page: Page, world: World) -> None:
    """Ana sets up an authenticator app; the next time her password is not enough."""
    sign_in(page)
    page.goto("/account/factors/totp/activate/")  # signing in a moment ago is enough
    secret = page.get_by_label("Authenticator secret").input_value()
    page.get_by_label("Authenticator code").fill(app_code(secret))
    page.get_by_role("button", name="Activate").click()
    page.get_by_role("heading", name="Recovery Codes").wait_for()
    page.context.clear_cookies()
    page.goto("/account/login/")
    page.get_by_label("Email").fill("ana@example.org")
    page.get_by_label("Password").fill("only-ana-knows-it")
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(re.compile("/account/factors/authenticate/"))


def app_code(secret: str) -> str:
    """What an authenticator app shows (RFC 6238)."""
    counter = struct.pack(">Q", int(time.time()) // 30)
    digest = hmac.digest(base64.b32decode(secret), counter, "sha1")
    place = digest[-1] & 15
    number = int.from_bytes(digest[place : place + 4]) & 0x7FFFFFFF
    return f"{number % 10**6:06}"


def test_a_dead_server_is_said_to_be_dead(open_page: Open, world: World) -> None:
    """The train enters a tunnel; what Ana pressed was not saved, and she is told so."""
    page = open_page()
    sign_in(page)
    page.context.route("**/choose", lambda route: route.abort())
    page.get_by_role("button", name="Stop everything from Acme Outdoor").click()
    expect(page.get_by_role("status")).to_contain_text("Nothing was changed; try again.")


def test_the_keyboard_is_enough(page: Page, world: World) -> None:
    """Ana uses no mouse: past the menu in one step, and stops a brand with the space bar."""
    sign_in(page)
    page.goto("/brands/acme")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    button = page.get_by_role("button", name="Stop everything")
    for _ in range(5):
        page.keyboard.press("Tab")
        if button.evaluate("each => each === document.activeElement"):
            break
    page.keyboard.press("Space")
    expect(page.get_by_text("Stopped by you: everything.")).to_be_visible()


def test_tables_are_read_by_keyboard(page: Page, world: World) -> None:
    """An admin reaches every number of a report, on a phone, follows a row, and fetches a file."""
    worlds.admin()
    sign_in(page, worlds.ADMIN, arrives="Overview")
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto("/reports/campaigns?days=90")
    table = page.get_by_role("region", name="Campaigns", exact=True)
    tab_to(page, table)
    assert table.evaluate("each => each.scrollWidth > each.clientWidth")
    for _ in range(60):
        page.keyboard.press("ArrowRight")
    expect(table.get_by_role("columnheader", name="complaint rate")).to_be_in_viewport()
    row = table.get_by_role("link").first
    tab_to(page, row)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Counts and rates by reason")).to_be_visible()
    tab_to(page, page.get_by_role("link", name="CSV"))
    with page.expect_download() as file:
        page.keyboard.press("Enter")
    assert file.value.suggested_filename.endswith(".csv")


def test_the_numbers_under_a_chart_open_by_keyboard(page: Page, world: World) -> None:
    worlds.admin()
    sign_in(page, worlds.ADMIN, arrives="Overview")
    page.goto("/reports/?days=28")
    tab_to(page, page.locator("summary", has_text="The numbers").first)
    page.keyboard.press("Enter")
    expect(page.get_by_role("columnheader", name="day", exact=True)).to_be_visible()


def tab_to(page: Page, wanted: Locator) -> None:
    """Press Tab until it is there."""
    for _ in range(150):
        page.keyboard.press("Tab")
        if wanted.evaluate("each => each === document.activeElement"):
            return
    raise AssertionError(f"{wanted} cannot be reached by Tab")


def test_what_is_over_can_begin_again(page: Page, world: World) -> None:
    """Ana ends it with a brand, and begins again a moment later."""
    sign_in(page)
    page.get_by_role("link", name="Acme Outdoor").click()
    page.get_by_role("button", name="End the relationship").click()
    expect(page.get_by_text("They may not contact you at all.")).to_be_visible()
    page.get_by_role("button", name="Begin again").click()
    expect(page.get_by_role("button", name="Stop everything")).to_be_visible()
    known = Relationship.objects.get(person=world.consumer.subject_id, brand=world.acme)
    assert known.ended_at is None


def test_an_import_renews_itself(page: Page, world: World) -> None:
    """A developer starts a file of people, and looks on until it is done."""
    worlds.developer()
    sign_in(page, worlds.DEVELOPER)
    page.goto("/console/acme/live/imports")
    page.get_by_role("region", name="Imports").get_by_role("link").click()
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_text("1 of 2 rows are done")).to_be_visible()
    for job in applying.list_running_imports():
        jobs.run_import(job, now=timezone.now())
    expect(page.get_by_text("Done: 1 of 2 rows")).to_be_visible()
    expect(page.get_by_role("button", name="Cancel")).to_be_hidden()


def test_an_export_is_imported_by_hand(page: Page, world: World) -> None:
    """A developer brings Klaviyo's file: its columns are guessed, and each row is looked at."""
    worlds.developer()
    sign_in(page, worlds.DEVELOPER)
    page.goto("/console/acme/test/imports")
    page.get_by_label("File").set_input_files(ROOT / "tests/cmr/console/exports/klaviyo.csv")
    page.get_by_role("button", name="Next: its columns").click()
    expect(page.get_by_text("It looks like an export of Klaviyo")).to_be_visible()
    page.get_by_role("button", name="Next: what holds").click()
    page.get_by_label("How these relationships came about").fill("Our newsletter")
    page.get_by_label("Evidence of each yes").fill("Form on our site")
    page.get_by_role("button", name="Next: look at the rows").click()
    rows = page.get_by_role("region", name="First rows")
    expect(rows.get_by_role("row", name="olga.baum@example.com")).to_contain_text("A new yes")
    expect(rows.get_by_role("row", name="rita.vogel@example.com")).to_contain_text("A new no")
    page.get_by_role("button", name="Start").click()
    for job in applying.list_running_imports():
        jobs.run_import(job, now=timezone.now())
    expect(page.get_by_text("Done: 3 of 3 rows")).to_be_visible()


def test_the_history_shows_more(
    open_page: Open, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ana looks further back, and what she saw stays where it is."""
    monkeypatch.setattr(past, "PAGE_SIZE", 3)
    page = open_page()
    sign_in(page)
    page.goto("/history")
    changes = page.locator("#changes").get_by_role("listitem")
    expect(changes).to_have_count(3)
    page.get_by_role("link", name="Show more").click()
    expect(changes).to_have_count(6)


def test_all_brands_of_a_long_list_are_selected(
    open_page: Open, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ana selects all, then takes one out: what is sent is what is ticked."""
    monkeypatch.setattr(home, "PAGE_SIZE", 2)
    page = open_page()
    sign_in(page)
    everything = page.get_by_role("checkbox", name=re.compile(r"Select all \d"))
    everything.check()
    first = page.get_by_role("checkbox", name="Acme Outdoor")
    expect(first).to_be_checked()
    expect(page.locator("#number-selected")).not_to_have_text("2")
    first.uncheck()
    expect(everything).not_to_be_checked()
    expect(page.locator("#number-selected")).to_have_text("1")


def test_a_file_that_is_too_large_is_not_sent(
    open_page: Open, world: World, settings: Settings
) -> None:
    """A developer chooses a file above the limit, reads what to do, and takes a smaller one."""
    settings.MAX_UPLOAD_BYTES = 1_000
    worlds.developer()
    page = open_page()
    sign_in(page, worlds.DEVELOPER)
    page.goto("/console/acme/test/imports")
    expect(page.get_by_text("This file is larger")).to_be_hidden()
    large = {"name": "large.csv", "mimeType": "text/csv", "buffer": b"email\n" + b"x" * 1_000}
    page.get_by_label("File").set_input_files(large)  # type: ignore[arg-type]
    expect(page.get_by_text("This file is larger")).to_be_visible()
    expect(page.get_by_text("cmr import people.csv")).to_be_visible()
    page.get_by_role("button", name="Next: its columns").click()
    expect(page.get_by_role("heading", name="Import a file")).to_be_visible()
    page.get_by_label("File").set_input_files(ROOT / "tests/cmr/console/exports/brevo.csv")
    expect(page.get_by_text("This file is larger")).to_be_hidden()
    page.get_by_role("button", name="Next: its columns").click()
    expect(page.get_by_text("It looks like an export of Brevo")).to_be_visible()


def test_all_goes_with_no_other_tick(open_page: Open, world: World) -> None:
    """A developer wants to hear of noes alone, where All was ticked before."""
    worlds.developer()
    page = open_page()
    sign_in(page, worlds.DEVELOPER)
    page.goto("/console/acme/test/webhooks/new")
    everything = page.get_by_role("checkbox", name="All", exact=True)
    noes = page.get_by_role("checkbox", name="preference.denied")
    noes.check()
    expect(everything).not_to_be_checked()
    everything.check()
    expect(noes).not_to_be_checked()


def test_only_what_a_decision_needs_is_asked(page: Page, world: World) -> None:
    """A developer lets somebody pause for a week."""
    worlds.developer()
    sign_in(page, worlds.DEVELOPER)
    page.goto("/console/acme/test/events")
    page.get_by_text("Make something happen").click()
    days = page.get_by_label("Days of a pause")
    expect(days).to_be_hidden()
    page.get_by_label("Whose").fill("ana@example.org")
    page.get_by_label("What they do").select_option("pauses")
    days.fill("7")
    expect(page.get_by_label("Times a week")).to_be_hidden()
    page.get_by_role("button", name="Let it happen").click()
    expect(page.get_by_role("status")).to_contain_text("It happened")
    expect(page.get_by_role("row", name="preference.paused")).to_contain_text("marketing · email")


def test_a_new_key_is_copied(open_page: Open, world: World) -> None:
    """With the lines by which the shell knows it."""
    worlds.developer()
    page = open_page(permissions=["clipboard-read", "clipboard-write"])
    sign_in(page, worlds.DEVELOPER)
    page.goto("/console/acme/test/keys/new")
    page.get_by_label("Name", exact=True).fill("laptop")
    page.get_by_role("button", name="Make it").click()
    page.get_by_role("button", name="Copy").nth(1).click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    lines = page.evaluate("navigator.clipboard.readText()").splitlines()
    assert [line.partition("=")[0] for line in lines] == ["export CMR_URL", "export CMR_KEY"]
