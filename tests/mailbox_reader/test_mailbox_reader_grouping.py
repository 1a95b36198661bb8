"""Made-up mail is grouped as its makers know: see `grouping_figures`."""

from __future__ import annotations

import pytest

from devstack.demo.mailbox import Provider, Variant
from tests.mailbox_reader.grouping_figures import VARIANTS, Figures, measure_provider

ENOUGH = 0.98
#: What cannot be known from the headers of one mail, with the recall that is left.
HARD = {"List-Id of each campaign", "second domain, half signed"}


@pytest.mark.parametrize("provider", Provider)
@pytest.mark.parametrize("name", sorted(VARIANTS.keys() - HARD))
def test_mail_of_each_provider_is_grouped(provider: Provider, name: str) -> None:
    figures = measure_provider(provider, VARIANTS[name])
    assert figures.precision >= ENOUGH and figures.recall >= ENOUGH
    assert (figures.missed, figures.wrong) == (0, 0)


@pytest.mark.parametrize("name", sorted(HARD))
def test_hard_mail_is_split_but_never_mixed(name: str) -> None:
    figures = measure_provider(Provider.MAILCHIMP, VARIANTS[name])
    assert figures.precision >= ENOUGH
    assert 0.05 < figures.recall < ENOUGH


def test_several_lists_without_list_id_are_one() -> None:
    figures = measure_provider(Provider.SES, Variant(), has_all_lists=True)
    assert figures.recall >= ENOUGH and figures.precision < ENOUGH


def test_figures_of_pairs() -> None:
    figures = Figures(both=3, shown=4, true=6, missed=1, wrong=0)
    assert (figures.precision, figures.recall) == (0.75, 0.5)
    assert figures + figures == Figures(6, 8, 12, 2, 0)
