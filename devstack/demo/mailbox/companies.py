"""Invented companies, what they write, and through whom.

Their domains are below `.example`, which nobody can own (RFC 2606). The first ones are the brands
of the demo, so a person finds companies that are connected.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

BRANDS = {
    "acme": "Acme Outdoor",
    "rival": "Rival Sports",
    "lumen-energy": "Lumen Energy",
    "nordwind-air": "Nordwind Air",
    "hearth-bank": "Hearth Bank",
    "paper-lantern": "Paper Lantern Books",
    "greenfork": "Greenfork Meals",
    "velo-city": "Velo City",
    "clearline": "Clearline Mobile",
    "harbour-health": "Harbour Health Insurance",
    "tidy-home": "Tidy Home",
    "stargaze-tv": "Stargaze TV",
}
OTHERS = (
    *("Quillhaven Stationery", "Bramblewick Toys", "Fernhaus Möbel", "Tidewater Tea"),
    *("Mooskind Outdoor", "Orrery Watches", "Saltbox Bakery", "Larkmere Hotels"),
    *("Pebblecroft Shoes", "Nachtzug Reisen", "Foxglove Garden", "Copperkettle Coffee"),
    *("Winterbourne Coats", "Zimtstern Versand", "Tallowgate Candles", "Glasshouse Plants"),
    *("Rookery Records", "Umbermill Paints", "Halmstad Küchen", "Driftmark Surf"),
    *("Peregrine Parcels", "Kestrelbank", "Ivybridge Insurance", "Moonwharf Games"),
    *("Sägewerk Nord", "Thistledown Bedding", "Alderway Trains", "Brightpenny Savings"),
    *("Cloudberry Cosmetics", "Dovetail Furniture", "Elderflower Kitchen", "Flintlock Tools"),
    *("Gullwing Ferries", "Hazelnook Baby", "Inkpot Courses", "Juniperhof Wein"),
    *("Knotwork Yarns", "Lamplight Cinema", "Millrace Cycling", "Nettlecombe Pharmacy"),
    *("Opaline Optics", "Puddlejump Kids", "Quarrystone Gym", "Ravenscar Brewery"),
    *("Silverbirch Saunas", "Tinderbox Stoves", "Velvetmoor Music", "Wattlebee Honey"),
)
LISTS = (
    ("news", "News"),
    ("offers", "Offers"),
    ("magazine", "Magazine"),
    ("club", "Club"),
    ("weekly", "Weekly"),
    ("stories", "Stories"),
    ("updates", "Updates"),
)
RECEIPTS = ("orders", "receipts", "billing", "account", "booking")
MOST_LISTS = 3
#: Companies of ten that send receipts, too.
WITH_RECEIPTS = 6


class Provider(StrEnum):
    """Through whom a company sends: each has headers of its own kind."""

    OWN = "own"
    SENDGRID = "sendgrid"
    MAILCHIMP = "mailchimp"
    SES = "ses"
    SALESFORCE = "salesforce"
    KLAVIYO = "klaviyo"


#: Mails through these carry no List-Id.
WITHOUT_LIST_ID = {Provider.SENDGRID, Provider.SES}


@dataclass(frozen=True, slots=True)
class MailingList:
    """A newsletter of a company."""

    code: str
    name: str
    #: How the provider numbers the list.
    number: int


@dataclass(frozen=True, slots=True)
class Company:
    """A company, and all that it sends from."""

    slug: str
    name: str
    provider: Provider
    lists: tuple[MailingList, ...]
    #: The name in the address that sends receipts; empty if it sends none.
    receipts: str
    #: How the provider numbers the company.
    number: int

    @property
    def domain(self) -> str:
        """Return the company's domain."""
        return f"{self.slug}.example"


def invent_companies(
    chance: random.Random,
    *,
    count: int = 60,
    providers: Sequence[Provider] = tuple(Provider),
    has_all_lists: bool = False,
) -> list[Company]:
    """Return *count* companies. Each provider has as many of them as every other.

    With *has_all_lists*, also companies have several lists whose mails show no list.
    """
    named = [*BRANDS.items(), *((build_slug(name), name) for name in OTHERS)]
    return [
        _invent_company(
            slug, name, providers[number % len(providers)], chance, has_all_lists=has_all_lists
        )
        for number, (slug, name) in enumerate(named[:count])
    ]


def build_slug(name: str) -> str:
    """Return the part of a domain that a company of this name has."""
    plain = name.lower().replace("ö", "oe").replace("ü", "ue").replace("ä", "ae")
    return "-".join(plain.split())


def _invent_company(
    slug: str, name: str, provider: Provider, chance: random.Random, *, has_all_lists: bool
) -> Company:
    most = 1 if provider in WITHOUT_LIST_ID else MOST_LISTS
    lists = chance.sample(LISTS, MOST_LISTS if has_all_lists else chance.randint(1, most))
    return Company(
        slug=slug,
        name=name,
        provider=provider,
        lists=tuple(
            MailingList(code, f"{name} {title}", chance.randint(1_000_000, 9_999_999))
            for code, title in lists
        ),
        receipts=chance.choice(RECEIPTS) if chance.randrange(10) < WITH_RECEIPTS else "",
        number=chance.randint(100_000, 999_999),
    )
