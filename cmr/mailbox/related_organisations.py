"""Which organisations belong together, as far as their domains, names and lists show."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Self

from mailbox_reader import MailProviders, find_organisational_domain

#: Letters from which on a name that is contained in another one counts, without a hyphen.
LONG_ENOUGH = 4
NOT_OF_A_WORD = re.compile(r"[\W_]+")
#: Words that are in the names of many companies, and so say nothing of one.
LEGAL_FORMS = frozenset(
    "ag bv co com company corp de eg gmbh group inc international kg llc ltd mbh na online "
    "plc sa sarl se shop srl store team the und and uk us eu".split()
)


@dataclass(frozen=True, slots=True)
class SeenSender:
    """What is known of one sender of an organisation."""

    organisation: str
    list_id: str
    name: str
    brand_id: int | None = None


@dataclass(frozen=True)
class RelatedOrganisations:
    """What each organisation is known by: its names, its brands, and the hosts of its lists."""

    marks: Mapping[str, frozenset[str]]

    @classmethod
    def from_senders(
        cls,
        senders: Iterable[SeenSender],
        providers: MailProviders,
        *,
        brands: Mapping[str, Iterable[int]] | None = None,
    ) -> Self:
        """Return what *senders* show. *brands* are the brands of each domain."""
        marks: defaultdict[str, set[str]] = defaultdict(set)
        for sender in senders:
            own = marks[sender.organisation]
            host = find_organisational_domain(sender.list_id.rpartition("@")[2])
            own.update({f"list {host}"} if providers.is_own(host) else ())
            own.update({f"name {words}"} if (words := simplify_name(sender.name)) else ())
            own.update({f"brand {sender.brand_id}"} if sender.brand_id else ())
        for organisation, ids in (brands or {}).items():
            marks[organisation].update(f"brand {each}" for each in ids)
        return cls({each: frozenset(found) for each, found in marks.items()})

    def are_related(self, one: str, other: str) -> bool:
        """Return whether the two may be one company, or companies of one group.

        Examples: acme.com and acme.de, acme.com and acme-mail.com; two that share a brand, a name
        or the host of a list.
        """
        if one == other or are_names_alike(find_label(one), find_label(other)):
            return True
        own = self.marks.get(one, frozenset()) | {f"list {one}"}
        others = self.marks.get(other, frozenset()) | {f"list {other}"}
        return bool(own & others) or any(
            is_named_by(name.removeprefix("name "), organisation)
            for names, organisation in ((own, other), (others, one))
            for name in names
            if name.startswith("name ")
        )

    def find_groups(self, organisations: Iterable[str]) -> list[set[str]]:
        """Return *organisations* in groups of related ones."""
        groups = [{each} for each in dict.fromkeys(organisations)]
        for one, other in combinations([next(iter(each)) for each in groups], 2):
            first = next(each for each in groups if one in each)
            second = next(each for each in groups if other in each)
            if first is not second and self.are_related(one, other):
                first |= second
                groups.remove(second)
        return groups


def find_label(organisation: str) -> str:
    """Return the label that names the organisation: `acme` of acme.co.uk."""
    return organisation.partition(".")[0]


def simplify_name(name: str) -> str:
    """Return the letters and digits of a name without legal forms: `acmeoutdoor`."""
    words = NOT_OF_A_WORD.sub(" ", name.casefold()).split()
    return "".join(word for word in words if word not in LEGAL_FORMS)


def are_names_alike(one: str, other: str) -> bool:
    """Return whether one label is the other one, is a part of it, or has it between hyphens."""
    parts, others = set(one.split("-")), set(other.split("-"))
    if (len(parts) == 1 and parts <= others) or (len(others) == 1 and others <= parts):
        return True
    joined = sorted([one.replace("-", ""), other.replace("-", "")], key=len)
    return joined[0] == joined[1] or (len(joined[0]) >= LONG_ENOUGH and joined[0] in joined[1])


def is_named_by(words: str, organisation: str) -> bool:
    """Return whether a name in one word is that of the organisation's domain: `acme`, acme.com."""
    return len(words) >= LONG_ENOUGH and words == find_label(organisation).replace("-", "")
