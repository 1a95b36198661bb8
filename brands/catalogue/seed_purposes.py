"""Seed data: the purposes of every installation, and their regimes where laws differ."""

from __future__ import annotations

from typing import Any

import pgtrigger
from django.apps import AppConfig

from brands.models import Channel, JurisdictionRegime, Purpose, Regime
from brands.models.catalogue import KEEPS_ROW
from core import db
from core.db import Plan

DPV = "https://w3id.org/dpv#"

# Code, name, description, regime, DPV term, whether it has channels. Where laws differ, the regime
# is the strictest one, which protects people everywhere: no until a yes.
PURPOSES = [
    ("marketing", "Marketing", "Offers and news.", Regime.OPT_IN, f"{DPV}DirectMarketing", True),
    (
        "service",
        "Service",
        "Messages about what you ordered or use, and what the law requires.",
        Regime.REQUIRED,
        f"{DPV}CommunicationForCustomerCare",
        True,
    ),
    (
        "research",
        "Research",
        "Surveys and market research.",
        Regime.OPT_IN,
        f"{DPV}CommercialResearch",
        True,
    ),
    (
        "personalised_ads",
        "Personalised ads",
        "Advertising chosen by what is known of you.",
        Regime.OPT_IN,
        f"{DPV}PersonalisedAdvertising",
        False,
    ),
    (
        "profiling",
        "Profiling",
        "Conclusions drawn about you from your data.",
        Regime.OPT_IN,
        f"{DPV}Profiling",
        False,
    ),
    (
        "sale_or_sharing",
        "Sale or sharing",
        "Selling your data, or giving it to others.",
        Regime.OPT_IN,
        f"{DPV}SellDataToThirdParties",
        False,
    ),
    (
        "ai_training",
        "AI training",
        "Training machine-learning models on your data.",
        Regime.OPT_IN,
        "https://w3id.org/dpv/ai#ModelTraining",
        False,
    ),
]


# Jurisdiction, purpose, channel (None is any), regime, law. A row is needed only where a law is
# less strict than the purpose's own regime. These are engineering anchors, not legal advice. In the
# United States the TCPA requires consent for calls and texts, so `sms` and `voice` have no rows.
REGIMES: list[tuple[str, str, Channel | None, Regime, str]] = [
    ("US", "marketing", Channel.EMAIL, Regime.OPT_OUT, "CAN-SPAM Act, 15 U.S.C. § 7704"),
    ("US", "marketing", Channel.POST, Regime.OPT_OUT, "none: no law of the US wants a yes first"),
    ("DE", "marketing", Channel.POST, Regime.OPT_OUT, "§ 7(1) UWG; Art. 6(1)(f), 21(2) GDPR"),
    ("GB", "marketing", Channel.POST, Regime.OPT_OUT, "Art. 6(1)(f), 21(2) UK GDPR"),
]
#: The right to opt out of sales, targeted advertising and profiling.
PRIVACY_ACTS = {
    "US-CA": "CCPA, Cal. Civ. Code § 1798.120",
    "US-CO": "Colorado Privacy Act",
    "US-CT": "Connecticut Data Privacy Act",
    "US-OR": "Oregon Consumer Privacy Act",
    "US-TX": "Texas Data Privacy and Security Act",
    "US-VA": "Virginia Consumer Data Protection Act",
}
REGIMES += [
    (jurisdiction, purpose, None, Regime.OPT_OUT, law)
    for jurisdiction, law in PRIVACY_ACTS.items()
    for purpose in ("sale_or_sharing", "personalised_ads", "profiling")
]


def install_purposes(sender: AppConfig, *, plan: Plan | None = None, **kwargs: Any) -> None:
    """Add missing purposes. Add the regimes if the tables are new. Runs after each `migrate`."""
    _install_purposes()
    if db.are_seed_rows_due(sender.label, plan):
        # The trigger would record that there was no row before. There is no past to record here.
        with pgtrigger.ignore(f"brands.JurisdictionRegime:{KEEPS_ROW.name}"):
            _install_regimes()


def _install_regimes() -> None:
    JurisdictionRegime.objects.bulk_create(
        [
            JurisdictionRegime(
                jurisdiction=jurisdiction,
                purpose_id=purpose,
                channel=channel,
                regime=regime,
                law=law,
            )
            for jurisdiction, purpose, channel, regime, law in REGIMES
        ],
        ignore_conflicts=True,
    )


def _install_purposes() -> None:
    """Add the missing purposes. Purposes that an admin changed stay as they are."""
    Purpose.objects.bulk_create(
        [
            Purpose(
                code=code,
                name=name,
                description=description,
                regime=regime,
                dpv=dpv,
                has_channels=has_channels,
                position=position,
            )
            for position, (code, name, description, regime, dpv, has_channels) in enumerate(
                PURPOSES
            )
        ],
        ignore_conflicts=True,
    )
