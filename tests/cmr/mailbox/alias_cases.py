"""Made-up uses of aliases, each with the answer to whether somebody passed the address on.

They are drawn from a seed. What a person gave to several companies is no trail, also where it looks
like one: some of their words are in no list of general words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random

from cmr.mailbox.address_trails import Usage
from cmr.mailbox.related_organisations import SeenSender

PROVED = ["ana.lind@gmail.com", "me@lind-home.org"]
START = datetime(2023, 1, 1, 8, tzinfo=UTC)
SYLLABLES = "ba be da do fa fi ga go ha ka ki la lo ma mi na no pa pi ra ro sa so ta to va vi za"
ENDINGS = ("com", "de", "net", "co.uk", "shop", "fr", "io")
#: What people call the aliases that they give to many companies.
OF_MANY = (
    "shop shopping newsletter news spam games travel books kids club wine bikes hobby music deals "
    "forum old public lists balcony knitting photo cooking flat"
).split()
PROVIDERS = ("sendgrid.net", "amazonses.com", "mcsv.net", "gmail.com", "substack.com")


@dataclass
class Case:
    """The uses of one alias. *owner* is empty if nobody passed it on."""

    kind: str
    usages: Sequence[Usage]
    owner: str = ""
    senders: Sequence[SeenSender] = ()
    brands: dict[str, list[int]] = field(default_factory=dict)


class Inventor:
    """Invents organisations and uses of aliases from a seed."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.known: set[str] = set()

    def label(self) -> str:
        """Return a new label. All are of one length, so that none is a part of another."""
        while True:
            made = "".join(self.random.choices(SYLLABLES.split(), k=3))
            if made not in self.known:
                self.known.add(made)
                return made

    def organisation(self) -> str:
        return f"{self.label()}.{self.random.choice(ENDINGS)}"

    def alias(self, tag: str) -> str:
        return self.random.choice((f"ana.lind+{tag}@gmail.com", f"{tag}@lind-home.org"))

    def opaque(self) -> str:
        return "".join(
            self.random.choices("bcdfghjkmnpqrstvwxz23456789", k=self.random.randint(6, 9))
        )

    def day(self, low: int, high: int) -> timedelta:
        return timedelta(days=self.random.randint(low, high), minutes=self.random.randint(0, 600))

    def use(self, address: str, organisation: str, first_at: datetime, mails: int = 0) -> Usage:
        number = mails or self.random.randint(1, 40)
        last_at = first_at + timedelta(days=7 * (number - 1))
        return Usage(address, organisation, number, first_at, last_at)

    def later(self, address: str, after: datetime, number: int) -> list[Usage]:
        """Return the uses of others, of whom the first begins *after* that moment."""
        begin = [after, *(after + self.day(0, 300) for _ in range(number - 1))]
        return [self.use(address, self.organisation(), each) for each in begin]


def build_cases(seed: int, each: int) -> Iterator[Case]:
    """Return *each* cases of every kind."""
    inventor = Inventor(seed)
    for build in (*TRAILS, *NO_TRAILS):
        for _ in range(each):
            yield build(inventor)


# -- Trails --------------------------------------------------------------------------------------


def _passed_on(kind: str, inventor: Inventor, tag: str, owner: str, alone: timedelta) -> Case:
    address, first = inventor.alias(tag), START + inventor.day(0, 200)
    mails = inventor.random.randint(3, 40)
    used = [inventor.use(address, owner, first, mails)]
    others = inventor.later(address, first + alone, inventor.random.choice((1, 1, 1, 2, 3)))
    return Case(kind, [*others, *used], owner)


def named(inventor: Inventor) -> Case:
    owner = inventor.organisation()
    tag = owner.partition(".")[0]
    return _passed_on("named", inventor, tag, owner, inventor.day(1, 500))


def named_loosely(inventor: Inventor) -> Case:
    owner = inventor.organisation()
    label = owner.partition(".")[0]
    tag = inventor.random.choice((f"{label}2023", f"{label}-shop", f"news.{label}", f"my{label}"))
    return _passed_on("named loosely", inventor, tag, owner, inventor.day(1, 500))


def opaque_alone_for_long(inventor: Inventor) -> Case:
    owner = inventor.organisation()
    return _passed_on("opaque", inventor, inventor.opaque(), owner, inventor.day(61, 500))


def opaque_alone_for_days(inventor: Inventor) -> Case:
    owner = inventor.organisation()
    return _passed_on("opaque, early", inventor, inventor.opaque(), owner, inventor.day(1, 58))


