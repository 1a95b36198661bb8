"""The person's app."""

from django.apps import AppConfig


class CmrConfig(AppConfig):
    name = "cmr"

    def ready(self) -> None:
        from cmr import (  # noqa: F401  # they listen from here on
            account_signals,
            freshness,
            second_factors,
            sessions,
            verification,
        )
