"""Several requests of one browser bring its Global Privacy Control signal at the same moment."""

from __future__ import annotations

from functools import partial

import pytest
from django.test import Client
from django.utils import timezone

from cmr.choices import global_privacy_control, links
from cmr.choices.links import Link
from cmr.models import Consumer
from consent.decision.resolution import Scope
from consent.ledger import recording
from consent.ledger.recording import Actor, ChoiceTerms, NewChoice
from consent.models import LedgerEntry, Relationship
from tests.races.together import together

pytestmark = pytest.mark.django_db(transaction=True)

AT_ONCE = 4


def signals() -> int:
    return LedgerEntry.objects.filter(source="gpc").count()


def test_signals_concurrently_record_one_denial(ana: Consumer, met: Relationship) -> None:
    def ask() -> int:
        browser = Client(headers={"Sec-GPC": "1"})
        browser.force_login(ana.user)
        return browser.get("/you").status_code

    assert together(*[ask] * AT_ONCE) == [200] * AT_ONCE
    assert signals() == len(global_privacy_control.PURPOSES)
    now = timezone.now()
    clears = [
        NewChoice(Scope(None, purpose), ChoiceTerms("clear"))
        for purpose in global_privacy_control.PURPOSES
    ]
    recording.record_choices(ana.subject_id, clears, by=Actor("api"), now=now)
    assert together(*[ask] * AT_ONCE) == [200] * AT_ONCE
    assert signals() == 2 * len(global_privacy_control.PURPOSES)


def test_signals_on_link_page_concurrently_record_one_denial(met: Relationship) -> None:
    path = f"/p/{links.build_token(Link(met, 'marketing', 'email'))}"
    save = partial(Client().post, path, {"say": "deny:marketing:::"}, headers={"Sec-GPC": "1"})
    assert {each.status_code for each in together(*[save] * AT_ONCE)} == {200}
    assert signals() == len(global_privacy_control.PURPOSES)