# -- No trails -----------------------------------------------------------------------------------


def _together(kind: str, inventor: Inventor, owner: str, other: str) -> Case:
    label = owner.partition(".")[0]
    tag = inventor.random.choice((label, inventor.opaque()))
    address, first = inventor.alias(tag), START + inventor.day(0, 200)
    later = first + inventor.day(70, 400)
    return Case(
        kind, [inventor.use(address, owner, first, 12), inventor.use(address, other, later)]
    )


def other_ending(inventor: Inventor) -> Case:
    label = inventor.label()
    one, other = inventor.random.sample(ENDINGS, 2)
    return _together("other ending", inventor, f"{label}.{one}", f"{label}.{other}")


def part_of_the_name(inventor: Inventor) -> Case:
    label = inventor.label()
    form = inventor.random.choice(
        ("{}-mail.com", "{}mail.net", "news-{}.com", "my{}.de", "e-{}.io")
    )
    return _together("part of the name", inventor, f"{label}.com", form.format(label))


def mail_provider(inventor: Inventor) -> Case:
    provider = inventor.random.choice(PROVIDERS)
    return _together("mail provider", inventor, inventor.organisation(), provider)


def _with_senders(case: Case, parts: Callable[[str], tuple[str, str]]) -> Case:
    case.senders = [
        SeenSender(each.organisation, *parts(each.organisation)) for each in case.usages
    ]
    return case


def same_list_host(inventor: Inventor) -> Case:
    owner, other = inventor.organisation(), inventor.organisation()
    case = _together("same list host", inventor, owner, other)
    return _with_senders(case, lambda name: (f"news.{owner}", name))


def same_name(inventor: Inventor) -> Case:
    case = _together("same name", inventor, inventor.organisation(), inventor.organisation())
    name = inventor.label().title()
    return _with_senders(case, lambda each: ("", f"{name} GmbH" if each < "m" else name))


def same_brand(inventor: Inventor) -> Case:
    owner, other = inventor.organisation(), inventor.organisation()
    case = _together("same brand", inventor, owner, other)
    case.brands = {owner: [7], other: [3, 7]}
    return case


def given_to_many(inventor: Inventor) -> Case:
    """An alias for a subject: the person gives it to some companies in the course of years."""
    address = inventor.alias(inventor.random.choice(OF_MANY))
    at, used = START, []
    for _ in range(inventor.random.randint(2, 12)):
        at += timedelta(days=inventor.random.expovariate(1 / 60))
        used.append(inventor.use(address, inventor.organisation(), at))
    return Case("given to many", used)


def usual_address(inventor: Inventor) -> Case:
    address = inventor.random.choice((*PROVED, "ana.lind@lind-home.org", "ana.lind@outlook.com"))
    first = START + inventor.day(0, 100)
    used = [inventor.use(address, inventor.organisation(), first, 20)]
    later = inventor.later(address, first + inventor.day(61, 200), inventor.random.randint(1, 3))
    return Case("usual address", [*used, *later])


def one_user(inventor: Inventor) -> Case:
    owner = inventor.organisation()
    address = inventor.alias(inventor.opaque())
    return Case("one user", [inventor.use(address, owner, START + inventor.day(0, 200))])


def named_after_the_second(inventor: Inventor) -> Case:
    """The mails of the one that was given the alias begin later, because older ones are gone."""
    given = inventor.organisation()
    address = inventor.alias(given.partition(".")[0])
    first = START + inventor.day(0, 100)
    others = [inventor.use(address, inventor.organisation(), first, 9)]
    used = inventor.use(address, given, first + inventor.day(61, 200))
    return Case("named after the second", [used, *others])


def too_few_mails(inventor: Inventor) -> Case:
    address, first = inventor.alias(inventor.opaque()), START + inventor.day(0, 100)
    used = inventor.use(address, inventor.organisation(), first, inventor.random.randint(1, 2))
    later = inventor.later(address, first + inventor.day(61, 200), 2)
    return Case("too few mails", [used, *later])


TRAILS = (named, named_loosely, opaque_alone_for_long, opaque_alone_for_days)
NO_TRAILS = (
    other_ending,
    part_of_the_name,
    mail_provider,
    same_list_host,
    same_name,
    same_brand,
    given_to_many,
    given_to_many,
    usual_address,
    one_user,
    named_after_the_second,
    too_few_mails,
)
