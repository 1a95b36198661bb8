"""How well mails are grouped into senders, on made-up mail whose senders are known.

`python -m tests.mailbox_reader.grouping_figures` prints the table of docs/mailbox.md. Figures are
of pairs: two mails that are shown as one sender and are of one (precision), and two mails of one
sender that are shown as one (recall).
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from devstack.demo.mailbox import (
    MadeMail,
    MadeMailbox,
    Provider,
    Variant,
    invent_companies,
    make_mailbox,
)
from mailbox_reader import (
    DEFAULT_PROVIDERS,
    MailProviders,
    SenderKey,
    describe_mail,
    is_bulk,
    read_headers,
)

PROVIDERS = MailProviders.from_lists(DEFAULT_PROVIDERS)
NOW = datetime(2026, 12, 1, tzinfo=UTC)
COMPANIES, MAILS = 40, 2_000
USUAL = "as it is"
VARIANTS = {
    USUAL: Variant(),
    "From changes with each mail": Variant(has_varying_from=True),
    "List-Id of each campaign": Variant(has_campaign_ids=True),
    "only the provider signs": Variant(has_foreign_signature=True),
    "second domain in From": Variant(has_second_domain=True),
    "second domain, half signed": Variant(has_second_domain=True, has_missing_signatures=True),
}
SEVERAL_LISTS = "three lists each"


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts of pairs of mails, and of mails that are found to be bulk mail or not."""

    both: int
    shown: int
    true: int
    missed: int
    wrong: int

    @property
    def precision(self) -> float:
        """Return the share of pairs shown as one sender that are of one."""
        return self.both / self.shown if self.shown else 1.0

    @property
    def recall(self) -> float:
        """Return the share of pairs of one sender that are shown as one."""
        return self.both / self.true if self.true else 1.0

    def __add__(self, other: Figures) -> Figures:
        """Return the figures of both together."""
        return Figures(
            self.both + other.both,
            self.shown + other.shown,
            self.true + other.true,
            self.missed + other.missed,
            self.wrong + other.wrong,
        )


class TrueSender(NamedTuple):
    """The sender that a mail really has."""

    company: str
    list: str
    is_transactional: bool


def find_sender(mail: MadeMail) -> SenderKey | None:
    """Return the sender as the reader finds it; None for a mail that does not count."""
    signatures = [
        f"DKIM-Signature: v=1; d={each.domain}; s={each.selector}; "
        "h=From:List-Unsubscribe:List-Unsubscribe-Post"
        for each in mail.signers
    ]
    fields = [f"{name}: {value}" for name, value in mail.fields]
    headers = read_headers("\r\n".join([*signatures, *fields]).encode())
    found = describe_mail(headers, PROVIDERS, now=NOW) if is_bulk(headers) else None
    return SenderKey(found.organisation, found.list_id, found.is_transactional) if found else None


def measure(box: MadeMailbox) -> Figures:
    """Return how well the mails of a mailbox are grouped."""
    pairs: Counter[tuple[TrueSender, SenderKey]] = Counter()
    missed = wrong = 0
    for mail in box.mails:
        truth = TrueSender(mail.truth.company, mail.truth.list, mail.truth.is_transactional)
        found = find_sender(mail)
        missed += found is None and truth.company != ""
        wrong += found is not None and truth.company == ""
        if found is not None and truth.company:
            pairs[truth, found] += 1
    shown: Counter[SenderKey] = Counter()
    true: Counter[TrueSender] = Counter()
    for (truth, found), count in pairs.items():
        shown[found] += count
        true[truth] += count
    both, all_shown, all_true = (
        sum(count * (count - 1) // 2 for count in each.values()) for each in (pairs, shown, true)
    )
    return Figures(both, all_shown, all_true, missed, wrong)


def measure_provider(
    provider: Provider, variant: Variant, *, has_all_lists: bool = False
) -> Figures:
    """Return the figures of companies that all send through one provider."""
    companies = invent_companies(
        random.Random(25), count=COMPANIES, providers=[provider], has_all_lists=has_all_lists
    )
    return measure(make_mailbox(now=NOW, mails=MAILS, companies=companies, variant=variant))


def list_rows() -> Iterator[tuple[str, list[Figures]]]:
    """Yield each variant with the figures of each provider."""
    for name, variant in VARIANTS.items():
        yield name, [measure_provider(provider, variant) for provider in Provider]
    everywhere = [measure_provider(each, Variant(), has_all_lists=True) for each in Provider]
    yield SEVERAL_LISTS, everywhere


def main() -> None:
    """Print the figures as a table of Markdown."""
    print("| Mail |", " | ".join(Provider), "|")
    print("|---" * (len(Provider) + 1) + "|")
    for name, figures in list_rows():
        cells = [f"{each.precision:.3f} / {each.recall:.3f}" for each in figures]
        print(f"| {name} |", " | ".join(cells), "|")


if __name__ == "__main__":
    main()
