"""`GET me/senders`: what a person's program reads of their mailbox."""

from __future__ import annotations

from brands.models import Brand
from cmr.models import BrandMatch, Consumer, SignatureResult
from tests.conftest import Api
from tests.factories import NEWEST, create_sender, open_account


def test_senders_are_described(as_ana: Api, ana: Consumer, acme: Brand) -> None:
    sender = create_sender(
        ana, "acme.example", list_id="news.acme.example", weekly=[2, 1], junk=1,
        brand=acme, match=BrandMatch.DOMAIN, signature=SignatureResult.PASSED,
    )  # fmt: skip
    (row,) = as_ana.get("me/senders").json()["data"]
    assert row == {
        "id": str(sender.pk),
        "organisation": "acme.example",
        "list_id": "news.acme.example",
        "name": "Acme",
        "route": "web",
        "transactional": False,
        "group": False,
        "mails": 3,
        "junk": 1,
        "first_at": "2026-01-07T08:00:00Z",
        "last_at": "2026-01-14T08:00:00Z",
        "signature_result": "passed",
        "brand": "acme",
        "match": "domain",
    }


def test_senders_empty_states_have_names(as_ana: Api, ana: Consumer) -> None:
    create_sender(ana, "shop.example", first_at=None, last_at=None)
    (row,) = as_ana.get("me/senders").json()["data"]
    assert (row["list_id"], row["signature_result"], row["match"]) == (None, "not_checked", "none")
    assert (row["brand"], row["first_at"]) == (None, None)


def test_senders_are_filtered(as_ana: Api, ana: Consumer, acme: Brand) -> None:
    create_sender(ana, "acme.example", brand=acme, match=BrandMatch.DOMAIN)
    create_sender(ana, "shop.example")

    def find(**query: str) -> list[str]:
        rows = as_ana.get("me/senders", **query).json()["data"]
        return [each["organisation"] for each in rows]

    assert find() == ["acme.example", "shop.example"]
    assert find(organisation="Shop.example") == ["shop.example"]
    assert find(brand="acme") == ["acme.example"]
    assert find(brand="acme", organisation="shop.example") == find(brand="none") == []


def test_senders_of_others_are_not_listed(as_ana: Api, ana: Consumer) -> None:
    create_sender(open_account("ben@example.org"), "shop.example", last=NEWEST)
    assert as_ana.get("me/senders").json() == {"data": [], "next_cursor": None}


def test_senders_are_not_for_brands(as_acme: Api, ana: Consumer) -> None:
    create_sender(ana, "acme.example")
    assert as_acme.get("me/senders").status_code == 401
