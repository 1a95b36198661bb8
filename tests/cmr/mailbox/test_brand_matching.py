"""Brands of a domain, and the person's answer to which of them it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from brands.models import Brand
from cmr.mailbox import brand_matching, recording, scans
from cmr.models import BrandMatch, Consumer, ScanSource, Sender
from mailbox_reader import BulkMail, MailProviders, Route
from tests.factories import NEWEST, create_sender, create_test_brand

PROVIDERS = MailProviders({})


@pytest.fixture
def brand(acme: Brand) -> Brand:
    acme.website = "https://www.acme.example/shop"
    acme.save()
    return acme


def record(consumer: Consumer, now: datetime, **fields: Any) -> None:
    """Record one mail of acme.example."""
    scan = scans.begin_scan(consumer, ScanSource.UPLOAD, now=now)
    mail = BulkMail(
        message_id="<1@acme.example>", sent_at=NEWEST, organisation="acme.example", list_id="",
        name="Acme", route=Route.WEB, is_group=False, is_transactional=False, is_junk=False,
        recipients=(),
    )  # fmt: skip
    recording.record_mails(scan, [replace(mail, **fields)], PROVIDERS, read=1)


def test_list_matching_brands_by_website_and_address(brand: Brand, rival: Brand) -> None:
    rival.privacy_email = "privacy@acme.example"
    rival.save()
    create_test_brand()
    found = brand_matching.list_matching_brands("acme.example", PROVIDERS)
    assert found == [brand, rival]
    assert brand_matching.list_matching_brands("other.example", PROVIDERS) == []


def test_link_to_brand_links_all_lists_but_groups(ana: Consumer, brand: Brand) -> None:
    create_sender(ana, "acme.example", match=BrandMatch.ASK)
    create_sender(ana, "acme.example", is_transactional=True, match=BrandMatch.ASK)
    create_sender(ana, "acme.example", list_id="group", is_group=True)
    brand_matching.link_to_brand(ana, "acme.example", brand)
    linked = Sender.objects.filter(brand=brand, match=BrandMatch.PERSON)
    assert set(linked.values_list("list_id", "is_transactional")) == {("", False), ("", True)}


def test_refuse_brands_holds_for_new_lists(ana: Consumer, brand: Brand, now: datetime) -> None:
    record(ana, now)
    assert Sender.objects.get().brand == brand
    brand_matching.refuse_brands(ana, "acme.example")
    record(ana, now, message_id="<2@acme.example>", list_id="news.acme.example")
    refused = Sender.objects.filter(brand=None, match=BrandMatch.REFUSED)
    assert refused.count() == Sender.objects.count() == 2


def test_link_to_brand_holds_for_new_lists(
    ana: Consumer, brand: Brand, rival: Brand, now: datetime
) -> None:
    record(ana, now)
    brand_matching.link_to_brand(ana, "acme.example", rival)
    record(ana, now, message_id="<2@acme.example>", list_id="news.acme.example")
    assert set(Sender.objects.values_list("brand", "match")) == {(rival.pk, BrandMatch.PERSON)}


def test_answer_for_one_organisation_leaves_others(
    ana: Consumer, brand: Brand, rival: Brand, now: datetime
) -> None:
    create_sender(ana, "other.example")
    brand_matching.refuse_brands(ana, "other.example")
    record(ana, now)
    assert Sender.objects.get(organisation="acme.example").match == BrandMatch.DOMAIN
