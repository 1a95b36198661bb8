"""The organisation behind a domain, and domains that name none."""

from __future__ import annotations

import pytest

from mailbox_reader import (
    DEFAULT_PROVIDERS,
    MailProviders,
    ProviderKind,
    find_organisational_domain,
)

PROVIDERS = MailProviders.from_lists(DEFAULT_PROVIDERS)


@pytest.mark.parametrize(
    ("domain", "found"),
    [
        ("mail.shop.co.uk", "shop.co.uk"),
        ("SHOP.example.", "shop.example"),
        ("_dmarc.shop.example", "shop.example"),
        ("news.müller.de", "xn--mller-kva.de"),
        ("co.uk", ""),
        ("localhost", ""),
        ("192.0.2.1", ""),
        ("a..b.example", ""),
        ("-", ""),
        ("", ""),
        ("a" * 70 + ".ü." + "b" * 300, ""),
        (("a." * 2_000) + "example", ""),
    ],
)
def test_find_organisational_domain(domain: str, found: str) -> None:
    assert find_organisational_domain(domain) == found


@pytest.mark.parametrize(
    ("domain", "kind"),
    [
        ("u7.ct.sendgrid.net", ProviderKind.SENDING),
        ("eu-west-1.AMAZONSES.com", ProviderKind.SENDING),
        ("gmail.com", ProviderKind.MAILBOX),
        ("googlegroups.com", ProviderKind.GROUP),
        ("notsendgrid.net", None),
        ("shop.example", None),
        ("", None),
    ],
)
def test_find_kind_of_provider(domain: str, kind: ProviderKind | None) -> None:
    assert PROVIDERS.find_kind(domain) is kind
    assert PROVIDERS.is_own(domain) is (kind is None and domain != "")


def test_default_providers_are_domains_of_one_kind() -> None:
    domains = [domain for domains in DEFAULT_PROVIDERS.values() for domain in domains]
    assert len(domains) == len(set(domains)) > 150
    assert [domain for domain in domains if not find_organisational_domain(domain)] == []
