"""Console pages: inlets of the brand."""

from __future__ import annotations

import json
import re

import pytest

from brands.models import Brand, Workspace
from cmr.inbound import inlets
from cmr.models import Inlet
from tests.cmr.console.conftest import Browser
from tests.cmr.inbound.test_inlets import post
from tests.cmr.provider_calls import KEYS, Call

LIST = "acme/test/inlets"


def open_inlet(by: Browser, provider: str = "sendgrid", **form: str) -> str:
    """The address of a new inlet, as its page shows it."""
    answer = by.post(f"{LIST}/new", provider=provider, **form)
    assert answer.status_code == 200
    (url,) = re.findall(r"<pre[^>]*>(\S+)</pre>", answer.content.decode())
    return str(url)


@pytest.mark.usefixtures("workspace")
def test_inlet_page_shows_outcomes(dev: Browser, vera: Browser) -> None:
    assert "There is none yet" in dev.text(LIST)
    url = open_inlet(dev)
    assert "Nothing has come yet" in dev.text(LIST) and url not in dev.text(LIST)
    said = [{"event": "unsubscribe", "email": each} for each in ("ana@example.org", "none")]
    assert post(url, Call(json.dumps([*said, {}, {"event": "open"}]).encode())).status_code == 200
    shown = vera.text(LIST)
    for words in ("addresses that you have not registered", "without a valid address"):
        assert words in shown
    assert "not understood" in shown and "other events" in shown
    assert "refused for their signature" not in shown and "ana@example.org" not in shown


@pytest.mark.usefixtures("workspace")
def test_set_key_invalid_key_is_refused(dev: Browser) -> None:
    url = open_inlet(dev)
    key = f"{LIST}/{Inlet.objects.get().pk}/key"
    assert dev.post(key, signing_key="x").status_code == 422
    assert dev.post(key, signing_key=KEYS["sendgrid"]).status_code == 302
    assert post(url, Call(b"[]")).status_code == 403
    assert "refused for their signature" in dev.text(LIST)
    assert KEYS["sendgrid"] not in dev.text(LIST) + dev.text(key)
    assert dev.post(f"{LIST}/new", provider="brevo", signing_key="x").status_code == 422


@pytest.mark.usefixtures("workspace")
def test_set_country_of_numbers(dev: Browser, vera: Browser) -> None:
    open_inlet(dev, "vonage", country="CH")
    assert "Numbers without + are from CH" in dev.text(LIST)
    page = f"{LIST}/{Inlet.objects.get().pk}/country"
    assert "Switzerland" in dev.text(page)
    assert vera.post(page, country="US").status_code == 403
    assert dev.post(page, country="XX").status_code == 422
    assert dev.post(page, country="US").status_code == 302
    assert "Numbers without + are from US" in dev.text(LIST)
    assert dev.post(page, country="").status_code == 302
    assert "Numbers without +" not in dev.text(LIST)


@pytest.mark.usefixtures("workspace")
def test_set_country_of_mail_inlet_is_refused(dev: Browser) -> None:
    assert dev.post(f"{LIST}/new", provider="brevo", country="US").status_code == 422
    open_inlet(dev, "brevo")
    assert "Set the country" not in dev.text(LIST)
    assert dev.get(f"{LIST}/{Inlet.objects.get().pk}/country").status_code == 404


@pytest.mark.usefixtures("workspace")
def test_close_inlet_removes_it(dev: Browser) -> None:
    url = open_inlet(dev)
    assert dev.post(f"{LIST}/{Inlet.objects.get().pk}/close").status_code == 302
    assert post(url, Call(b"[]")).status_code == 404
    assert "There is none yet" in dev.text(LIST)


def test_open_inlet_by_viewer_is_refused(
    workspace: Workspace, dev: Browser, vera: Browser, nick: Browser
) -> None:
    open_inlet(dev)
    paths = [f"{LIST}/new", *(f"{LIST}/{Inlet.objects.get().pk}/{act}" for act in ("key", "close"))]
    assert {vera.post(path, provider="brevo").status_code for path in paths} == {403}
    assert {nick.post(path, provider="brevo").status_code for path in paths} == {404}
    assert "Open an inlet" not in vera.text(LIST)
    assert Inlet.objects.filter(closed_at=None).count() == 1


@pytest.mark.usefixtures("workspace")
def test_inlet_page_of_other_brand_is_not_found(dev: Browser, rival: Brand) -> None:
    other, _ = inlets.open_inlet(rival, provider="sendgrid")
    assert dev.get(f"{LIST}/{other.pk}/key").status_code == 404
    assert dev.post(f"{LIST}/{other.pk}/close").status_code == 404
    assert "There is none yet" in dev.text(LIST)
