"""Brands that belong to a sender's domain."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from urllib.parse import urlsplit

from django.db.models import QuerySet

from brands.models import Brand
from cmr.models import BrandMatch, Consumer, Sender
from mailbox_reader import MailProviders, find_organisational_domain


def find_brands_by_domain(
    organisations: Collection[str], providers: MailProviders
) -> Mapping[str, Sequence[int]]:
    """Return the ids of the live brands of each domain. A domain without a brand is left out.

    A brand's domains are those of its web site and of its address for privacy requests. Domains of
    mail providers say nothing. One domain may belong to many companies.
    """
    if not organisations:
        return {}
    found: defaultdict[str, list[int]] = defaultdict(list)
    brands = Brand.objects.live().order_by("pk").values_list("pk", "website", "privacy_email")
    for brand_id, website, privacy_email in brands.iterator():
        for domain in set(_list_domains(website, privacy_email)):
            if domain in organisations and providers.is_own(domain):
                found[domain].append(brand_id)
    return found


def list_matching_brands(organisation: str, providers: MailProviders) -> list[Brand]:
    """Return the live brands of a domain, by name."""
    found = find_brands_by_domain([organisation], providers).get(organisation, ())
    return list(Brand.objects.filter(pk__in=found).order_by("name", "pk"))


def link_to_brand(consumer: Consumer, organisation: str, brand: Brand) -> None:
    """Link an organisation to the brand that the person chose. Groups are no company's."""
    _companies(consumer, organisation).update(brand=brand, match=BrandMatch.PERSON)


def refuse_brands(consumer: Consumer, organisation: str) -> None:
    """Link an organisation to no brand, because the person said that it is none of them."""
    _companies(consumer, organisation).update(brand=None, match=BrandMatch.REFUSED)


def _companies(consumer: Consumer, organisation: str) -> QuerySet[Sender]:
    return Sender.objects.filter(consumer=consumer, organisation=organisation, is_group=False)


def _list_domains(website: str, privacy_email: str) -> Iterator[str]:
    hosts = (_read_host(website), privacy_email.rpartition("@")[2])
    yield from filter(None, map(find_organisational_domain, hosts))


def _read_host(website: str) -> str:
    try:
        return urlsplit(website if "//" in website else f"//{website}").hostname or ""
    except ValueError:
        return ""
