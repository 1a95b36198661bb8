"""What one mail says about its sender: organisation, list, route, group, receipts, recipients."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from mailbox_reader import (
    DEFAULT_PROVIDERS,
    BulkMail,
    MailProviders,
    Route,
    describe_mail,
    is_bulk,
    read_headers,
)
from mailbox_reader.mails import is_link_of, read_signature, read_unsubscribe_links

PROVIDERS = MailProviders.from_lists(DEFAULT_PROVIDERS)
NOW = datetime(2026, 12, 1, tzinfo=UTC)
SIGNED = "v=1; a=rsa-sha256; d={domain}; s=s1; bh=x; b=y; h=From:List-Unsubscribe:{more}"
COVERED = "List-Unsubscribe-Post"
ONE_CLICK = "List-Unsubscribe=One-Click"


def sign(domain: str, more: str = COVERED) -> str:
    return SIGNED.format(domain=domain, more=more)


def describe(**headers: str | list[str]) -> BulkMail:
    """Return what a mail says that is a newsletter of shop.example, but for *headers*."""
    usual: dict[str, str | list[str]] = {
        "From": "Shop <hello@shop.example>",
        "To": "ana@example.org",
        "List_Id": "<news.shop.example>",
    }
    found = find(**(usual | headers))
    assert found is not None
    return found


def find(**headers: str | list[str]) -> BulkMail | None:
    values = [
        f"{name.replace('_', '-')}: {value}"
        for name, given in headers.items()
        for value in ([given] if isinstance(given, str) else given)
    ]
    return describe_mail(read_headers("\r\n".join(values).encode()), PROVIDERS, now=NOW)


# -- Bulk mail -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ("List-Id: <a.b>", True),
        ("List-Unsubscribe: <https://a.b>", True),
        ("Feedback-ID: 1:2:3:esp", True),
        ("Precedence: Bulk", True),
        ("Auto-Submitted: auto-generated", True),
        ("Precedence: first-class", False),
        ("Auto-Submitted: auto-replied", False),
        ("From: ana@example.org", False),
        ("List-Id: <a.b>\nX-Gmail-Labels: Inbox,Sent", False),
        ("List-Id: <a.b>\nX-Gmail-Labels: Inbox,Sent offers", True),
        ("From: MAILER-DAEMON@a.example\nPrecedence: bulk", False),
        ("", False),
    ],
)
def test_is_bulk(headers: str, expected: bool) -> None:
    assert is_bulk(read_headers(headers.encode())) is expected


# -- Organisation --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "signers", "organisation"),
    [
        ("hello@shop.example", [], "shop.example"),
        ("hello@mail.shop.co.uk", ["shop.co.uk"], "shop.co.uk"),
        ("hello@shop.example", ["sendgrid.net"], "shop.example"),
        ("hello@shop.example", ["sendgrid.net", "em.shop.example"], "shop.example"),
        ("hello@shop-mail.example", ["shop.example"], "shop.example"),
        ("hello@shop-mail.example", ["shop.example", "shop-mail.example"], "shop-mail.example"),
        ("hello@gmail.com", ["gmail.com"], "gmail.com"),
        ("hello@gmail.com", ["mcsv.net"], "gmail.com"),
        ("hello@shop.example", ["localhost", ""], "shop.example"),
    ],
)
def test_organisation_is_who_signed(address: str, signers: list[str], organisation: str) -> None:
    found = describe(From=address, DKIM_Signature=[sign(each) for each in signers])
    assert found.organisation == organisation


def test_mail_without_a_domain_names_no_sender() -> None:
    assert find(From="root@localhost", Precedence="bulk") is None
    assert find(From="nobody", List_Id="<a.b>") is None
    assert find() is None


def test_author_of_sender_if_from_has_none() -> None:
    found = describe(From="undisclosed", Sender="Shop <a@shop.example>")
    assert (found.organisation, found.name) == ("shop.example", "Shop")


def test_name_is_never_an_address() -> None:
    assert describe(From='"ana@example.org" <hello@shop.example>').name == "shop.example"


def test_person_at_a_mailbox_provider_is_a_list_of_its_own() -> None:
    found = find(From="Club <Club@gmail.com>", List_Unsubscribe="<mailto:club@gmail.com>")
    assert found and (found.organisation, found.list_id) == ("gmail.com", "club@gmail.com")


def test_list_without_id_is_known_by_its_unsubscribe_address() -> None:
    found = find(
        From="Shop <hello@shop.example>",
        List_Unsubscribe="<mailto:leave-deals-2534369U@m.esp.example>",
    )
    assert found and (found.organisation, found.list_id) == ("shop.example", "deals.esp.example")


# -- Groups and forwarders -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "organisation", "list_id"),
    [
        ({"List_Post": "<mailto:talk@lists.club.example>"}, "shop.example", "news.shop.example"),
        (
            {"List_Id": "", "List_Post": "<mailto:talk@lists.club.example>"},
            "club.example",
            "talk.club.example",
        ),
        ({"List_Id": "Talk <talk.googlegroups.com>"}, "googlegroups.com", "talk.googlegroups.com"),
        ({"X_Original_From": "Ben <ben@b.example>"}, "shop.example", "news.shop.example"),
        (
            {"List_Id": "", "List_Unsubscribe": "<mailto:talk-unsubscribe@yahoogroups.com>"},
            "yahoogroups.com",
            "talk.yahoogroups.com",
        ),
        (
            {"List_Id": "", "Sender": "owner-talk@lists.club.example", "Precedence": "bulk"},
            "club.example",
            "talk.club.example",
        ),
        ({"List_Id": "<talk.club.example>"}, "club.example", "talk.club.example"),
        (
            {"Delivered_To": "ana@shop.example", "To": "all@shop.example"},
            "shop.example",
            "news.shop.example",
        ),
    ],
)
def test_group_belongs_to_who_runs_it(
    headers: dict[str, str], organisation: str, list_id: str
) -> None:
    found = describe(
        **({"From": "Ben Brown <ben@shop.example>", "List_Unsubscribe_Post": ONE_CLICK} | headers)
    )
    assert found.is_group and not found.is_transactional
    assert (found.organisation, found.list_id) == (organisation, list_id)
    assert "Ben" not in found.name
    assert found.route is not Route.ONE_CLICK


@pytest.mark.parametrize(
    "headers",
    [
        {"To": "hello@shop.example"},
        {"To": "readers@shop.example", "Delivered_To": "ana@example.org"},
        {"List_Post": "NO (posting not allowed on this list)"},
        {"List_Id": "<x.list-id.mcsv.net>", "DKIM_Signature": sign("mcsv.net")},
        {"From": "a@gmail.com", "To": "b@gmail.com", "DKIM_Signature": sign("gmail.com")},
    ],
)
def test_newsletter_is_no_group(headers: dict[str, str]) -> None:
    assert not describe(**headers).is_group


# -- Recipients ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "recipients"),
    [
        ({"To": "Ana <Ana+Shop@Example.org>"}, ("ana+shop@example.org",)),
        ({"To": "a@example.org, b@example.org"}, ()),
        ({"To": "readers@shop.example", "Delivered_To": "ana@example.org"}, ("ana@example.org",)),
        ({"To": "hello@shop.example"}, ()),
        (
            {"To": "shop@ana.example", "Delivered_To": ["ana@example.org", "shop@ana.example"]},
            ("ana@example.org", "shop@ana.example"),
        ),
        ({"To": "", "Delivered_To": "mailing list talk@club.example"}, ()),
        ({"To": "undisclosed-recipients:;"}, ()),
    ],
)
def test_recipients_are_the_persons_own(
    headers: dict[str, str | list[str]], recipients: tuple[str, ...]
) -> None:
    assert describe(**headers).recipients == recipients


# -- How to unsubscribe --------------------------------------------------------------------------

HTTPS, MAILTO = "<https://shop.example/u?a=1>", "<mailto:u@shop.example?subject=stop>"


@pytest.mark.parametrize(
    ("unsubscribe", "post", "signature", "route"),
    [
        (f"{MAILTO}, {HTTPS}", ONE_CLICK, sign("shop.example"), Route.ONE_CLICK),
        ("<https://u.sendgrid.net/a>", ONE_CLICK, sign("shop.example"), Route.ONE_CLICK),
        (HTTPS, ONE_CLICK, sign("shop.example", "Subject"), Route.WEB),
        (HTTPS, ONE_CLICK, "", Route.WEB),
        (HTTPS, "", sign("shop.example"), Route.WEB),
        (HTTPS, "nonsense", sign("shop.example"), Route.WEB),
        ("<https://victim.example/u>", ONE_CLICK, sign("shop.example"), Route.WEB),
        ("<http://shop.example/u>", ONE_CLICK, sign("shop.example"), Route.WEB),
        (f"{MAILTO}, {HTTPS}", ONE_CLICK, "", Route.MAILTO),
        ("https://shop.example/u", "", "", Route.WEB),
        ("unsubscribe me", "", "", Route.NONE),
        ("", "", "", Route.NONE),
    ],
)
def test_route(unsubscribe: str, post: str, signature: str, route: Route) -> None:
    found = describe(
        List_Unsubscribe=unsubscribe, List_Unsubscribe_Post=post, DKIM_Signature=signature
    )
    assert found.route is route


def test_links_others_cannot_be_followed() -> None:
    assert read_unsubscribe_links("<javascript:alert(1)>, <HTTPS://a.b/>") == ["HTTPS://a.b/"]
    assert read_unsubscribe_links("<" * 8_000) == []


@pytest.mark.parametrize("link", ["https://[::1", "https://", "https://shop.example.evil.example"])
def test_is_link_of_strange_link_is_nobodys(link: str) -> None:
    assert not is_link_of(link, {"shop.example", ""}, PROVIDERS)


def test_read_signature_of_a_folded_header() -> None:
    found = read_signature("v=1; b=AbC d=; d = Shop.Example ; t=1; h=From : List-Id:to; x=9")
    assert found.domain == "shop.example"
    assert found.covers == {"from", "list-id", "to"}


# -- Receipts ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"From": "Shop <orders@shop.example>", "List_Id": "<1.shop.example>"}, True),
        ({"From": "Shop <no-reply@shop.example>"}, False),
        ({"From": "Shop <no-reply@shop.example>", "List_Id": "<receipts.shop.example>"}, True),
        ({"List_Id": "<1.shop.example>", "Feedback_ID": "7:receipt:shop:esp"}, True),
        ({"From": "Shop <orders@shop.example>", "List_Id": "<newsletter.shop.example>"}, False),
        ({"From": "Shop Security Team <hello@shop.example>"}, False),
        ({"From": "Konto-Sicherheit <a@shop.example>", "List_Id": "", "Feedback_ID": "1"}, True),
        ({"List_Id": "", "Auto_Submitted": "auto-generated", "Precedence": "bulk"}, True),
        ({"List_Id": "", "Feedback_ID": "1:2:3:esp"}, True),
    ],
)
def test_is_transactional(headers: dict[str, str], expected: bool) -> None:
    assert describe(**headers).is_transactional is expected


# -- The rest ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("labels", "expected"),
    [("Spam,Unread", True), ('"Junk"', True), ("Inbox", False), ("Spammy", False), ("", False)],
)
def test_is_junk_by_its_label(labels: str, expected: bool) -> None:
    assert describe(X_Gmail_Labels=labels).is_junk is expected


def test_time_and_id_of_a_mail() -> None:
    found = describe(Message_ID="<1@shop.example>", Date="Mon, 1 Jan 2024 10:00:00 +0000")
    assert found.message_id == "<1@shop.example>"
    assert found.sent_at == datetime(2024, 1, 1, 10, tzinfo=UTC)
    assert describe(Date="tomorrow").sent_at is None
