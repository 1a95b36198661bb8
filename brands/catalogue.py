"""The purposes that every installation starts with, as data."""

from typing import Any

from django.apps import AppConfig

from brands.models import Purpose, Regime

DPV = "https://w3id.org/dpv#"

# Code, name, description, regime, DPV term, whether it has channels. Where laws differ the regime
# is the one that protects the person in all of them: no until a yes.
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


def install(sender: AppConfig, **kwargs: Any) -> None:
    """Add the purposes that are missing; what an admin changed stays. Runs after each migrate."""
    for position, (code, name, description, regime, dpv, has_channels) in enumerate(PURPOSES):
        Purpose.objects.get_or_create(
            code=code,
            defaults={
                "name": name,
                "description": description,
                "regime": regime,
                "dpv": dpv,
                "has_channels": has_channels,
                "position": position,
            },
        )
