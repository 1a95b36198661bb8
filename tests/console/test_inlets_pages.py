"""The brand's inlets in the console."""

from __future__ import annotations

import json
import re

import pytest

from brands.models import Brand, Workspace
from cmr.inbound import inlets
from cmr.models import Inlet
from tests.cmr.provider_calls import KEYS, Call
from tests.cmr.test_inlets import post
from tests.console.conftest import Browser

LIST = "acme/test/inlets"


def opened(by: Browser, provider: str = "sendgrid", **form: str) -> str:
    """The address of a new inlet, as its page shows it."""
    answer = by.post(f"{LIST}/new", provider=provider, **form)
    assert answer.status_code == 200
    (url,) = re.findall(r"<pre[^>]*>(\S+)</pre>", answer.content.decode())
    return str(url)


@pytest.mark.usefixtures("workspace")
def test_an_inlet_and_what_came_of_it(dev: Browser, vera: Browser) -> None:
    assert "There is none yet" in dev.text(LIST)
    url = opened(dev)
    assert "Nothing has come yet" in dev.text(LIST) and url not in dev.text(LIST)
    said = [{"event": "unsubscribe", "email": each} for each in ("ana@example.org", "none")]
    assert post(url, Call(json.dumps([*said, {}, {"event": "open"}]).encode())).status_code == 200
    shown = vera.text(LIST)
    for words in ("addresses that you have not registered", "without a valid address"):
        assert words in shown
    assert "not understood" in shown and "other events" in shown
    assert "refused for their signature" not in shown and "ana@example.org" not in shown


@pytest.mark.usefixtures("workspace")
def test_a_signing_key_is_set_and_refused_where_it_is_none(dev: Browser) -> None:
    url = opened(dev)
    key = f"{LIST}/{Inlet.objects.get().pk}/key"
    assert dev.post(key, signing_key="x").status_code == 422
    assert dev.post(key, signing_key=KEYS["sendgrid"]).status_code == 302
    assert post(url, Call(b"[]")).status_code == 403
    assert "refused for their signature" in dev.text(LIST)
    assert KEYS["sendgrid"] not in dev.text(LIST) + dev.text(key)
    assert dev.post(f"{LIST}/new", provider="brevo", signing_key="x").status_code == 422


@pytest.mark.usefixtures("workspace")
def test_the_country_of_numbers(dev: Browser, vera: Browser) -> None:
    opened(dev, "vonage", country="CH")
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
def test_mail_has_no_country(dev: Browser) -> None:
    assert dev.post(f"{LIST}/new", provider="brevo", country="US").status_code == 422
    opened(dev, "brevo")
    assert "Set the country" not in dev.text(LIST)
    assert dev.get(f"{LIST}/{Inlet.objects.get().pk}/country").status_code == 404


@pytest.mark.usefixtures("workspace")
def test_a_closed_inlet_is_gone(dev: Browser) -> None:
    url = opened(dev)
    assert dev.post(f"{LIST}/{Inlet.objects.get().pk}/close").status_code == 302
    assert post(url, Call(b"[]")).status_code == 404
    assert "There is none yet" in dev.text(LIST)


def test_who_may_open_one(workspace: Workspace, dev: Browser, vera: Browser, nick: Browser) -> None:
    opened(dev)
    paths = [f"{LIST}/new", *(f"{LIST}/{Inlet.objects.get().pk}/{act}" for act in ("key", "close"))]
    assert {vera.post(path, provider="brevo").status_code for path in paths} == {403}
    assert {nick.post(path, provider="brevo").status_code for path in paths} == {404}
    assert "Open an inlet" not in vera.text(LIST)
    assert Inlet.objects.filter(closed_at=None).count() == 1


@pytest.mark.usefixtures("workspace")
def test_another_brand_s_inlet_is_not_there(dev: Browser, rival: Brand) -> None:
    other, _ = inlets.open_inlet(rival, provider="sendgrid")
    assert dev.get(f"{LIST}/{other.pk}/key").status_code == 404
    assert dev.post(f"{LIST}/{other.pk}/close").status_code == 404
    assert "There is none yet" in dev.text(LIST)
